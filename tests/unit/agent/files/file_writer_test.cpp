#include "agent/files/file_writer.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/unit/base/equal_bytes.h"
#include "tests/unit/base/temp_folder.h"

namespace sma {
namespace {

struct Fixture {
  Result<FileChange> write(std::string_view content) { return write_file(target, content, random); }
  [[nodiscard]] std::string there() const {
    std::ifstream file(target.path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] struct stat status() const {
    struct stat status {};
    REQUIRE(lstat(target.path.c_str(), &status) == 0);
    return status;
  }
  [[nodiscard]] std::ptrdiff_t names() const {
    return std::distance(std::filesystem::directory_iterator(folder.path), {});
  }

  TempFolder folder;
  EqualBytes random{1};
  FileTarget target{.path = folder / "file"};
};

TEST_CASE("a file appears with its bytes and its mode, whatever the umask is, and nothing else does") {
  Fixture fixture;
  fixture.target.mode = 0666 & ~0002U;
  const std::string content("\0\xff\n", 3);
  CHECK(*fixture.write(content) == FileChange::replaced);
  CHECK(fixture.there() == content);
  CHECK((fixture.status().st_mode & 07777U) == 0664);
  CHECK(fixture.names() == 1);
}

TEST_CASE("a file with the same bytes and mode is not touched, and any other is replaced") {
  Fixture fixture;
  CHECK(*fixture.write("value") == FileChange::replaced);
  const ino_t node = fixture.status().st_ino;
  CHECK(*fixture.write("value") == FileChange::none);
  CHECK(fixture.status().st_ino == node);
  CHECK(*fixture.write("other") == FileChange::replaced);
  CHECK(*fixture.write("others") == FileChange::replaced);
  CHECK(*fixture.write("") == FileChange::replaced);
  CHECK(*fixture.write("") == FileChange::none);
  fixture.target.mode = 0400;
  CHECK(*fixture.write("") == FileChange::replaced);
  CHECK((fixture.status().st_mode & 07777U) == 0400);
}

TEST_CASE("a link at the path is replaced, and what it leads to is not written") {
  Fixture fixture;
  std::ofstream(fixture.folder / "elsewhere") << "kept";
  REQUIRE(symlink((fixture.folder / "elsewhere").c_str(), fixture.target.path.c_str()) == 0);
  CHECK(*fixture.write("kept") == FileChange::replaced);
  CHECK(S_ISREG(fixture.status().st_mode));
}

TEST_CASE("what cannot be put in place is removed, with the reason") {
  Fixture fixture;
  std::filesystem::create_directories(fixture.folder.path / "file" / "full");
  const auto written = fixture.write("value");
  REQUIRE_FALSE(written.ok());
  CHECK(written.fault().message.starts_with("cannot write " + fixture.target.path + ": "));
  CHECK(fixture.names() == 1);
}

TEST_CASE("a temporary name that is taken is not written over") {
  Fixture fixture;
  std::ofstream(fixture.folder / ".secrets-manager-agent-0101010101010101") << "another's";
  CHECK_FALSE(fixture.write("value").ok());
  CHECK(fixture.names() == 1);
}

TEST_CASE("of a folder that was removed the reason is told, and of one that was made again if it cannot be written") {
  Fixture fixture;
  fixture.target.path = fixture.folder / "gone/file";
  const auto gone = fixture.write("value");
  REQUIRE_FALSE(gone.ok());
  CHECK(gone.fault().message.find("gone/ does not exist") != std::string::npos);
}

TEST_CASE("a file gets its group") {
  if (geteuid() != 0) return;
  Fixture fixture;
  fixture.target.group = 4321;
  CHECK(*fixture.write("value") == FileChange::replaced);
  CHECK(fixture.status().st_gid == 4321);
  CHECK(*fixture.write("value") == FileChange::none);
  fixture.target.group = 4322;
  CHECK(*fixture.write("value") == FileChange::replaced);
  CHECK(fixture.status().st_gid == 4322);
}

}  // namespace
}  // namespace sma
