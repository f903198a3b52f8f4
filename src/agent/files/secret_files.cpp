#include "agent/files/secret_files.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "agent/files/refresh_schedule.h"
#include "base/growing_wait.h"

namespace sma {
namespace {

constexpr Seconds kFirstWait{1};  // before what failed is tried again
constexpr Seconds kLongestWait{60};
constexpr Seconds kWriteTime{30};
// At the start all are asked for: each call at once takes a connection, whose memory is not needed later.
constexpr std::size_t kAskedAtOnce = 2;
constexpr Seconds kLongestTurn{1};  // secrets that hang delay no other for longer

}  // namespace

struct SecretFiles::Watched {
  SecretKey key;
  Seconds refresh;
  std::vector<File*> files{};
  SharedBytes answer{};  // empty: there is none
  std::string last_error{};
  std::optional<Event> wake{};
};

struct SecretFiles::File {
  PlannedFile plan;
  std::vector<Watched*> secrets{};  // in the order of the template's
  GrowingWait retries{kFirstWait, kLongestWait};
  bool changed = false;  // a secret of it came, or it could not be written
  TimePoint due{};       // no earlier
  std::optional<TimePoint> written{};
  std::string last_error{};

  /// Why it does not follow; empty: it does.
  [[nodiscard]] const std::string& fault() const {
    const auto failed =
        std::ranges::find_if(secrets, [](const Watched* secret) { return !secret->last_error.empty(); });
    return last_error.empty() && failed != secrets.end() ? (*failed)->last_error : last_error;
  }
  [[nodiscard]] bool can_be_written() const {
    return changed && std::ranges::none_of(secrets, [](const Watched* secret) { return secret->answer.empty(); });
  }
};

SecretFiles::SecretFiles(const Parts& parts, std::vector<PlannedFile> files) : parts_(parts), tasks_(parts.scheduler) {
  for (PlannedFile& plan : files) {
    File& file = files_.emplace_back(File{.plan = std::move(plan)});
    for (SecretKey key : file.plan.content.secrets()) {
      key.role_arn = file.plan.role_arn;
      Watched& secret = watched(std::move(key), file.plan.refresh);
      secret.files.push_back(&file);
      file.secrets.push_back(&secret);
    }
  }
}

SecretFiles::~SecretFiles() { stop(); }

/// The file that wants its secret most often decides for all.
SecretFiles::Watched& SecretFiles::watched(SecretKey key, Seconds refresh) {
  const auto found = std::ranges::find(secrets_, key, &Watched::key);
  if (found != secrets_.end()) {
    found->refresh = std::min(found->refresh, refresh);
    return *found;
  }
  parts_.store.watch(key);
  return secrets_.emplace_back(std::move(key), refresh);
}

void SecretFiles::start() {
  if (files_.empty()) return;
  wake_writer_.emplace(parts_.scheduler);
  for (Watched& secret : secrets_) tasks_.start(follow(secret));
  tasks_.start(write_files());
}

void SecretFiles::renew() {
  for (Watched& secret : secrets_)
    if (secret.wake) secret.wake->set();
}

void SecretFiles::stop() {
  tasks_.cancel_all();
  for (Watched& secret : secrets_) secret.answer = {};
}

bool SecretFiles::all_written() const {
  return std::ranges::all_of(files_, [](const File& file) { return file.written.has_value(); });
}

std::size_t SecretFiles::stale() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(files_, [](const File& file) { return !file.fault().empty(); }));
}

std::vector<FileStatus> SecretFiles::status() const {
  std::vector<FileStatus> all;
  for (const File& file : files_) {
    FileStatus& status = all.emplace_back(FileStatus{.path = file.plan.target.path, .last_error = file.fault()});
    if (file.written) status.age = std::chrono::duration_cast<Seconds>(parts_.scheduler.now() - *file.written);
  }
  return all;
}

Task<void> SecretFiles::follow(Watched& secret) {
  GrowingWait retries(kFirstWait, std::min(kLongestWait, secret.refresh));
  for (;;) {
    secret.wake.emplace(parts_.scheduler);  // what comes during the call is for the next one
    Task<void> waiting = take_turn();
    co_await std::move(waiting);
    Task<Result<SharedBytes>> asking = parts_.store.renew(secret.key);
    const Result<SharedBytes> answer = co_await std::move(asking);
    --asked_;
    if (turn_) turn_->set();
    take(secret, answer);
    const bool again_soon = !answer.ok() && answer.fault().is_transient();
    if (!again_soon) retries.reset();
    const Nanoseconds pause = again_soon ? retries.next(parts_.random) : next_refresh(secret.refresh, parts_.random);
    [[maybe_unused]] const bool woken = co_await secret.wake->wait_until(parts_.scheduler.now() + pause);
  }
}

