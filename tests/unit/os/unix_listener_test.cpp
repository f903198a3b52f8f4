#include "os/unix_listener.h"
#include "os/shared_folder.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

#include "tests/unit/base/temp_folder.h"

namespace sma {
namespace {

constexpr uid_t kStranger = 12345;
constexpr gid_t kGroup = 4321;

std::vector<std::string> names_in(const TempFolder& folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path)) found.push_back(entry.path().filename());
  return found;
}

/// Whether this test may become another user, or give groups that are not its own.
bool is_root() {
  if (geteuid() == 0) return true;
  MESSAGE("skipped: only root can give a file to another user");
  return false;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

gid_t group_of(const std::string& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_gid;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

/// A socket at `path` as another program would make it; nobody listens on it.
FileDescriptor bound_socket(const std::string& path, int kind = SOCK_STREAM) {
  FileDescriptor socket(::socket(AF_UNIX, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = address_of(path);
  REQUIRE(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return socket;
}

/// The errno of connecting, 0 if it succeeded.
int connect_error(const std::string& path) {
  const FileDescriptor client(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_of(path);
  return connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

std::string why_not(const std::string& path, std::optional<gid_t> group = std::nullopt) {
  const auto listener = listen_on_unix(path, group);
  return listener.ok() ? "" : listener.fault().message;
}

/// The same, known before anything is made.
std::string foreseen(const std::string& path, std::optional<gid_t> group = std::nullopt) {
  const auto possible = check_unix_listener(path, group);
  return possible.ok() ? "" : possible.fault().message;
}

/// What `act` returns in a process of another user.
std::string as_stranger(const std::function<std::string()>& act) {
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  if (fork() == 0) {
    const bool became = setgid(kStranger) == 0 && setuid(kStranger) == 0;
    const std::string text = became ? act() : "cannot become another user";
    _exit(write(writing.get(), text.data(), text.size()) < 0 ? 1 : 0);
  }
  writing.close();
  std::string text;
  std::array<char, 4096> part;
  for (ssize_t size = 1; size > 0;) {
    size = read(reading.get(), part.data(), part.size());
    if (size > 0) text.append(part.data(), static_cast<std::size_t>(size));
  }
  return text;
}

TEST_CASE("the socket listens without blocking, for user and group only, and no other name is left") {
  const TempFolder folder;
  const std::string path = folder / "agent.sock";
  const mode_t umask_before = umask(0);
  const auto listener = listen_on_unix(path, std::nullopt);
  CHECK(umask(umask_before) == 0);
  REQUIRE(listener.ok());
  CHECK(connect_error(path) == 0);
  CHECK(mode_of(path) == 0660);
  CHECK((fcntl(listener->socket.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(listener->socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(names_in(folder) == std::vector<std::string>{"agent.sock"});
  CHECK_FALSE(listener->in_open_folder);
}

TEST_CASE("the file goes with the listener, unless another program has replaced it") {
  const TempFolder folder;
  const std::string path = folder / "agent.sock";
  { CHECK(listen_on_unix(path, std::nullopt).ok()); }
  CHECK(names_in(folder).empty());
  auto first = listen_on_unix(path, std::nullopt);
  REQUIRE(first.ok());
  REQUIRE(unlink(path.c_str()) == 0);
  auto second = listen_on_unix(path, std::nullopt);
  REQUIRE(second.ok());
  first->file.remove();
  CHECK(connect_error(path) == 0);
  const UnixListener moved = std::move(*second);
  second->file.remove();
  CHECK(connect_error(path) == 0);
}

TEST_CASE("a socket on which nobody listens is replaced") {
  const TempFolder folder;
  const std::string path = folder / "agent.sock";
  { const FileDescriptor dead = bound_socket(path); }
  CHECK(connect_error(path) == ECONNREFUSED);
  const auto listener = listen_on_unix(path, std::nullopt);
  REQUIRE(listener.ok());
  CHECK(connect_error(path) == 0);
}

TEST_CASE("a live agent stays, also if it is too busy to accept anybody") {
  const TempFolder folder;
  const std::string path = folder / "agent.sock";
  const FileDescriptor live = bound_socket(path);
  REQUIRE(listen(live.get(), 1) == 0);
  const std::string refusal = "cannot listen on unix:" + path + ": another agent, or another program, listens there";
  CHECK(why_not(path) == refusal);
  std::vector<FileDescriptor> waiting;
  while (connect_error(path) == 0) {
    FileDescriptor& client = waiting.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_of(path);
    if (connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) break;
  }
  REQUIRE(connect_error(path) == EAGAIN);
  CHECK(why_not(path) == refusal);
  CHECK(names_in(folder) == std::vector<std::string>{"agent.sock"});
}

TEST_CASE("what is no socket of ours is never replaced") {
  const TempFolder folder;
  std::ofstream(folder / "file") << "text";
  CHECK(why_not(folder / "file").ends_with("file: what is there is no socket"));
  REQUIRE(symlink("nowhere", (folder / "link").c_str()) == 0);
  CHECK(why_not(folder / "link").ends_with("what is there is no socket"));
  const FileDescriptor datagrams = bound_socket(folder / "datagrams", SOCK_DGRAM);
  CHECK_FALSE(why_not(folder / "datagrams").empty());
  if (!is_root()) return;
  { const FileDescriptor dead = bound_socket(folder / "other"); }
  REQUIRE(lchown((folder / "other").c_str(), kStranger, kStranger) == 0);
  CHECK(why_not(folder / "other").ends_with("the socket there belongs to user 12345: remove it first"));
}

TEST_CASE("the last folder is made if it is missing, and only that one") {
  const TempFolder folder;
  const std::string path = folder / "made/agent.sock";
  const mode_t umask_before = umask(0077);
  const auto listener = listen_on_unix(path, geteuid() == 0 ? std::optional(kGroup) : std::nullopt);
  umask(umask_before);
  REQUIRE(listener.ok());
  CHECK(mode_of(folder / "made") == 0750);
  if (geteuid() == 0) CHECK(group_of(folder / "made") == kGroup);
  CHECK(
      why_not(folder / "no/such/agent.sock").ends_with("no/ does not exist; only the last folder of the path is made"));
}

TEST_CASE("the socket and the folder get the group, or there is neither") {
  if (!is_root()) return;
  const TempFolder folder;
  const auto listener = listen_on_unix(folder / "agent.sock", kGroup);
  REQUIRE(listener.ok());
  CHECK(group_of(folder / "agent.sock") == kGroup);
  CHECK(mode_of(folder / "agent.sock") == 0660);

  REQUIRE(mkdir((folder / "theirs").c_str(), 0700) == 0);
  REQUIRE(chown((folder / "theirs").c_str(), kStranger, kStranger) == 0);
  REQUIRE(chmod(folder.path.c_str(), 0755) == 0);
  for (const char* name : {"theirs/agent.sock", "theirs/made/agent.sock"}) {
    CAPTURE(name);
    CHECK(
        as_stranger([&] { return why_not(folder / name, kGroup); })
            .ends_with(": group 4321 cannot be given to it: this process must be in that group (group_add in Compose, "
                       "supplementalGroups in Kubernetes)"));
  }
  CHECK(std::filesystem::is_empty(folder.path / "theirs"));
}

TEST_CASE("a folder that cannot be written is told with the user") {
  if (!is_root()) return;
  const TempFolder folder;
  REQUIRE(chmod(folder.path.c_str(), 0755) == 0);
  const std::string refusal = as_stranger([&] { return why_not(folder / "agent.sock"); });
  CHECK(refusal.find(": user 12345 cannot write in " + folder.path.string() + "/: give it the folder") !=
        std::string::npos);
  CHECK(as_stranger([&] { return why_not(folder / "made/agent.sock"); }).find("user 12345 cannot write in ") !=
        std::string::npos);
}

TEST_CASE("a folder in which everybody can write is told of, and one like /tmp is refused") {
  const TempFolder folder;
  REQUIRE(chmod(folder.path.c_str(), 0777) == 0);
  const auto open = listen_on_unix(folder / "agent.sock", std::nullopt);
  REQUIRE(open.ok());
  CHECK(open->in_open_folder);
  REQUIRE(chmod(folder.path.c_str(), 01777) == 0);
  CHECK(why_not(folder / "other.sock").find(": everybody can write in " + folder.path.string()) != std::string::npos);
  CHECK(why_not(folder / "own/other.sock").empty());
  if (!is_root()) return;
  REQUIRE(mkdir((folder / "planted").c_str(), 0777) == 0);
  REQUIRE(chown((folder / "planted").c_str(), kStranger, kStranger) == 0);
  CHECK(why_not(folder / "planted/agent.sock").find("planted belongs to user 12345") != std::string::npos);
}

TEST_CASE("what forbids a socket is known before anything is made, in the same words") {
  const TempFolder folder;
  CHECK(foreseen(folder / "agent.sock").empty());
  CHECK(foreseen(folder / "made/agent.sock").empty());
  CHECK(std::filesystem::is_empty(folder.path));
  for (const std::string& path : {folder / "no/such/agent.sock", folder / std::string(100, 'a').c_str()}) {
    CAPTURE(path);
    CHECK_FALSE(foreseen(path).empty());
    CHECK(foreseen(path) == why_not(path));
  }
  if (!is_root()) return;
  REQUIRE(chmod(folder.path.c_str(), 0755) == 0);
  REQUIRE(mkdir((folder / "theirs").c_str(), 0755) == 0);
  REQUIRE(chown((folder / "theirs").c_str(), kStranger, kStranger) == 0);
  const std::string both = as_stranger([&] {
    std::string same;
    for (const char* name : {"agent.sock", "made/agent.sock"})
      same += foreseen(folder / name).empty() || foreseen(folder / name) != why_not(folder / name) ? name : "";
    const std::string theirs = folder / "theirs/agent.sock";
    same += foreseen(theirs, kGroup).empty() || foreseen(theirs, kGroup) != why_not(theirs, kGroup) ? "group" : "";
    return same + foreseen(theirs, kStranger);
  });
  CHECK(both.empty());
}

TEST_CASE("a path is absolute and fits into the kernel's 107 bytes, with its temporary name") {
  CHECK(is_socket_path("/a"));
  CHECK(is_socket_path("/run/agent/agent.sock"));
  for (const char* wrong : {"", "a", "run/agent.sock", "/run/", "/", "@abstract"}) {
    CAPTURE(wrong);
    CHECK_FALSE(is_socket_path(wrong));
  }
  CHECK(is_socket_path("/" + std::string(106, 'x')));
  CHECK_FALSE(is_socket_path("/" + std::string(107, 'x')));
  CHECK(is_socket_path("/" + std::string(96, 'x') + "/s"));
  CHECK_FALSE(is_socket_path("/" + std::string(97, 'x') + "/s"));
  CHECK(folder_of("/agent.sock") == "/");
  CHECK(folder_of("/run/agent/agent.sock") == "/run/agent/");
  CHECK_FALSE(why_not("/" + std::string(107, 'x')).empty());
}

TEST_CASE("a path of the largest length works") {
  const TempFolder folder;
  const std::string path = folder.path / std::string(107 - folder.path.string().size() - 1, 'x');
  REQUIRE(path.size() == 107);
  const auto listener = listen_on_unix(path, std::nullopt);
  REQUIRE(listener.ok());
  CHECK(connect_error(path) == 0);
}

}  // namespace
}  // namespace sma
