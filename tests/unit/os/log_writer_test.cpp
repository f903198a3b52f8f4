#include "os/log_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "os/event_loop.h"
#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "log-writer-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

std::string content(const std::filesystem::path& path) {
  const std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_CASE("lines are written once a turn, in order") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  const Folder folder;
  LogWriter writer(loop, folder.path / "logs", "agent");
  REQUIRE_FALSE(writer.fault());
  writer.write("one\n");
  writer.write("two\n");
  CHECK(content(folder.path / "logs/agent.log").empty());
  writer.run();
  CHECK(content(folder.path / "logs/agent.log") == "one\ntwo\n");
}

TEST_CASE("a log file of 10 MB makes room for a new one, and four old ones are kept") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  const Folder folder;
  LogWriter writer(loop, folder.path, "agent");
  const std::string line = std::string(100'000, 'x') + "\n";
  for (int i = 0; i < 7 * 105; ++i) {
    writer.write(line);
    writer.run();
  }
  CHECK(std::filesystem::exists(folder.path / "agent.log"));
  std::size_t old_files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path / "archive")) {
    ++old_files;
    CHECK(entry.file_size() >= (std::size_t{10} << 20));
    CHECK(entry.file_size() < (std::size_t{10} << 20) + 200'000);
    CHECK(content(entry.path()).back() == '\n');
  }
  CHECK(old_files == 4);
}

TEST_CASE("a folder that cannot be written is reported, and lines go elsewhere") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  const Folder folder;
  std::ofstream(folder.path / "logs") << "a file in place of the folder";
  const LogWriter writer(loop, folder.path / "logs", "agent");
  REQUIRE(writer.fault());
  CHECK(writer.fault()->message.find("logs/agent.log") != std::string::npos);
}

TEST_CASE("a pipe that nobody reads never blocks; what does not fit is counted in one line once it is read") {
  ManualClocks clocks;
  EventLoop loop(clocks);
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const FileDescriptor reader(ends[0]);
  const FileDescriptor pipe_end(ends[1]);
  LogWriter writer(loop, pipe_end.get());
  const std::string line = std::string(1023, 'x') + "\n";
  for (int i = 0; i < 1000; ++i) {
    writer.write(line);
    writer.run();
  }
  std::string read_back;
  fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  for (int turn = 0; turn < 200; ++turn) {
    std::array<char, 65536> bytes{};
    for (ssize_t got; (got = read(reader.get(), bytes.data(), bytes.size())) > 0;)
      read_back.append(bytes.data(), static_cast<std::size_t>(got));
    clocks.advance(Seconds(1));
    loop.turn(Milliseconds(0));
    loop.turn(Milliseconds(0));
    if (turn == 100) writer.write("last\n");
    writer.run();
  }
  CHECK(read_back.find("WARN log lines dropped count=") != std::string::npos);
  CHECK(read_back.substr(read_back.size() - 5) == "last\n");
  CHECK(read_back.size() < 600'000);
}

TEST_CASE("a reader that went away stops nothing") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  ::signal(SIGPIPE, SIG_IGN);
  close(ends[0]);
  const FileDescriptor pipe_end(ends[1]);
  LogWriter writer(loop, pipe_end.get());
  writer.write("line\n");
  writer.run();
  writer.write("line\n");
  writer.run();
  CHECK_FALSE(writer.fault());
}

TEST_CASE("lines that were dropped are counted even if no further line comes") {
  ManualClocks clocks;
  EventLoop loop(clocks);
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const FileDescriptor reader(ends[0]);
  const FileDescriptor pipe_end(ends[1]);
  fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  LogWriter writer(loop, pipe_end.get());
  for (int i = 0; i < 1000; ++i) writer.write(std::string(1023, 'x') + "\n");
  std::string read_back;
  for (int turn = 0; turn < 20; ++turn) {
    writer.flush();
    std::array<char, 65536> bytes{};
    for (ssize_t got; (got = read(reader.get(), bytes.data(), bytes.size())) > 0;)
      read_back.append(bytes.data(), static_cast<std::size_t>(got));
  }
  CHECK(read_back.find("log lines dropped count=744\n") != std::string::npos);
}

TEST_CASE("a log file that was moved away or removed is begun again") {
  ManualClocks clocks;
  EventLoop loop(clocks);
  const Folder folder;
  LogWriter writer(loop, folder.path / "logs", "agent");
  const auto write = [&](const char* line) {
    clocks.advance(Seconds(1));
    loop.turn(Milliseconds(0));
    writer.write(line);
    writer.run();
  };
  write("one\n");
  std::filesystem::rename(folder.path / "logs/agent.log", folder.path / "logs/agent.log.1");
  write("two\n");
  CHECK(content(folder.path / "logs/agent.log.1") == "one\n");
  CHECK(content(folder.path / "logs/agent.log") == "two\n");
  std::filesystem::remove_all(folder.path / "logs");
  write("three\n");
  CHECK(content(folder.path / "logs/agent.log") == "three\n");
}

TEST_CASE("a FIFO in the place of the log file never blocks") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  const Folder folder;
  const std::string path = folder.path / "agent.log";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const LogWriter without_reader(loop, folder.path, "agent");
  CHECK(without_reader.fault());

  const FileDescriptor reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  LogWriter writer(loop, folder.path, "agent");
  REQUIRE_FALSE(writer.fault());
  for (int i = 0; i < 1000; ++i) {
    writer.write(std::string(1023, 'x') + "\n");
    writer.run();
  }
  std::array<char, 1024> line{};
  CHECK(read(reader.get(), line.data(), line.size()) == 1024);
}

TEST_CASE("a FIFO's next reader gets what was written while there was none") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  const Folder folder;
  ::signal(SIGPIPE, SIG_IGN);
  const std::string path = folder.path / "agent.log";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  FileDescriptor reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  LogWriter writer(loop, folder.path, "agent");
  reader.close();
  writer.write("meanwhile\n");
  writer.run();
  reader = FileDescriptor(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  writer.flush();
  std::array<char, 64> line{};
  REQUIRE(read(reader.get(), line.data(), line.size()) == 10);
  CHECK(std::string(line.data(), 10) == "meanwhile\n");
}

TEST_CASE("a limit of file sizes makes files shorter, and stops nothing") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  const Folder folder;
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  LogWriter writer(loop, folder.path, "agent");
  const rlimit low{100'000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &low);
  for (int i = 0; i < 150; ++i) {
    writer.write(std::string(999, 'x') + "\n");
    writer.run();
  }
  const rlimit none{0, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &none);
  writer.write("held\n");
  writer.run();
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(std::filesystem::file_size(folder.path / "archive/agent_1.log") == 100'000);
  CHECK(std::filesystem::file_size(folder.path / "archive/agent_0.log") == 50'000);
  writer.flush();
  CHECK(content(folder.path / "agent.log") == "held\n");
}

TEST_CASE("a reader that is slow gets every line before the end") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  FileDescriptor pipe_end(ends[1]);
  LogWriter writer(loop, pipe_end.get());
  for (int i = 0; i < 200; ++i) writer.write(std::string(1023, 'x') + "\n");
  std::size_t received = 0;
  std::thread reader([&, descriptor = ends[0]] {
    std::array<char, 1000> bytes{};
    for (ssize_t got; (got = read(descriptor, bytes.data(), bytes.size())) > 0;)
      received += static_cast<std::size_t>(got);
    close(descriptor);
  });
  writer.flush_at_end();
  pipe_end = FileDescriptor();
  reader.join();
  CHECK(received == 200 * 1024);
}

}  // namespace
}  // namespace sma
