#include "os/file_follower.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/base/temp_folder.h"
#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

/// A file in a folder of its own. A link to another folder hides changes from the kernel's watch.
struct Fixture : FileListener {
  Fixture() {
    std::filesystem::create_directories(folder.path / "real");
    std::filesystem::create_symlink("real/file", folder.path / "link");
  }
  void on_file_changed() override { ++told; }
  void write(const std::string& text) const {
    std::ofstream(folder.path / "real/new") << text;
    std::filesystem::rename(folder.path / "real/new", folder.path / "real/file");
  }
  int told_meanwhile() {
    const int before = told;
    for (int i = 0; i < 20; ++i) loop.turn(Milliseconds(0));
    return told - before;
  }

  const TempFolder folder;
  ManualClocks clocks;
  EventLoop loop{clocks};
  SystemFiles files;
  int told = 0;
};

TEST_CASE_FIXTURE(Fixture, "a file is told of once at the beginning, also if there is none, and then when it changes") {
  const FileFollower follower(loop, folder.path / "real/file", files, *this);
  CHECK(told == 0);
  CHECK(told_meanwhile() == 1);
  CHECK(told_meanwhile() == 0);
  write("one");
  CHECK(told_meanwhile() > 0);
  write("more");
  CHECK(told_meanwhile() > 0);
}

TEST_CASE_FIXTURE(Fixture, "a change of another file in the folder is not told") {
  const FileFollower follower(loop, folder.path / "real/file", files, *this);
  told_meanwhile();
  std::ofstream(folder.path / "real/other") << "text";
  CHECK(told_meanwhile() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a change that the kernel does not report is found after a minute") {
  // Long after the changes: two within one tick of the file system's clock would look alike.
  clocks.set_wall(WallTime(Seconds(4'102'444'800)));
  write("one");
  const FileFollower follower(loop, folder.path / "link", files, *this);
  told_meanwhile();
  write("more");
  CHECK(told_meanwhile() == 0);
  clocks.advance(Seconds(60));
  CHECK(told_meanwhile() == 1);
  clocks.advance(Seconds(60));
  CHECK(told_meanwhile() == 0);
}

}  // namespace
}  // namespace sma
