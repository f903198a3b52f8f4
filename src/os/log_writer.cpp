#include "os/log_writer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace sma {
namespace {

constexpr std::size_t kHeldBytes = std::size_t{256} << 10;
// What the thread gets at a time: so much is lost to sight until a slow reader has taken all of it.
constexpr std::size_t kPortion = std::size_t{16} << 10;
constexpr Milliseconds kRetryTime{100};
// At the end: half a second without a reader that takes something.
constexpr int kLastWaits = 50;
constexpr Milliseconds kLastWait{10};

/// The length of the whole lines at the beginning of `lines` that fit a portion, or of the first line.
std::size_t portion_of(std::string_view lines) {
  if (lines.size() <= kPortion) return lines.size();
  std::size_t end = lines.rfind('\n', kPortion - 1);
  if (end == std::string_view::npos) end = lines.find('\n');
  return end == std::string_view::npos ? lines.size() : end + 1;
}

std::size_t pending_of(std::span<LogWriter* const> writers) {
  std::size_t bytes = 0;
  for (const LogWriter* writer : writers) bytes += writer->pending();
  return bytes;
}

}  // namespace

LogWriter::LogWriter(EventLoop& loop, BlockingCalls& calls, std::shared_ptr<LogTarget> target)
    : loop_(loop), calls_(calls), target_(std::move(target)), retry_(loop, *this) {}

void LogWriter::write(std::string_view line) {
  note_dropped_lines();
  if (pending() + line.size() > kHeldBytes) {
    ++dropped_;
    return;
  }
  lines_ += line;
}

void LogWriter::note_dropped_lines() {
  constexpr std::size_t kNoteBytes = 128;
  // Only once there is some room again, or the note itself would fill it.
  if (dropped_ == noted_ || pending() + kNoteBytes > kHeldBytes / 2) return;
  append_log_line(lines_, format_, loop_.wall_now(), LogLevel::warn, "log lines dropped",
                  std::array{LogField("count", dropped_ - noted_)});
  noted_ = dropped_;
}

void LogWriter::tell_fault() {
  const std::optional<Fault> fault = faults_ == nullptr ? std::nullopt : target_->take_fault();
  if (!fault) return;
  std::string line;
  append_log_line(line, format_, loop_.wall_now(), LogLevel::error,
                  "the log's lines are lost; if its folder was made again, restart the agent",
                  std::array{LogField("reason", fault->message)});
  faults_->write(line);
}

void LogWriter::flush() {
  retry_.disarm();
  if (in_flight_ != 0 || lines_.empty()) return;
  if (!target_->may_block()) {
    const std::string text = std::exchange(lines_, {});
    return keep_rest_of(text, target_->write(text, loop_.now()));
  }
  std::string portion = lines_.substr(0, portion_of(lines_));
  lines_.erase(0, portion.size());
  in_flight_ = portion.size();
  writing_ = write_on_thread(std::move(portion));
  writing_.start(loop_);
}

Task<void> LogWriter::write_on_thread(std::string portion) {
  const auto text = std::make_shared<const std::string>(std::move(portion));
  Task<Result<std::size_t>> writing = calls_.run<std::size_t>(
      BlockingCalls::Kind::log_write,
      [text, target = target_, now = loop_.now()]() -> Result<std::size_t> { return target->write(*text, now); },
      TimePoint::max());
  const Result<std::size_t> done = co_await std::move(writing);
  in_flight_ = 0;
  keep_rest_of(*text, done.ok() ? *done : 0);
}

void LogWriter::keep_rest_of(std::string_view text, std::size_t done) {
  tell_fault();
  lines_.insert(0, text.substr(done));
  note_dropped_lines();
  if (lines_.empty() && lines_.capacity() > kHeldBytes / 8) std::string().swap(lines_);
  if (done < text.size()) retry_.arm(loop_.now() + kRetryTime);
}

void flush_at_end(EventLoop& loop, std::span<LogWriter* const> writers) {
  for (int waits = 0; waits < kLastWaits;) {
    const std::size_t left = pending_of(writers);
    for (LogWriter* writer : writers) writer->flush();
    if (pending_of(writers) == 0) return;
    loop.turn(kLastWait);
    if (pending_of(writers) >= left) ++waits;
  }
}

}  // namespace sma
