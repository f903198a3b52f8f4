#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/event.h"
#include "base/files.h"
#include "base/task.h"
#include "os/blocking_calls.h"

namespace sma {

/// The files of this machine, for a program whose loop runs: what is asked by `ask` is answered on the threads for
/// reading files, so that a file system that hangs never blocks the loop. An answer that does not come within
/// `kPatience` is a fault that names the file.
///
/// Questions about one path are asked one at a time: a file that hangs occupies one thread, and the next question about
/// it waits for that thread, not beside it.
class ThreadedFiles final : public Files {
 public:
  /// `calls` must outlive this object.
  ThreadedFiles(EventLoop& loop, BlockingCalls& calls) : loop_(loop), calls_(calls), under_way_(loop) {}

  [[nodiscard]] Result<WipedBytes> read(const std::string& path, std::size_t limit = kLimit) const override {
    return files_.read(path, limit);
  }
  [[nodiscard]] Result<CheckedFile> read_checked(const std::string& path, FileRule rule,
                                                 std::size_t limit = kLimit) const override {
    return files_.read_checked(path, rule, limit);
  }
  [[nodiscard]] Result<Done> check_trusted(const std::string& path) const override {
    return files_.check_trusted(path);
  }
  [[nodiscard]] bool exists(const std::string& path) const override { return files_.exists(path); }
  [[nodiscard]] bool is_folder(const std::string& path) const override { return files_.is_folder(path); }
  [[nodiscard]] std::optional<FileFacts> facts(const std::string& path) const override { return files_.facts(path); }

  static constexpr Seconds kPatience{5};

 private:
  /// One question. It goes on after its asker has lost patience.
  struct Asked {
    explicit Asked(Scheduler& scheduler) : ended(scheduler) {}
    Event ended;
    std::optional<Fault> fault{};
  };
  /// The questions that have no answer yet.
  struct UnderWay {
    explicit UnderWay(Scheduler& scheduler) : tasks(scheduler) {}
    std::map<std::string, std::shared_ptr<Asked>> by_path{};
    TaskSet tasks;
  };

  [[nodiscard]] Task<Result<Done>> run(std::string path, Question question) const override;
  [[nodiscard]] Task<void> carry_out(std::string path, Question question, std::shared_ptr<Asked> asked) const;

  EventLoop& loop_;
  BlockingCalls& calls_;
  SystemFiles files_;
  mutable UnderWay under_way_;
};

}  // namespace sma
