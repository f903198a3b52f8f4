#include "tests/integration/support/child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace sma::integration {

namespace {

constexpr auto kPatience = std::chrono::minutes(1);
constexpr int kPatienceMs = 60'000;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Child::Child(ChildSettings settings) {
  std::array<int, 2> output{};
  std::array<int, 2> errors{};
  if (pipe2(output.data(), O_CLOEXEC) != 0 || pipe2(errors.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (settings.output_file.empty()) {
    posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  } else {
    posix_spawn_file_actions_addopen(&actions, 1, settings.output_file.c_str(), O_WRONLY | O_CREAT, 0644);
  }
  posix_spawn_file_actions_adddup2(&actions, errors[1], 2);
  if (settings.both_outputs >= 0) {
    posix_spawn_file_actions_adddup2(&actions, settings.both_outputs, 1);
    posix_spawn_file_actions_adddup2(&actions, settings.both_outputs, 2);
  }
  posix_spawn_file_actions_addchdir_np(&actions, settings.folder.c_str());
  // The tests ignore SIGPIPE, which a child would inherit.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  std::vector<std::string> variables;
  for (const auto& [name, value] : settings.environment) variables.push_back(name + '=' + value);
  const int failed = posix_spawnp(&pid_, settings.command.front().c_str(), &actions, &attributes,
                                  pointers(settings.command).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(output[1]);
  close(errors[1]);
  output_.fd = output[0];
  errors_.fd = errors[0];
  if (failed != 0) {
    close(output[0]);
    close(errors[0]);
    throw std::runtime_error("cannot run " + settings.command.front() + ": " + std::strerror(failed));
  }
  output_.reader = std::thread([this, once = !settings.read_output] { gather(output_, once); });
  errors_.reader = std::thread([this] { gather(errors_, false); });
}

Child::~Child() {
  if (!exit_code_) {
    kill(pid_, SIGKILL);
    reap(true);
  }
  output_.reader.join();
  errors_.reader.join();
  close(output_.fd);
  close(errors_.fd);
}

void Child::gather(Pipe& pipe, bool first_line_only) {
  std::array<char, 65536> chunk{};
  // One byte at a time where only the first line may leave the pipe.
  const std::size_t size = first_line_only ? 1 : chunk.size();
  for (;;) {
    const ssize_t count = read(pipe.fd, chunk.data(), size);
    const std::lock_guard lock(mutex_);
    if (count > 0) pipe.text.append(chunk.data(), static_cast<std::size_t>(count));
    const bool done = first_line_only && pipe.text.ends_with('\n');
    if (count <= 0 || done) pipe.ended = true;
    changed_.notify_all();
    if (pipe.ended) return;
  }
}

void Child::signal(int number) const {
  if (!exit_code_) kill(pid_, number);
}

void Child::reap(bool block) {
  int status = 0;
  if (exit_code_ || waitpid(pid_, &status, block ? 0 : WNOHANG) != pid_) return;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Child::is_running() {
  reap(false);
  return !exit_code_;
}

int Child::wait() {
  if (!exit_code_) {
    const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    pollfd ended{handle, POLLIN, 0};
    const int ready = poll(&ended, 1, kPatienceMs);
    close(handle);
    if (ready != 1) throw std::runtime_error("the child did not end within a minute");
    reap(true);
  }
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [this] { return output_.ended && errors_.ended; });
  return exit_code_.value_or(-1);
}

std::optional<std::string> Child::wait_for_line(const std::string& part) {
  std::unique_lock lock(mutex_);
  std::optional<std::string> line;
  const auto found = [&] {
    const std::size_t place = output_.text.find(part);
    const std::size_t end = place == std::string::npos ? place : output_.text.find('\n', place);
    if (end == std::string::npos) return output_.ended;
    const std::size_t start = output_.text.rfind('\n', place) + 1;
    line = output_.text.substr(start, end - start);
    return true;
  };
  if (!changed_.wait_for(lock, kPatience, found)) throw std::runtime_error("no line with: " + part);
  return line;
}

std::string Child::output() const {
  const std::lock_guard lock(mutex_);
  return output_.text;
}

std::string Child::errors() const {
  const std::lock_guard lock(mutex_);
  return errors_.text;
}

void Child::wait_for_error(const std::string& part) const {
  std::unique_lock lock(mutex_);
  const auto found = [&] { return errors_.ended || errors_.text.find(part) != std::string::npos; };
  if (!changed_.wait_for(lock, kPatience, found) || errors_.text.find(part) == std::string::npos) {
    throw std::runtime_error("standard error never said: " + part + "\n" + errors_.text);
  }
}

Outcome run(ChildSettings settings) {
  Child child(std::move(settings));
  Outcome outcome;
  outcome.exit_code = child.wait();
  outcome.output = child.output();
  outcome.errors = child.errors();
  return outcome;
}

bool works_as_root(std::vector<std::string> command) {
  if (geteuid() != 0) return false;
  ChildSettings settings;
  settings.command = std::move(command);
  settings.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
  return run(std::move(settings)).exit_code == 0;
}

}  // namespace sma::integration
