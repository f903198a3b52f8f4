#include "os/sandbox.h"
#include "base/file_descriptor.h"
#include "os/memory_protection.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

namespace sma {
namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sandbox-XXXXXX").string();
    path = mkdtemp(pattern.data());
    std::filesystem::create_directory(path / "logs");
    std::ofstream(path / "elsewhere") << "content";
  }
  ~Folder() { std::filesystem::remove_all(path); }

  std::filesystem::path path;
};

/// Whether this kernel limits the folders. Where it does not (as Lambda's), the calls are filtered nevertheless.
bool landlock_is_there() {
  static const bool there = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 2;
  return there;
}

/// How a child ended that ran `act` in the sandbox: what `act` returned, 0 to 99, or 1000 and the signal that killed
/// it.
int sandboxed(const Folder& folder, const std::function<int()>& act) {
  const bool complete = landlock_is_there();
  const pid_t child = fork();
  if (child == 0) {
    protect_memory();
    _exit(Sandbox{{folder.path / "logs"}}.install().ok() == complete ? act() : 99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  CHECK_FALSE(WCOREDUMP(status));
  return 1000 + WTERMSIG(status);
}

constexpr int kKilled = 1000 + SIGSYS;

/// The errno of a system call; 0 if it succeeded.
int error_of(long result) { return result < 0 ? errno : 0; }

TEST_CASE("in the sandbox running a program, tracing and reading others' memory kill the process") {
  const Folder folder;
  const char* const arguments[] = {"/bin/true", nullptr};
  const auto* const argv = const_cast<char* const*>(arguments);
  CHECK(sandboxed(folder, [&] { return execv(argv[0], argv); }) == kKilled);
  CHECK(sandboxed(folder, [&] {
          return static_cast<int>(syscall(SYS_execveat, AT_FDCWD, argv[0], argv, environ, 0));
        }) == kKilled);
  CHECK(sandboxed(folder, [] { return static_cast<int>(syscall(SYS_ptrace, 0, 0, nullptr, nullptr)); }) == kKilled);
  char byte = 0;
  const iovec place{&byte, 1};
  CHECK(sandboxed(folder, [&] { return static_cast<int>(process_vm_readv(getppid(), &place, 1, &place, 1, 0)); }) ==
        kKilled);
  CHECK(sandboxed(folder, [&] { return static_cast<int>(process_vm_writev(getppid(), &place, 1, &place, 1, 0)); }) ==
        kKilled);
}

TEST_CASE("a thread of the sandbox is bound by it, and takes the process with it") {
  const Folder folder;
  CHECK(sandboxed(folder, [] {
          std::thread([] { execl("/bin/true", "/bin/true", nullptr); }).join();
          return 0;
        }) == kKilled);
  const auto opened_by_a_thread = [&](int flags) {
    return sandboxed(folder, [&] {
      int error = 0;
      std::thread([&] { error = error_of(open((folder.path / "elsewhere").c_str(), flags)); }).join();
      return error;
    });
  };
  CHECK(opened_by_a_thread(O_RDONLY | O_TRUNC) == EACCES);
  CHECK(opened_by_a_thread(O_WRONLY) == (landlock_is_there() ? EACCES : 0));
}

TEST_CASE("in a cleared folder files can be removed, and nothing else is possible") {
  const Folder folder;
  std::filesystem::create_directory(folder.path / "run");
  std::ofstream(folder.path / "run/old") << "content";
  std::ofstream(folder.path / "run/kept") << "content";
  const auto in_run = [&](const std::function<long(const std::string&)>& act) {
    const pid_t child = fork();
    if (child == 0) {
      const bool installed = Sandbox{.cleared_folders = {folder.path / "run"}}.install().ok();
      _exit(installed == landlock_is_there() ? error_of(act(folder.path / "run/")) : 99);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
  };
  CHECK(in_run([](const std::string& run) { return unlink((run + "old").c_str()); }) == 0);
  const int refused = landlock_is_there() ? EACCES : 0;
  CHECK(in_run([](const std::string& run) { return open((run + "kept").c_str(), O_WRONLY | O_CLOEXEC); }) == refused);
  CHECK(in_run([](const std::string& run) { return open((run + "new").c_str(), O_CREAT | O_CLOEXEC, 0600); }) ==
        refused);
  CHECK(in_run([](const std::string& run) { return mkdir((run + "folder").c_str(), 0700); }) == refused);
  CHECK(in_run([](const std::string& run) { return rename((run + "kept").c_str(), (run + "other").c_str()); }) ==
        refused);
  CHECK(in_run([&](const std::string&) { return unlink((folder.path / "elsewhere").c_str()); }) == refused);
}

TEST_CASE("in a filled folder regular files can be made, written, renamed and removed, and nothing else is possible") {
  const Folder folder;
  std::filesystem::create_directory(folder.path / "run");
  const auto in_run = [&](const std::function<long(const std::string&)>& act) {
    const pid_t child = fork();
    if (child == 0) {
      const bool installed = Sandbox{.filled_folders = {folder.path / "run"}}.install().ok();
      _exit(installed == landlock_is_there() ? error_of(act(folder.path / "run/")) : 99);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
  };
  CHECK(in_run([](const std::string& run) -> long {
          const int file = open((run + "new").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
          if (file < 0) return -1;
          if (write(file, "x", 1) != 1 || fchown(file, getuid(), getgid()) != 0 || fchmod(file, 0440) != 0) return -1;
          return rename((run + "new").c_str(), (run + "file").c_str());
        }) == 0);
  CHECK(std::filesystem::exists(folder.path / "run/file"));
  const int refused = landlock_is_there() ? EACCES : 0;
  CHECK(in_run([](const std::string& run) { return mkdir((run + "folder").c_str(), 0700); }) == refused);
  CHECK(in_run([](const std::string& run) { return symlink("x", (run + "link").c_str()); }) == EPERM);
  CHECK(in_run([&](const std::string&) { return open((folder.path / "elsewhere").c_str(), O_WRONLY | O_CLOEXEC); }) ==
        refused);
  CHECK(in_run([](const std::string& run) { return unlink((run + "file").c_str()); }) == 0);
}

TEST_CASE("in the sandbox a call that is not on the list is refused") {
  const Folder folder;
  const auto refused = [&](long number) {
    return sandboxed(folder, [&] { return error_of(syscall(number, 0, 0, 0, 0, 0, 0)); });
  };
  CHECK(refused(SYS_io_uring_setup) == EPERM);
  CHECK(refused(SYS_bpf) == EPERM);
  CHECK(refused(SYS_mount) == EPERM);
  CHECK(refused(SYS_unshare) == EPERM);
  CHECK(refused(SYS_setns) == EPERM);
  CHECK(refused(SYS_keyctl) == EPERM);
  CHECK(refused(SYS_userfaultfd) == EPERM);
  CHECK(refused(SYS_kill) == EPERM);
  CHECK(refused(SYS_fchmodat) == EPERM);
  CHECK(refused(SYS_fchmod) == EPERM);
  CHECK(refused(SYS_fchown) == EPERM);
  CHECK(refused(SYS_symlinkat) == EPERM);
  CHECK(refused(SYS_linkat) == EPERM);
  CHECK(refused(SYS_setuid) == EPERM);
  CHECK(refused(SYS_memfd_create) == EPERM);
  CHECK(refused(99'999) == EPERM);
  CHECK(refused(SYS_clone3) == ENOSYS);
  CHECK(sandboxed(folder, [] { return error_of(fork()); }) == EPERM);
}

TEST_CASE("in the sandbox socket, ioctl and prctl do what the agent needs, and nothing else") {
  const Folder folder;
  const auto error_in = [&](const std::function<long()>& call) {
    return sandboxed(folder, [&] { return error_of(call()); });
  };
  for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
    CAPTURE(family);
    CHECK(error_in([&] { return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0); }) != EPERM);
  }
  CHECK(error_in([] { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0); }) == 0);
  for (const int family : {AF_PACKET, AF_VSOCK, AF_ALG, AF_BLUETOOTH, AF_XDP}) {
    CAPTURE(family);
    CHECK(error_in([&] { return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0); }) == EPERM);
  }
  int number = 0;
  for (const unsigned long request : {0UL + FIONREAD, 0UL + FIONBIO}) {
    CHECK(error_in([&] { return ioctl(socket(AF_INET, SOCK_STREAM, 0), request, &number); }) == 0);
  }
  for (const unsigned long request : {0UL + TIOCSTI, 0UL + TIOCGPTN, 0UL + TIOCSCTTY, 0UL + TCGETS}) {
    CHECK(error_in([&] { return ioctl(socket(AF_INET, SOCK_STREAM, 0), request, &number); }) == EPERM);
  }
  CHECK(error_in([] { return prctl(PR_SET_NAME, "agent"); }) == 0);
  CHECK(error_in([] { return prctl(PR_SET_DUMPABLE, 1); }) == EPERM);
  CHECK(error_in([] { return prctl(PR_CAPBSET_READ, 0); }) == EPERM);
}

TEST_CASE("in the sandbox no TCP port is bound, if the kernel's Landlock knows ports; connecting stays possible") {
  const Folder folder;
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const address = reinterpret_cast<const sockaddr*>(&any);
  const auto error_in = [&](int kind) {
    return sandboxed(folder, [&] { return error_of(bind(socket(AF_INET, kind, 0), address, sizeof any)); });
  };
  CHECK(error_in(SOCK_STREAM) == (version >= 4 ? EACCES : 0));
  CHECK(error_in(SOCK_DGRAM) == 0);
  const FileDescriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(bind(listener.get(), address, sizeof any) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  socklen_t size = sizeof any;
  REQUIRE(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&any), &size) == 0);
  CHECK(sandboxed(folder, [&] { return error_of(connect(socket(AF_INET, SOCK_STREAM, 0), address, sizeof any)); }) ==
        0);
}

TEST_CASE("in the sandbox an abstract socket of another process is out of reach, unless it was connected before") {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 6) {
    MESSAGE("skipped: this kernel's Landlock has no scopes");
    return;
  }
  const Folder folder;
  const FileDescriptor receiver(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  REQUIRE(bind(receiver.get(), reinterpret_cast<sockaddr*>(&name), sizeof name.sun_family) == 0);  // any abstract name
  socklen_t size = sizeof name;
  REQUIRE(getsockname(receiver.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
  const auto* const address = reinterpret_cast<const sockaddr*>(&name);
  const FileDescriptor sender(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  CHECK(sandboxed(folder, [&] { return error_of(sendto(sender.get(), "x", 1, MSG_DONTWAIT, address, size)); }) ==
        EPERM);
  REQUIRE(connect(sender.get(), address, size) == 0);
  CHECK(sandboxed(folder, [&] { return error_of(send(sender.get(), "x", 1, MSG_DONTWAIT)); }) == 0);
}

#if defined(__x86_64__)
TEST_CASE("the sandbox knows the other calling conventions of the processor") {
  const Folder folder;
  constexpr long kX32 = 0x40000000;
  CHECK(sandboxed(folder, [] { return error_of(syscall(kX32 | SYS_getpid)); }) != 0);
  CHECK(sandboxed(folder, [] {
          const char* const argv[] = {"/bin/true", nullptr};
          return error_of(syscall(kX32 + 520, argv[0], argv, environ));
        }) == EPERM);
  // getpid of the 32-bit kind: another architecture, which kills.
  CHECK(sandboxed(folder, [] {
          long number = 20;
          asm volatile("int $0x80" : "+a"(number) : : "memory", "r8", "r9", "r10", "r11");
          return 0;
        }) > 1000);
}
#endif

TEST_CASE("in the sandbox only its folders can be written in, and everything be read") {
  if (!landlock_is_there()) {
    MESSAGE("skipped: this kernel has no Landlock");
    return;
  }
  const Folder folder;
  const std::string outside = folder.path / "elsewhere";
  const std::string made = folder.path / "made";
  const auto opening = [&](const std::string& path, int flags) {
    return sandboxed(folder, [&] { return error_of(open(path.c_str(), flags, 0600)); });
  };
  CHECK(opening(outside, O_RDONLY) == 0);
  CHECK(opening("/etc/passwd", O_RDONLY) == 0);
  CHECK(opening(outside, O_WRONLY) == EACCES);
  CHECK(opening(outside, O_RDWR) == EACCES);
  CHECK(opening(outside, O_RDONLY | O_TRUNC) == EACCES);
  CHECK(opening(made, O_WRONLY | O_CREAT) == EACCES);
  CHECK(sandboxed(folder, [&] { return error_of(unlink(outside.c_str())); }) == EACCES);
  CHECK(sandboxed(folder, [&] { return error_of(mkdir(made.c_str(), 0700)); }) == EACCES);
  CHECK(sandboxed(folder, [&] { return error_of(rename(outside.c_str(), made.c_str())); }) == EACCES);
  CHECK(sandboxed(folder, [&] { return error_of(rename(outside.c_str(), (folder.path / "logs/taken").c_str())); }) !=
        0);
  CHECK(std::filesystem::file_size(outside) == 7);

  CHECK(opening(folder.path / "logs/agent.log", O_WRONLY | O_CREAT | O_APPEND) == 0);
  CHECK(sandboxed(folder, [&] {
          const int made_archive = mkdir((folder.path / "logs/archive").c_str(), 0700);
          const int moved =
              rename((folder.path / "logs/agent.log").c_str(), (folder.path / "logs/archive/agent_0.log").c_str());
          return made_archive == 0 && moved == 0 ? 0 : errno;
        }) == 0);
  CHECK(std::filesystem::exists(folder.path / "logs/archive/agent_0.log"));
}

TEST_CASE("in the sandbox no file is emptied, by no call that could") {
  const Folder folder;
  const std::string outside = folder.path / "elsewhere";
  const std::string inside = folder.path / "logs/agent.log";
  std::ofstream(inside) << "content";
  const FileDescriptor inherited(open(outside.c_str(), O_RDWR | O_CLOEXEC));
  for (const std::string& path : {outside, inside}) {
    for (const int access : {O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_CREAT, O_RDWR | O_APPEND | O_CLOEXEC}) {
      CAPTURE(access);
      const int flags = access | O_TRUNC;
      CHECK(sandboxed(folder, [&] { return error_of(open(path.c_str(), flags, 0600)); }) == EACCES);
#if defined(SYS_open)
      CHECK(sandboxed(folder, [&] { return error_of(syscall(SYS_open, path.c_str(), flags, 0600)); }) == EACCES);
#endif
      open_how how{};
      how.flags = static_cast<std::uint64_t>(flags);
      CHECK(sandboxed(folder, [&] {
              return error_of(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
            }) == EPERM);
    }
    CHECK(sandboxed(folder, [&] { return error_of(truncate(path.c_str(), 0)); }) == EPERM);
#if defined(SYS_creat)
    CHECK(sandboxed(folder, [&] { return error_of(syscall(SYS_creat, path.c_str(), 0600)); }) == EPERM);
#endif
    CHECK(std::filesystem::file_size(path) == 7);
  }
  CHECK(sandboxed(folder, [&] { return error_of(ftruncate(inherited.get(), 0)); }) == EPERM);
  CHECK(sandboxed(folder, [&] { return error_of(fallocate(inherited.get(), FALLOC_FL_PUNCH_HOLE, 0, 7)); }) == EPERM);
  if (!landlock_is_there()) return;
  // A file of the log's folder does not take the place of one outside.
  CHECK(sandboxed(folder, [&] { return error_of(rename(inside.c_str(), outside.c_str())); }) != 0);
  CHECK(std::filesystem::file_size(outside) == 7);
}

TEST_CASE("a kernel without Landlock is reported, and calls are filtered nevertheless") {
  const Folder folder;
  const pid_t child = fork();
  if (child == 0) {
    sock_filter program[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_landlock_create_ruleset},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    const sock_fprog filter{std::size(program), program};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) _exit(1);
    const Result<Done> installed = Sandbox{{folder.path / "logs"}}.install();
    const std::string missing = installed.ok() ? "" : installed.fault().message;
    if (missing.find("Landlock") == std::string::npos || missing.find("seccomp") != std::string::npos) _exit(2);
    _exit(error_of(syscall(SYS_bpf, 0, nullptr, 0)) == EPERM ? 0 : 3);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("memory is protected: no core file, not to be dumped") {
  const pid_t child = fork();
  if (child == 0) {
    protect_memory();
    forbid_core_files();
    rlimit core{};
    getrlimit(RLIMIT_CORE, &core);
    _exit(core.rlim_cur == 0 && core.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}

}  // namespace
}  // namespace sma
