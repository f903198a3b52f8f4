#include "os/log_file.h"

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

namespace sma {
namespace {

struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "log-file-XXXXXX").string();
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

constexpr TimePoint kNow{Seconds(1000)};

TEST_CASE("lines are appended to the file, in order") {
  const Folder folder;
  LogFile file(folder.path / "logs", "agent");
  REQUIRE_FALSE(file.fault());
  CHECK(file.write("one\ntwo\n", kNow) == 8);
  CHECK(file.write("three\n", kNow) == 6);
  CHECK(content(folder.path / "logs/agent.log") == "one\ntwo\nthree\n");
}

TEST_CASE("a log file of 10 MB makes room for a new one, and five old ones are kept") {
  const Folder folder;
  LogFile file(folder.path, "agent");
  const std::string line = std::string(100'000, 'x') + "\n";
  for (int i = 0; i < 8 * 105; ++i) CHECK(file.write(line, kNow) == line.size());
  CHECK(std::filesystem::exists(folder.path / "agent.log"));
  std::size_t old_files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path / "archive")) {
    ++old_files;
    CHECK(entry.file_size() >= (std::size_t{10} << 20));
    CHECK(entry.file_size() < (std::size_t{10} << 20) + 200'000);
    CHECK(content(entry.path()).back() == '\n');
  }
  CHECK(old_files == 5);
}

TEST_CASE("a folder that cannot be written is reported") {
  const Folder folder;
  std::ofstream(folder.path / "logs") << "a file in place of the folder";
  const LogFile file(folder.path / "logs", "agent");
  REQUIRE(file.fault());
  CHECK(file.fault()->message.find("logs/agent.log") != std::string::npos);
}

TEST_CASE("whether a log file can be written is found out without making it") {
  const Folder folder;
  const std::string logs = folder.path / "logs";
  CHECK(check_log_file(logs, "agent").ok());
  CHECK_FALSE(std::filesystem::exists(logs));
  const LogFile file(logs, "agent");
  CHECK(check_log_file(logs, "agent").ok());
  std::filesystem::create_symlink("agent.log", folder.path / "logs/link.log");
  CHECK(check_log_file(logs, "link").fault().message ==
        "cannot write " + logs + "/link.log: Too many levels of symbolic links");
  CHECK(check_log_file(folder.path / "none/logs", "agent").fault().message.ends_with("No such file or directory"));
  CHECK(check_log_file(folder.path / "logs/agent.log", "agent").fault().message.ends_with("Not a directory"));
}

TEST_CASE("a log file that was moved away or removed is begun again") {
  const Folder folder;
  LogFile file(folder.path / "logs", "agent");
  TimePoint now = kNow;
  const auto write = [&](const char* line) {
    now += Seconds(1);
    CHECK(file.write(line, now) > 0);
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

TEST_CASE("log files are for the agent's user and group, and so are their folders") {
  const Folder folder;
  const mode_t before = umask(0);
  LogFile file(folder.path / "logs", "agent");
  for (int i = 0; i < 12; ++i) CHECK(file.write(std::string(1'000'000, 'x') + "\n", kNow) > 0);
  umask(before);
  const auto mode = [&](const char* name) {
    return static_cast<unsigned>(std::filesystem::status(folder.path / name).permissions());
  };
  CHECK(mode("logs") == 0750);
  CHECK(mode("logs/archive") == 0750);
  CHECK(mode("logs/agent.log") == 0640);
  CHECK(mode("logs/archive/agent_0.log") == 0640);
}

TEST_CASE("a folder in which the agent may not write any more is a fault, once each time") {
  const Folder folder;
  const std::filesystem::path logs = folder.path / "logs";
  LogFile file(logs, "agent");
  TimePoint now = kNow;
  const auto replace_by_a_file = [&] {
    std::filesystem::remove_all(logs);
    std::ofstream(logs) << "a file in place of the folder";
  };
  for (int time = 0; time < 2; ++time) {
    replace_by_a_file();
    for (int i = 0; i < 3; ++i) CHECK(file.write("lost\n", now += Seconds(1)) == 5);
    const auto fault = file.take_fault();
    REQUIRE(fault);
    CHECK(fault->message.find("logs/agent.log") != std::string::npos);
    file.write("lost\n", now += Seconds(1));
    CHECK_FALSE(file.take_fault());
    std::filesystem::remove(logs);
    CHECK(file.write("found\n", now += Seconds(1)) == 6);
    CHECK_FALSE(file.fault());
    CHECK(content(logs / "agent.log") == "found\n");
  }
}

TEST_CASE("a FIFO in the place of the log file never blocks") {
  const Folder folder;
  const std::string path = folder.path / "agent.log";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const LogFile without_reader(folder.path, "agent");
  CHECK(without_reader.fault());

  const FileDescriptor reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  LogFile file(folder.path, "agent");
  REQUIRE_FALSE(file.fault());
  const std::string line = std::string(1023, 'x') + "\n";
  int lines = 0;
  while (lines < 1000 && file.write(line, kNow) == line.size()) ++lines;
  CHECK(lines > 0);
  CHECK(lines < 1000);
  std::array<char, 1024> first{};
  CHECK(read(reader.get(), first.data(), first.size()) == 1024);
}

TEST_CASE("a FIFO's next reader gets what could not be written while there was none") {
  const Folder folder;
  ::signal(SIGPIPE, SIG_IGN);
  const std::string path = folder.path / "agent.log";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  FileDescriptor reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  LogFile file(folder.path, "agent");
  reader.close();
  CHECK(file.write("meanwhile\n", kNow) == 0);
  reader = FileDescriptor(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  CHECK(file.write("meanwhile\n", kNow) == 10);
}

TEST_CASE("a limit of file sizes makes files shorter, and stops nothing") {
  const Folder folder;
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  LogFile file(folder.path, "agent");
  const rlimit low{100'000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &low);
  const std::string line = std::string(999, 'x') + "\n";
  for (int i = 0; i < 150; ++i) CHECK(file.write(line, kNow) == line.size());
  const rlimit none{0, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &none);
  CHECK(file.write("held\n", kNow) == 0);
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(std::filesystem::file_size(folder.path / "archive/agent_1.log") == 100'000);
  CHECK(std::filesystem::file_size(folder.path / "archive/agent_0.log") == 50'000);
  CHECK(file.write("held\n", kNow) == 5);
  CHECK(content(folder.path / "agent.log") == "held\n");
}

}  // namespace
}  // namespace sma
