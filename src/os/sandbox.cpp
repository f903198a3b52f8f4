#include "os/sandbox.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/file_descriptor.h"

namespace sma {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name this architecture's AUDIT_ARCH_ here"
#endif

constexpr int kKilled[] = {SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev};

// The busiest first. What glibc, curl and OpenSSL call on our behalf is here too.
constexpr int kAllowed[] = {
    SYS_read,
    SYS_writev,
    SYS_epoll_pwait,
    SYS_epoll_ctl,
    SYS_accept4,
    SYS_close,
    SYS_write,
    SYS_futex,
    // time
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    // descriptors
    SYS_readv,
    SYS_pread64,
    SYS_lseek,
    SYS_fcntl,
    SYS_dup,
    SYS_dup3,
    SYS_pipe2,
    SYS_eventfd2,
    SYS_ppoll,
    SYS_pselect6,
    SYS_epoll_create1,
    SYS_epoll_pwait2,
    SYS_signalfd4,
    SYS_inotify_init1,
    SYS_inotify_add_watch,
    SYS_inotify_rm_watch,
    // sockets
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_shutdown,
    SYS_sendto,
    SYS_recvfrom,
    SYS_sendmsg,
    SYS_recvmsg,
    SYS_sendmmsg,
    SYS_recvmmsg,
    SYS_getsockname,
    SYS_getpeername,
    SYS_setsockopt,
    SYS_getsockopt,
    // files; Landlock says where they may be written, open_without_truncating() how they may be opened
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_getcwd,
    SYS_mkdirat,
    SYS_renameat2,
    SYS_unlinkat,
    SYS_fsync,
    SYS_fdatasync,
    SYS_statfs,
    SYS_fstatfs,
    // memory
    SYS_mmap,
    SYS_mprotect,
    SYS_munmap,
    SYS_mremap,
    SYS_brk,
    SYS_madvise,
    SYS_mlock,
    SYS_mlock2,
    SYS_munlock,
    // threads (curl's resolver) and the process itself
    SYS_set_robust_list,
    SYS_rseq,
    SYS_set_tid_address,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_exit,
    SYS_exit_group,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_tgkill,
    SYS_getpid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getppid,
    SYS_uname,
    SYS_sysinfo,
    SYS_prlimit64,
    SYS_getrandom,
    SYS_wait4,
    SYS_waitid,
#if defined(__x86_64__)
    SYS_epoll_wait,
    SYS_poll,
    SYS_select,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_mkdir,
    SYS_rename,
    SYS_unlink,
    SYS_dup2,
    SYS_pipe,
    SYS_time,
    SYS_getrlimit,
    SYS_arch_prctl,
#endif
#if defined(SYS_renameat)
    SYS_renameat,
#endif
};

sock_filter statement(std::uint16_t code, std::uint32_t value) { return {code, 0, 0, value}; }

void answer_call(std::vector<sock_filter>& program, int call, std::uint32_t action) {
  program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(call)});
  program.push_back(statement(BPF_RET | BPF_K, action));
}

// Truncation is refused in every folder: Landlock knows it only from Linux 6.2 on, and the agent never needs it. What
// else empties a file (creat, truncate, ftruncate, openat2, whose flags are reached by a pointer only) is on no list.
void open_without_truncating(std::vector<sock_filter>& program, int call, std::size_t flags) {
  program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 4, static_cast<std::uint32_t>(call)});
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(flags)));
  program.push_back({BPF_JMP | BPF_JSET | BPF_K, 0, 1, O_TRUNC});
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES));
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

// Allowed only if the lower half of an argument, all that the kernel reads of it, is one of these values.
struct NarrowedCall {
  int call;
  std::size_t argument;
  std::array<std::uint32_t, 4> values;  // the last may be repeated
};
constexpr NarrowedCall kNarrowed[] = {
    {SYS_socket, offsetof(seccomp_data, args[0]), {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK}},
    {SYS_ioctl, offsetof(seccomp_data, args[1]), {FIONREAD, FIONBIO, FIONBIO, FIONBIO}},
    {SYS_prctl, offsetof(seccomp_data, args[0]), {PR_SET_NAME, PR_SET_NAME, PR_SET_NAME, PR_SET_NAME}},
};

