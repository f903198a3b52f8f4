#include "base/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"

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

/// A FIFO, and a thread that writes the parts into it, each after the one before was read.
struct Fifo {
  Fifo(const FilesFixture& fixture, std::vector<std::string> parts) : path(fixture.folder / "fifo") {
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    writer = std::thread([name = path, parts = std::move(parts)] {
      const FileDescriptor end(open(name.c_str(), O_WRONLY | O_CLOEXEC));
      for (const std::string& part : parts) {
        if (write(end.get(), part.data(), part.size()) < 0) return;
        int left = 1;
        while (left > 0 && ioctl(end.get(), FIONREAD, &left) == 0) std::this_thread::yield();
      }
    });
  }
  ~Fifo() {
    // If the test failed before it opened the FIFO, the writer still waits for a reader.
    const FileDescriptor reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    writer.join();
  }
  std::string path;
  std::thread writer;
};

TEST_CASE("a pipe is read to its end, however late and slowly it is written") {
  const FilesFixture fixture;
  const Fifo fifo(fixture, {"one ", "two ", "three"});
  const auto text = SystemFiles(Seconds(60)).read(fifo.path);
  REQUIRE(text.ok());
  CHECK(text->view() == "one two three");
}

TEST_CASE("a pipe that ends without a byte is empty, and one whose writer has not come is a fault") {
  const FilesFixture fixture;
  const std::string path = fixture.folder / "nobody";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const SystemFiles files(Milliseconds(1));
  const auto nothing_yet = files.read(path);
  REQUIRE_FALSE(nothing_yet.ok());
  CHECK(nothing_yet.fault().message.find(path) != std::string::npos);
  {
    const FileDescriptor idle(open(path.c_str(), O_RDWR | O_CLOEXEC));
    CHECK_FALSE(files.read(path).ok());
    REQUIRE(write(idle.get(), "half", 4) == 4);
    CHECK_FALSE(files.read(path).ok());
  }
  const Fifo empty(fixture, {});
  const auto end = SystemFiles(Seconds(60)).read(empty.path);
  REQUIRE(end.ok());
  CHECK(end->size() == 0);
}

TEST_CASE("a pipe that was inherited is read by its number, also after its writer ended") {
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  REQUIRE(write(writing.get(), "text", 4) == 4);
  writing.close();
  const auto text = SystemFiles(Seconds(60)).read("/dev/fd/" + std::to_string(reading.get()));
  REQUIRE(text.ok());
  CHECK(text->view() == "text");

  const FilesFixture fixture;
  const std::string path = fixture.folder / "fifo";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const FileDescriptor fifo(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  std::ofstream(path) << "named";
  const auto named = SystemFiles(Milliseconds(0)).read("/dev/fd/" + std::to_string(fifo.get()));
  REQUIRE(named.ok());
  CHECK(named->view() == "named");
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
