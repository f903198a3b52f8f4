#include "os/output_descriptor.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

namespace sma {
namespace {

constexpr TimePoint kNow{Seconds(1000)};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    reading = FileDescriptor(ends[0]);
    writing = FileDescriptor(ends[1]);
  }
  FileDescriptor reading;
  FileDescriptor writing;
};

struct Terminal {
  Terminal() : master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(master.valid());
    REQUIRE(grantpt(master.get()) == 0);
    REQUIRE(unlockpt(master.get()) == 0);
    slave = FileDescriptor(open(ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(slave.valid());
  }
  FileDescriptor master;
  FileDescriptor slave;
};

/// Writes until nothing more is taken; fails if that never happens.
std::size_t fill(OutputDescriptor& output) {
  const std::string line = std::string(1023, 'x') + "\n";
  std::size_t taken = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::size_t done = output.write(line, kNow);
    taken += done;
    if (done < line.size()) return taken;
  }
  FAIL("it took everything");
  return 0;
}

bool blocks(int descriptor) { return (fcntl(descriptor, F_GETFL) & O_NONBLOCK) == 0; }

TEST_CASE("a pipe that nobody reads takes what fits, and keeps the flags that others share") {
  const Pipe pipe;
  OutputDescriptor output(pipe.writing.get());
  REQUIRE_FALSE(output.may_block());
  CHECK(fill(output) >= 65536 - 1024);
  CHECK(blocks(pipe.writing.get()));
}

TEST_CASE("a terminal that nobody reads takes what fits, and keeps the flags that others share") {
  const Terminal terminal;
  OutputDescriptor output(terminal.slave.get());
  REQUIRE_FALSE(output.may_block());
  CHECK(fill(output) > 0);
  CHECK(blocks(terminal.slave.get()));
}

TEST_CASE("the other side of a pseudo-terminal is not opened again, which would make a new one") {
  const Terminal terminal;
  CHECK(OutputDescriptor(terminal.master.get()).may_block());
}

TEST_CASE("a socket whose reader stopped takes what fits") {
  for (const int kind : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    CAPTURE(kind);
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const FileDescriptor reader(ends[0]);
    const FileDescriptor writer(ends[1]);
    OutputDescriptor output(writer.get());
    REQUIRE_FALSE(output.may_block());
    CHECK(fill(output) > 0);
    CHECK(blocks(writer.get()));
  }
}

TEST_CASE("what else there is may block") {
  for (const char* path : {"/dev/full", "/dev/null", "/proc/self/exe"}) {
    CAPTURE(path);
    const FileDescriptor other(open(path, (path[1] == 'd' ? O_WRONLY : O_RDONLY) | O_CLOEXEC));
    CHECK(OutputDescriptor(other.get()).may_block());
  }
}

TEST_CASE("a regular file keeps the offset that it shares with other processes") {
  std::string path = "/tmp/output-XXXXXX";
  const FileDescriptor file(mkostemp(path.data(), O_CLOEXEC));
  REQUIRE(file.valid());
  unlink(path.c_str());
  REQUIRE(write(file.get(), "before\n", 7) == 7);
  OutputDescriptor output(file.get());
  CHECK(output.may_block());
  CHECK(output.write("line\n", kNow) == 5);
  CHECK(lseek(file.get(), 0, SEEK_CUR) == 12);
}

TEST_CASE("a device that is full takes nothing, and the lines are kept for another try") {
  const FileDescriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  CHECK(OutputDescriptor(full.get()).write("line\n", kNow) == 0);
}

TEST_CASE("lines that nobody can ever read are done with") {
  ::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  OutputDescriptor broken(pipe.writing.get());
  pipe.reading.close();
  CHECK(broken.write("line\n", kNow) == 5);

  Terminal terminal;
  OutputDescriptor hung_up(terminal.slave.get());
  terminal.master.close();
  CHECK(hung_up.write("line\n", kNow) == 5);

  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  close(ends[0]);
  const FileDescriptor alone(ends[1]);
  CHECK(OutputDescriptor(alone.get()).write("line\n", kNow) == 5);

  CHECK(OutputDescriptor(-1).write("line\n", kNow) == 5);
}

}  // namespace
}  // namespace sma