void narrow(std::vector<sock_filter>& program, const NarrowedCall& narrowed, std::uint32_t denied) {
  constexpr auto kValues = static_cast<std::uint8_t>(std::tuple_size_v<decltype(narrowed.values)>);
  program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<std::uint8_t>(kValues + 3),
                     static_cast<std::uint32_t>(narrowed.call)});
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(narrowed.argument)));
  for (std::uint8_t i = 0; i < kValues; ++i) {
    const auto to_allow = static_cast<std::uint8_t>(kValues - i);
    program.push_back({BPF_JMP | BPF_JEQ | BPF_K, to_allow, 0, narrowed.values[i]});
  }
  program.push_back(statement(BPF_RET | BPF_K, denied));
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

std::vector<sock_filter> filter_program(bool fills_folders) {
  constexpr std::uint32_t kDenied = SECCOMP_RET_ERRNO | EPERM;
  std::vector<sock_filter> program;
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kArchitecture});
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const int call : kAllowed) answer_call(program, call, SECCOMP_RET_ALLOW);
  if (fills_folders)
    for (const int call : {SYS_fchmod, SYS_fchown}) answer_call(program, call, SECCOMP_RET_ALLOW);
  open_without_truncating(program, SYS_openat, offsetof(seccomp_data, args[2]));
#if defined(SYS_open)
  open_without_truncating(program, SYS_open, offsetof(seccomp_data, args[1]));
#endif
  for (const NarrowedCall& narrowed : kNarrowed) narrow(program, narrowed, kDenied);
  for (const int call : kKilled) answer_call(program, call, SECCOMP_RET_KILL_PROCESS);
  // The flags of clone3 are reached by a pointer only: ENOSYS makes glibc use clone, which may make threads and nothing
  // else.
  answer_call(program, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
  program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_clone});
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)));
  program.push_back({BPF_JMP | BPF_JSET | BPF_K, 0, 1, CLONE_THREAD});
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  program.push_back(statement(BPF_RET | BPF_K, kDenied));
  return program;
}

bool install_filter(bool fills_folders) {
  std::vector<sock_filter> program = filter_program(fills_folders);
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// Renaming between folders (log rotation) can be allowed from the second version of Landlock on.
constexpr long kLandlockVersion = 2;
constexpr std::uint64_t kWriting =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
    LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
constexpr std::uint64_t kFilling =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;
constexpr std::uint64_t kTruncating = std::uint64_t{1} << 14;  // since version 3

// What the kernel knows of it as of later versions than Debian 12's headers do.
struct LandlockRules {
  std::uint64_t files;
  std::uint64_t network;  // since version 4
  std::uint64_t scopes;   // since version 6
};
constexpr std::uint64_t kBindingTcp = 1;
constexpr std::uint64_t kAbstractSocketsAndSignals = 1 | 2;

LandlockRules rules_for(long version) {
  return {version >= 3 ? kWriting | kTruncating : kWriting, version >= 4 ? kBindingTcp : 0,
          version >= 6 ? kAbstractSocketsAndSignals : 0};
}

std::size_t size_for(long version) {
  if (version >= 6) return sizeof(LandlockRules);
  return version >= 4 ? offsetof(LandlockRules, scopes) : offsetof(LandlockRules, network);
}

/// What is not there cannot be written.
bool allow_in(const std::vector<std::string>& folders, std::uint64_t access, const FileDescriptor& ruleset) {
  for (const std::string& folder : folders) {
    const FileDescriptor opened(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!opened.valid()) continue;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = access;
    rule.parent_fd = opened.get();
    if (syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) return false;
  }
  return true;
}

bool restrict_with_landlock(const Sandbox& sandbox) {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < kLandlockVersion) return false;
  const LandlockRules rules = rules_for(version);
  const FileDescriptor ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, size_for(version), 0)));
  if (!ruleset.valid()) return false;
  return allow_in(sandbox.writable_folders, rules.files, ruleset) &&
         allow_in(sandbox.filled_folders, kFilling, ruleset) &&
         allow_in(sandbox.cleared_folders, LANDLOCK_ACCESS_FS_REMOVE_FILE, ruleset) &&
         syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

}  // namespace

Result<Done> Sandbox::install() const {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return Fault::internal(std::string("no_new_privs: ") + std::strerror(errno));
  std::string missing;
  if (!restrict_with_landlock(*this)) missing = "this kernel has no Landlock (Linux 5.19 and later)";
  if (!install_filter(!filled_folders.empty()))
    missing += std::string(missing.empty() ? "" : "; ") + "this kernel takes no seccomp filter";
  if (!missing.empty()) return Fault::internal(missing);
  return Done{};
}

}  // namespace sma
