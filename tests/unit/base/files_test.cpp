#include "base/files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace sma {
namespace {

struct FilesFixture {
  FilesFixture() {
    std::string name = std::filesystem::temp_directory_path() / "sma-files-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
    file = folder / "file";
    std::ofstream(file) << "content";
  }
  ~FilesFixture() { std::filesystem::remove_all(folder); }

  std::filesystem::path folder;
  std::filesystem::path file;
  SystemFiles files;
};

TEST_CASE("a file is read whole, up to the limit") {
  const FilesFixture fixture;
  const auto text = fixture.files.read(fixture.file);
  REQUIRE(text.ok());
  CHECK(text->view() == "content");
  CHECK(fixture.files.read(fixture.file, 7).ok());
  CHECK_FALSE(fixture.files.read(fixture.file, 6).ok());
  CHECK_FALSE(fixture.files.read("/dev/zero", 100).ok());
}

TEST_CASE("what cannot be read is a fault that names the path") {
  const FilesFixture fixture;
  for (const std::string& path : {fixture.folder.string(), fixture.folder.string() + "/none"}) {
    CAPTURE(path);
    const auto text = fixture.files.read(path);
    REQUIRE_FALSE(text.ok());
    CHECK(text.fault().message.find(path) != std::string::npos);
  }
}

TEST_CASE("files and folders are distinguished, and a file's facts change with it") {
  const FilesFixture fixture;
  CHECK(fixture.files.exists(fixture.file));
  CHECK_FALSE(fixture.files.is_folder(fixture.file));
  CHECK(fixture.files.is_folder(fixture.folder));
  CHECK_FALSE(fixture.files.exists(fixture.folder / "none"));
  CHECK_FALSE(fixture.files.facts(fixture.folder / "none"));
  REQUIRE(chmod(fixture.file.c_str(), 0640) == 0);
  const auto before = fixture.files.facts(fixture.file);
  REQUIRE(before);
  CHECK(before->permissions == 0640);
  CHECK(before->size == 7);
  std::ofstream(fixture.file, std::ios::app) << "more";
  CHECK(fixture.files.facts(fixture.file) != before);
}

}  // namespace
}  // namespace sma
