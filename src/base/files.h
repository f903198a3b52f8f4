#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/file_rule.h"
#include "base/result.h"
#include "base/task.h"
#include "base/wiped_bytes.h"

namespace sma {

/// Facts that differ between two states of a file.
struct FileFacts {
  unsigned permissions = 0;   ///< the lower nine bits of its mode
  std::int64_t modified = 0;  ///< nanoseconds since the epoch, see base/wall_time.h
  std::uint64_t node = 0;
  std::uint64_t size = 0;  ///< bytes
  bool operator==(const FileFacts&) const = default;
};

struct CheckedFile {
  WipedBytes content;
  unsigned permissions = 0;     ///< the lower nine bits of its mode
  bool in_open_folder = false;  ///< everybody can replace it
  bool is_regular = true;       ///< can be read again, as a pipe cannot
};

/// What to tell a person of a file that is `in_open_folder`.
[[nodiscard]] std::string open_folder_remark(const std::string& path);

/// Reads small files whole. Tests put their own in.
///
/// All but `ask` wait until the file system has answered: they are for the start, for commands, and for questions.
class Files {
 public:
  virtual ~Files() = default;
  /// At most `limit` bytes; a larger file, a folder, or one that cannot be read is a fault that names the path and the
  /// reason, never the content.
  [[nodiscard]] virtual Result<WipedBytes> read(const std::string& path, std::size_t limit = kLimit) const = 0;
  /// The same if `rule` allows the file that was opened, else a fault that says why not.
  [[nodiscard]] virtual Result<CheckedFile> read_checked(const std::string& path, FileRule rule,
                                                         std::size_t limit = kLimit) const;
  /// The content of a file that no other user can have put there (`FileRule::not_planted`).
  [[nodiscard]] Result<WipedBytes> read_trusted(const std::string& path, std::size_t limit = kLimit) const;
  /// For what a library reads by its path: no other user can have put this file or folder there, or there is none.
  /// The fault names the path.
  [[nodiscard]] virtual Result<Done> check_trusted(const std::string& /*path*/) const { return Done{}; }
  [[nodiscard]] virtual bool exists(const std::string& path) const = 0;
  [[nodiscard]] virtual bool is_folder(const std::string& /*path*/) const { return false; }
  /// None if there is no such file, or if a test does not care.
  [[nodiscard]] virtual std::optional<FileFacts> facts(const std::string& /*path*/) const { return std::nullopt; }

  /// What `question` returns. It gets the Files that it may use, owns all else that it uses, and touches nothing of the
  /// loop: it may run on a thread. `path` is the file that it is about. Here it is asked at once. `ThreadedFiles`
  /// keeps a file system that hangs away from the loop.
  ///
  /// Faults: the question's own; 504 `TimeoutError`, which names the path, if the answer does not come in time.
  template <typename T>
  [[nodiscard]] Task<Result<T>> ask(std::string path, std::function<Result<T>(const Files&)> question) const;

  /// `read_trusted` as a question.
  [[nodiscard]] Task<Result<WipedBytes>> ask_trusted(std::string path) const;

  static constexpr std::size_t kLimit = std::size_t{4} << 20;

 protected:
  using Question = std::function<void(const Files&)>;
  /// Runs `question`, or returns why it has not run to its end.
  [[nodiscard]] virtual Task<Result<Done>> run(std::string path, Question question) const;
};

template <typename T>
Task<Result<T>> Files::ask(std::string path, std::function<Result<T>(const Files&)> question) const {
  const auto answer = std::make_shared<std::optional<Result<T>>>();
  Task<Result<Done>> running =
      run(std::move(path), [answer, asked = std::move(question)](const Files& files) { *answer = asked(files); });
  const Result<Done> ran = co_await std::move(running);
  if (!ran.ok()) co_return ran.fault();
  co_return std::move(**answer);
}

/// The files of this machine. A file may be a pipe (`<(…)`, /dev/fd/3, a FIFO) whose writer has yet to come: it is read
/// to its end, and is a fault if that does not come in time. It is never taken for empty.
class SystemFiles final : public Files {
 public:
  /// `patience`: how long a read of a pipe may wait for each next byte, or for its end.
  explicit SystemFiles(Nanoseconds patience = Seconds(2)) : patience_(patience) {}

  [[nodiscard]] Result<WipedBytes> read(const std::string& path, std::size_t limit = kLimit) const override;
  [[nodiscard]] Result<CheckedFile> read_checked(const std::string& path, FileRule rule,
                                                 std::size_t limit = kLimit) const override;
  [[nodiscard]] Result<Done> check_trusted(const std::string& path) const override;
  [[nodiscard]] bool exists(const std::string& path) const override;
  [[nodiscard]] bool is_folder(const std::string& path) const override;
  [[nodiscard]] std::optional<FileFacts> facts(const std::string& path) const override;

 private:
  const Nanoseconds patience_;
};

}  // namespace sma
