#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sma::integration {

/// What to run and how.
struct ChildSettings {
  std::vector<std::string> command;                // the program first
  std::map<std::string, std::string> environment;  // all of it: nothing is inherited
  std::string folder = "/";                        // working directory
  bool read_output = true;                         // false: standard output is read up to its first line only
  std::string output_file;                         // standard output goes here instead
  int both_outputs = -1;                           // standard output and error go to this descriptor instead
};

/// A child process whose two outputs are gathered by threads. Nothing here waits longer than a minute: then it throws
/// std::runtime_error.
class Child {
 public:
  explicit Child(ChildSettings settings);
  /// Kills it if it still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Waits for its end: the exit code, or 128 and the signal's number.
  int wait();
  [[nodiscard]] bool is_running();
  /// Waits for a whole line that contains `part` on standard output; nothing where the output ends first.
  [[nodiscard]] std::optional<std::string> wait_for_line(const std::string& part);
  /// What came so far.
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;
  /// Waits until standard error contains `part`; throws after a minute or at its end.
  void wait_for_error(const std::string& part) const;

 private:
  struct Pipe {
    int fd = -1;
    std::string text;
    bool ended = false;
    std::thread reader;
  };

  void gather(Pipe& pipe, bool first_line_only);
  void reap(bool block);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Pipe output_;
  Pipe errors_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

/// Runs a command to its end.
struct Outcome {
  int exit_code = 0;
  std::string output;
  std::string errors;
};
[[nodiscard]] Outcome run(ChildSettings settings);

/// Whether this user is root and the command succeeds: some tests need a namespace or a mount.
[[nodiscard]] bool works_as_root(std::vector<std::string> command);

}  // namespace sma::integration
