#include "os/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/event.h"

namespace sma {
namespace {

constexpr std::size_t kMaxOutput = std::size_t{64} << 10;

/// The settings of posix_spawn: its own group, default signals, no input, output into the pipe.
class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  int spawn(pid_t& pid, const std::vector<std::string>& argv, const Environment& environment) {
    std::vector<char*> arguments;
    arguments.reserve(argv.size() + 1);
    for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    std::vector<WipedBytes> texts;
    std::vector<char*> variables;
    for (const auto& [name, value] : environment.all()) {
      WipedBytes& text = texts.emplace_back();
      text.reserve(name.size() + value.size() + 2);
      text.append(name);
      text.push_back('=');
      text.append(value.view());
      text.push_back('\0');
      variables.push_back(text.data());
    }
    variables.push_back(nullptr);
    return posix_spawnp(&pid, arguments[0], &actions_, &attributes_, arguments.data(), variables.data());
  }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

/// One child, and its pipe on the loop.
class ChildProcesses::Child {
 public:
  Child(ChildProcesses& owner, pid_t pid, FileDescriptor output)
      : owner_(owner), pid_(pid), output_(std::move(output)), done_(owner.loop_) {}
  ~Child() { stop_reading(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] Event& done() { return done_; }
  [[nodiscard]] bool too_long() const { return too_long_; }
  [[nodiscard]] ProcessOutput take() { return {exit_status_, std::move(bytes_)}; }

  /// Once, before anything else. After a fault the child must be abandoned.
  Result<Done> watch() { return owner_.loop_.watch(output_.get(), EPOLLIN, reading_); }
  /// Nobody waits for the child any more: kills it, and reaps it when it has ended.
  void abandon() {
    abandoned_ = true;
    if (reaped_) return owner_.forget(*this);
    stop_reading();
    kill_group();
  }
  void kill_group() const {
    if (!reaped_) ::kill(-pid_, SIGKILL);
  }
  /// Takes the exit status if there is one.
  void reap() {
    siginfo_t info{};
    if (reaped_ || ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
    reaped_ = true;
    exit_status_ = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    if (abandoned_) return owner_.forget(*this);
    read();  // what it wrote last; what it left running may hold the pipe open
    stop_reading();
    done_.set();
  }

 private:
  void read() {
    std::array<char, 4096> part;
    while (output_.valid()) {
      const ssize_t got = ::read(output_.get(), part.data(), part.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return stop_reading();
      const auto size = static_cast<std::size_t>(got);
      too_long_ = bytes_.size() + size > kMaxOutput;
      if (!too_long_) bytes_.append({part.data(), size});
      wipe(part.data(), size);
      if (too_long_) {
        stop_reading();
        done_.set();
      }
    }
  }
  void stop_reading() {
    if (!output_.valid()) return;
    owner_.loop_.unwatch(output_.get(), reading_);
    output_.close();
  }

  ChildProcesses& owner_;
  pid_t pid_;
  FileDescriptor output_;
  WipedBytes bytes_;
  Event done_;
  MemberWatcher<&Child::read> reading_{*this};
  int exit_status_ = 0;
  bool too_long_ = false;
  bool reaped_ = false;
  bool abandoned_ = false;
};

/// Ends a child with the task that waits for it.
class ChildProcesses::Holder {
 public:
  explicit Holder(Child& child) : child_(child) {}
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() { child_.abandon(); }

 private:
  Child& child_;
};

// SIGCHLD exists in every kernel, and needs no descriptor for each child, as a pidfd does. If the parent ignored it,
// the kernel would throw away how our children end.
ChildProcesses::ChildProcesses(EventLoop& loop) : loop_(loop) {
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal_ = FileDescriptor(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signal_.valid() || !loop_.watch(signal_.get(), EPOLLIN, watching_).ok()) std::abort();
  loop_.post(reaping_);  // for children that ended earlier
}

ChildProcesses::~ChildProcesses() {
  loop_.unwatch(signal_.get(), watching_);
  for (const auto& child : children_) child->kill_group();
}

Task<Result<ProcessOutput>> ChildProcesses::run(std::vector<std::string> argv, Environment environment,
                                                TimePoint deadline) {
  auto started = start(argv, environment);
  if (!started.ok()) co_return std::move(started.fault());
  Child& child = **started;
  const Holder holder(child);
  const bool done = co_await child.done().wait_until(deadline);
  if (!done) co_return Fault::timeout(argv[0] + " was not done in time");
  if (child.too_long()) co_return Fault::internal(argv[0] + " wrote more than 64 KiB");
  co_return child.take();
}

Result<ChildProcesses::Child*> ChildProcesses::start(const std::vector<std::string>& argv,
                                                     const Environment& environment) {
  const auto failed = [&](int error) { return Fault::internal("cannot run " + argv[0] + ": " + std::strerror(error)); };
  if (argv.empty() || argv[0].empty()) return Fault::internal("there is no program to run");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed(errno);
  FileDescriptor reading_end(ends[0]);
  const FileDescriptor writing_end(ends[1]);
  if (::fcntl(reading_end.get(), F_SETFL, O_NONBLOCK) != 0) return failed(errno);
  pid_t pid = 0;
  if (const int error = SpawnSettings(writing_end.get()).spawn(pid, argv, environment); error != 0)
    return failed(error);
  Child& child = *children_.emplace_back(std::make_unique<Child>(*this, pid, std::move(reading_end)));
  const Result<Done> watched = child.watch();
  if (watched.ok()) return &child;
  child.abandon();
  return Fault::internal("cannot run " + argv[0] + ": " + watched.fault().message);
}

void ChildProcesses::forget(const Child& child) {
  children_.remove_if([&](const std::unique_ptr<Child>& each) { return each.get() == &child; });
}

// The children are reaped from the ready queue: a child that is forgotten may have an event of this turn left.
void ChildProcesses::on_signal() {
  signalfd_siginfo signal{};
  while (::read(signal_.get(), &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) continue;
  loop_.post(reaping_);
}

void ChildProcesses::reap() {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    const auto own = std::ranges::find_if(children_, [&](const auto& child) { return child->pid() == info.si_pid; });
    if (own != children_.end()) {
      (*own)->reap();
    } else {
      ::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
    }
  }
}

}  // namespace sma
