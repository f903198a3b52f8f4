#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "agent/files/file_setup.h"
#include "base/event.h"
#include "base/log.h"
#include "base/random.h"
#include "base/scheduler.h"
#include "base/task.h"
#include "os/blocking_calls.h"
#include "secrets/secret_store.h"

namespace sma {

/// What a person may see of a file that follows its secrets.
struct FileStatus {
  std::string path;
  std::optional<Seconds> age{};  ///< since the agent wrote it, or found it right at its start; none: not yet
  std::string last_error{};      ///< why it does not follow; empty: it does
};

/// Writes files and lets them follow their secrets: a task for each secret asks the store for it again and again, and
/// one task writes, on a thread, the files whose secrets came. A file whose secret cannot be had, or that cannot be
/// written, stays as it is. Source: specification §2.8.
class SecretFiles {
 public:
  struct Parts {
    Scheduler& scheduler;
    SecretStore& store;
    Random& random;
    BlockingCalls& calls;
    Log& log;
    Log* errors;  ///< where an operator sees a file that cannot be written, beside the log; null: nowhere
  };
  /// All of `parts` must outlive this object. The secrets are watched from now on.
  SecretFiles(const Parts& parts, std::vector<PlannedFile> files);
  ~SecretFiles();
  SecretFiles(const SecretFiles&) = delete;
  SecretFiles& operator=(const SecretFiles&) = delete;

  /// Begins; once.
  void start();
  /// Asks for all secrets now.
  void renew();
  /// Writes nothing more, and forgets the secrets. The files stay.
  void stop();

  /// Each file was written, or found right, once; true if there are none.
  [[nodiscard]] bool all_written() const;
  /// How often a file was written, since the start. One that was right already was not.
  [[nodiscard]] std::uint64_t written() const { return written_; }
  /// How many files do not follow now.
  [[nodiscard]] std::size_t stale() const;
  /// In the order in which they are configured.
  [[nodiscard]] std::vector<FileStatus> status() const;

 private:
  struct File;
  struct Watched;

  Watched& watched(SecretKey key, Seconds refresh);
  Task<void> follow(Watched& secret);
  Task<void> take_turn();
  void take(Watched& secret, const Result<SharedBytes>& answer);
  void note_fault(Watched& secret, const Fault& fault);
  Task<void> write_files();
  Task<void> write(File& file);
  void cannot_write(File& file, const std::string& why);

  Parts parts_;
  std::list<Watched> secrets_;  // their places stay
  std::list<File> files_;
  std::uint64_t written_ = 0;
  std::size_t asked_ = 0;  // secrets that are being asked for
  std::optional<Event> turn_;
  std::optional<Event> wake_writer_;
  TaskSet tasks_;
};

}  // namespace sma
