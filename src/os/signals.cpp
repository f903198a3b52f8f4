#include "os/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace sma {
namespace {

bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGCONT);
  if (!is_ignored(SIGHUP)) sigaddset(&set, SIGHUP);
  return set;
}

constexpr int kSecondSignal = 1;

}  // namespace

void Signals::block() {
  const sigset_t set = watched_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTTOU, SIG_IGN);  // a background process may write to a terminal that `stty tostop` is set for
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes ends the log, not the agent
}

Signals::Signals(EventLoop& loop) : loop_(loop), stop_asked_(loop) {
  const sigset_t set = watched_signals();
  descriptor_ = FileDescriptor(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  // Without it nothing could end the process but SIGKILL.
  if (!descriptor_.valid() || !loop_.watch(descriptor_.get(), EPOLLIN, *this).ok()) std::abort();
}

Signals::~Signals() { loop_.unwatch(descriptor_.get(), *this); }

void Signals::on_events(std::uint32_t /*events*/) {
  signalfd_siginfo signal{};
  while (::read(descriptor_.get(), &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
    arrived(static_cast<int>(signal.ssi_signo));
  }
}

void Signals::arrived(int signal) {
  if (signal == SIGCONT || signal == SIGHUP) {
    Runnable* waiting = signal == SIGCONT ? continued_ : hangup_;
    if (waiting != nullptr) loop_.post(*waiting);
    return;
  }
  if (stop_asked_.is_set()) _exit(kSecondSignal);
  stop_asked_.set();
}

}  // namespace sma
