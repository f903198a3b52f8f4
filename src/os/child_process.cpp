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
#include <mutex>
#include <utility>

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

  /// `texts`: `NAME=VALUE`, each with its NUL.
  int spawn(pid_t& pid, const std::vector<std::string>& argv, std::vector<WipedBytes>& texts) {
    std::vector<char*> arguments;
    arguments.reserve(argv.size() + 1);
    for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    std::vector<char*> variables;
    variables.reserve(texts.size() + 1);
    for (WipedBytes& text : texts) variables.push_back(text.data());
    variables.push_back(nullptr);
    return posix_spawnp(&pid, arguments[0], &actions_, &attributes_, arguments.data(), variables.data());
  }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

/// The values are copied: their holders are counted by one thread only.
std::vector<WipedBytes> variables_of(const Environment& environment) {
  std::vector<WipedBytes> texts;
  for (const auto& [name, value] : environment.all()) {
    WipedBytes& text = texts.emplace_back();
    text.reserve(name.size() + value.size() + 2);
    text.append(name);
    text.push_back('=');
    text.append(value.view());
    text.push_back('\0');
  }
  return texts;
}

}  // namespace

/// One call of posix_spawn, on a thread. It owns all that it uses, because it may outlive the task that wanted it.
class ChildProcesses::Spawning {
 public:
  Spawning(std::vector<std::string> argv, const Environment& environment, FileDescriptor output)
      : argv_(std::move(argv)), variables_(variables_of(environment)), output_(std::move(output)) {}

  /// On the thread.
  Result<pid_t> spawn() {
    pid_t pid = 0;
    const int error = SpawnSettings(output_.get()).spawn(pid, argv_, variables_);
    output_.close();
    variables_.clear();
    if (error != 0) return Fault::internal("cannot run " + argv_[0] + ": " + std::strerror(error));
    const std::lock_guard lock(mutex_);
    pid_ = pid;
    if (abandoned_) ::kill(-pid_, SIGKILL);
    return pid;
  }
  /// On the loop: nobody wants the program any more.
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    if (pid_ > 0) ::kill(-pid_, SIGKILL);
  }

 private:
  std::vector<std::string> argv_;
  std::vector<WipedBytes> variables_;
  FileDescriptor output_;
  std::mutex mutex_;
  pid_t pid_ = 0;  // guarded, as the next one
  bool abandoned_ = false;
};

/// While a program is being started. If that is given up, the program is killed once it runs.
class ChildProcesses::Beginning {
 public:
  Beginning(ChildProcesses& owner, std::shared_ptr<Spawning> spawning) : owner_(owner), spawning_(std::move(spawning)) {
    ++owner_.beginning_;
  }
  Beginning(const Beginning&) = delete;
  Beginning& operator=(const Beginning&) = delete;
  ~Beginning() { end(); }

  /// Now the child is known.
  void succeed() {
    spawning_.reset();
    end();
  }

 private:
  void end() {
    if (std::exchange(ended_, true)) return;
    if (spawning_ != nullptr) spawning_->abandon();
    --owner_.beginning_;
    owner_.loop_.post(owner_.reaping_);  // it may have ended already
  }

  ChildProcesses& owner_;
  std::shared_ptr<Spawning> spawning_;
  bool ended_ = false;
};

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
ChildProcesses::ChildProcesses(EventLoop& loop, BlockingCalls& calls) : loop_(loop), calls_(calls) {
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
  if (argv.empty() || argv[0].empty()) co_return Fault::internal("there is no program to run");
  const std::string program = argv[0];
  const auto failed = [&program](const std::string& why) {
    return Fault::internal("cannot run " + program + ": " + why);
  };
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) co_return failed(std::strerror(errno));
  FileDescriptor reading_end(ends[0]);
  FileDescriptor writing_end(ends[1]);
  if (::fcntl(reading_end.get(), F_SETFL, O_NONBLOCK) != 0) co_return failed(std::strerror(errno));
  const auto spawning = std::make_shared<Spawning>(std::move(argv), environment, std::move(writing_end));
  Beginning beginning(*this, spawning);
  auto calling = calls_.run<pid_t>(
      BlockingCalls::Kind::spawn, [spawning] { return spawning->spawn(); }, deadline);
  const Result<pid_t> pid = co_await std::move(calling);
  if (!pid.ok() && pid.fault().is_internal()) co_return pid.fault();
  if (!pid.ok()) co_return Fault::timeout(program + " could not be started in time");
  Child& child = add(*pid, std::move(reading_end));
  beginning.succeed();
  const Holder holder(child);
  if (const Result<Done> watched = child.watch(); !watched.ok()) co_return failed(watched.fault().message);
  const bool done = co_await child.done().wait_until(deadline);
  if (!done) co_return Fault::timeout(program + " was not done in time");
  if (child.too_long()) co_return Fault::internal(program + " wrote more than 64 KiB");
  co_return child.take();
}

ChildProcesses::Child& ChildProcesses::add(pid_t pid, FileDescriptor output) {
  return *children_.emplace_back(std::make_unique<Child>(*this, pid, std::move(output)));
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
  for (auto each = children_.begin(); each != children_.end();) (*each++)->reap();
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    const auto own = std::ranges::find_if(children_, [&](const auto& child) { return child->pid() == info.si_pid; });
    if (own != children_.end()) {
      (*own)->reap();
    } else if (beginning_ > 0) {
      return;  // it may be the one that is being started
    } else {
      ::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
    }
  }
}

}  // namespace sma