Task<void> SecretFiles::take_turn() {
  const TimePoint latest = parts_.scheduler.now() + kLongestTurn;
  while (asked_ >= kAskedAtOnce && parts_.scheduler.now() < latest) {
    if (!turn_ || turn_->is_set()) turn_.emplace(parts_.scheduler);
    [[maybe_unused]] const bool came = co_await turn_->wait_until(latest);
  }
  ++asked_;
}

/// Each answer lets its files be looked at: one may have been removed or changed.
void SecretFiles::take(Watched& secret, const Result<SharedBytes>& answer) {
  if (!answer.ok()) return note_fault(secret, answer.fault());
  secret.answer = *answer;
  secret.last_error.clear();
  for (File* file : secret.files) {
    if (!file->changed) file->due = parts_.scheduler.now();
    file->changed = true;
  }
  wake_writer_->set();
}

/// Once, until it comes again or the fault is another one.
void SecretFiles::note_fault(Watched& secret, const Fault& fault) {
  if (!fault.is_transient()) secret.answer = {};
  if (std::exchange(secret.last_error, fault.code) == fault.code) return;
  const std::vector<LogField> fields{{"secret_id", secret.key.secret_id},
                                     {"role_arn", secret.key.role_arn},
                                     {"error", fault.code},
                                     {"reason", fault.message}};
  parts_.log.write(fault.is_transient() ? LogLevel::warn : LogLevel::error,
                   fault.is_transient() ? "a secret of files does not come, they stay as they are"
                                        : "a secret of files is refused, they stay as they are",
                   fields);
}

/// One at a time: a folder that hangs makes the others late, but fills no queue.
Task<void> SecretFiles::write_files() {
  for (;;) {
    wake_writer_.emplace(parts_.scheduler);
    TimePoint next = parts_.scheduler.now() + kLongestWait;
    for (File& file : files_) {
      if (!file.can_be_written()) continue;
      if (file.due <= parts_.scheduler.now()) {
        Task<void> writing = write(file);
        co_await std::move(writing);
      }
      if (file.changed) next = std::min(next, file.due);
    }
    [[maybe_unused]] const bool woken = co_await wake_writer_->wait_until(next);
  }
}

Task<void> SecretFiles::write(File& file) {
  std::vector<SharedBytes> answers;
  answers.reserve(file.secrets.size());
  for (const Watched* secret : file.secrets) answers.push_back(secret->answer);
  file.changed = false;  // a secret may come meanwhile
  auto content = file.plan.content.render(answers);
  if (!content.ok()) co_return cannot_write(file, content.fault().message);
  const bool surrogate_replaced = content->surrogate_replaced;
  std::function<Result<FileChange>()> work = [target = file.plan.target,
                                              bytes = std::make_shared<WipedBytes>(std::move(content->bytes))] {
    SystemRandom random;
    return write_file(target, bytes->view(), random);
  };
  Task<Result<FileChange>> writing = parts_.calls.run<FileChange>(BlockingCalls::Kind::file_write, std::move(work),
                                                                  parts_.scheduler.now() + kWriteTime);
  const Result<FileChange> change = co_await std::move(writing);
  if (!change.ok()) {
    file.changed = true;
    file.due = parts_.scheduler.now() + file.retries.next(parts_.random);
    co_return cannot_write(file, change.fault().message);
  }
  file.retries.reset();
  file.last_error.clear();
  if (*change != FileChange::none) ++written_;
  if (*change == FileChange::none && file.written) co_return;
  file.written = parts_.scheduler.now();
  parts_.log.info(*change == FileChange::none ? "the file has its secret already" : "the file was written",
                  {{"path", file.plan.target.path}});
  if (surrogate_replaced)
    parts_.log.warn("a secret of the file holds a lone surrogate, which UTF-8 cannot express; U+FFFD takes its place",
                    {{"path", file.plan.target.path}});
}

void SecretFiles::cannot_write(File& file, const std::string& why) {
  if (std::exchange(file.last_error, why) == why) return;
  for (Log* log : {&parts_.log, parts_.errors})
    if (log != nullptr)
      log->error("a file cannot be written, it stays as it is", {{"path", file.plan.target.path}, {"reason", why}});
}

}  // namespace sma
