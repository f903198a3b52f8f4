#include "os/file_watcher.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace sma;
namespace fs = std::filesystem;

namespace {

struct WatchFixture : FileListener {
  WatchFixture() {
    std::string name = (fs::temp_directory_path() / "file-watcher-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~WatchFixture() { fs::remove_all(folder); }
  void on_file_changed() override { ++changes; }

  void write(const fs::path& path, const std::string& text) const { std::ofstream(path) << text; }
  /// inotify reports before the call that made the change returns.
  int changes_seen() {
    const int before = changes;
    loop.turn(Milliseconds(0));
    return changes - before;
  }

  bool ensure(FileWatcher& watcher) {
    Task<bool> ensuring = watcher.ensure();
    ensuring.start(loop);
    while (!ensuring.done()) loop.turn(Milliseconds(0));
    return ensuring.take();
  }

  SystemClocks clocks;
  EventLoop loop{clocks};
  SystemFiles files;
  fs::path folder;
  int changes = 0;
};

}  // namespace

TEST_CASE("a file that is written, replaced or removed is noticed") {
  WatchFixture fixture;
  const fs::path file = fixture.folder / "credentials";
  fixture.write(file, "one");
  FileWatcher watcher(fixture.loop, file, fixture.files, fixture);
  fixture.ensure(watcher);
  CHECK(fixture.changes_seen() == 0);
  fixture.write(file, "two");
  CHECK(fixture.changes_seen() > 0);
  fixture.write(fixture.folder / "new", "three");
  CHECK(fixture.changes_seen() > 0);
  fs::rename(fixture.folder / "new", file);
  CHECK(fixture.changes_seen() > 0);
  fs::permissions(file, fs::perms::owner_read);
  CHECK(fixture.changes_seen() > 0);
  fs::remove(file);
  CHECK(fixture.changes_seen() > 0);
}

TEST_CASE("the link that Kubernetes switches beside a file is noticed") {
  WatchFixture fixture;
  fs::create_directories(fixture.folder / "..1");
  fs::create_directories(fixture.folder / "..2");
  fixture.write(fixture.folder / "..1/credentials", "one");
  fixture.write(fixture.folder / "..2/credentials", "two");
  fs::create_symlink("..1", fixture.folder / "..data");
  fs::create_symlink("..data/credentials", fixture.folder / "credentials");
  FileWatcher watcher(fixture.loop, fixture.folder / "credentials", fixture.files, fixture);
  fixture.ensure(watcher);
  fs::create_symlink("..2", fixture.folder / "..data_tmp");
  CHECK(fixture.changes_seen() > 0);
  fs::rename(fixture.folder / "..data_tmp", fixture.folder / "..data");
  CHECK(fixture.changes_seen() > 0);
}

TEST_CASE("a folder that comes later, or is replaced, is watched from then on") {
  WatchFixture fixture;
  const fs::path folder = fixture.folder / "much/later";
  FileWatcher watcher(fixture.loop, folder / "credentials", fixture.files, fixture);
  fixture.ensure(watcher);
  CHECK_FALSE(fixture.ensure(watcher));
  fs::create_directory(fixture.folder / "much");
  CHECK(fixture.changes_seen() > 0);
  CHECK_FALSE(fixture.ensure(watcher));
  for (int i = 0; i < 2; ++i) {
    fs::create_directory(folder);
    CHECK(fixture.changes_seen() > 0);
    CHECK(fixture.ensure(watcher));
    fixture.write(folder / "credentials", "one");
    CHECK(fixture.changes_seen() > 0);
    fs::rename(folder, fixture.folder / ("gone" + std::to_string(i)));
    CHECK(fixture.changes_seen() > 0);
    CHECK_FALSE(fixture.ensure(watcher));
  }
}

TEST_CASE("folders that are made at once, and moved into place, are followed to the last") {
  WatchFixture fixture;
  FileWatcher watcher(fixture.loop, fixture.folder / "a/b/credentials", fixture.files, fixture);
  fixture.ensure(watcher);
  fs::create_directories(fixture.folder / "new/b");
  fixture.write(fixture.folder / "new/b/credentials", "one");
  fs::rename(fixture.folder / "new", fixture.folder / "a");
  CHECK(fixture.changes_seen() > 0);
  CHECK(fixture.ensure(watcher));
  fixture.write(fixture.folder / "a/b/credentials", "two");
  CHECK(fixture.changes_seen() > 0);
}

TEST_CASE("a folder that is a link is watched at its new place after `ensure`") {
  WatchFixture fixture;
  fs::create_directories(fixture.folder / "1");
  fs::create_directories(fixture.folder / "2");
  fs::create_symlink("1", fixture.folder / "current");
  FileWatcher watcher(fixture.loop, fixture.folder / "current/credentials", fixture.files, fixture);
  fixture.ensure(watcher);
  fs::create_symlink("2", fixture.folder / "next");
  fs::rename(fixture.folder / "next", fixture.folder / "current");
  CHECK(fixture.ensure(watcher));
  fixture.changes_seen();
  fixture.write(fixture.folder / "1/credentials", "old");
  CHECK(fixture.changes_seen() == 0);
  fixture.write(fixture.folder / "2/credentials", "new");
  CHECK(fixture.changes_seen() > 0);
}

TEST_CASE("a file without a folder in its name is one of the working folder") {
  WatchFixture fixture;
  FileWatcher watcher(fixture.loop, "credentials", fixture.files, fixture);
  fixture.ensure(watcher);
  CHECK(fixture.ensure(watcher));
}
