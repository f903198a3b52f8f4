#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "base/event.h"
#include "base/result.h"
#include "base/task.h"
#include "os/event_loop.h"

namespace sma {

/// Runs the few calls that may hang and have no other form (`getaddrinfo`, reading a file on a network file system,
/// executing one, writing to what another process holds open) on threads of their own, so that the loop never waits for
/// them.
///
/// Each kind has its own threads and its own bounded queue: what hangs occupies only its own kind. A thread starts when
/// the first call of its kind needs it, and stays. The threads are detached: a call that never returns does not delay
/// the end of the process.
class BlockingCalls final : private Watcher {
 public:
  enum class Kind { name_lookup, file_read, log_write, spawn, file_write };

  explicit BlockingCalls(EventLoop& loop);
  ~BlockingCalls();
  BlockingCalls(const BlockingCalls&) = delete;
  BlockingCalls& operator=(const BlockingCalls&) = delete;

  /// The result of `work`, which runs on a thread: it owns all that it uses, and touches no object of the loop.
  ///
  /// Faults: `work`'s own; 504 `TimeoutError` at `deadline`; 503 `Busy` if the queue of this kind is full or no thread
  /// can be started. If the caller stops waiting, the call leaves the queue; if it runs already, its
  /// result is dropped.
  template <typename T>
  Task<Result<T>> run(Kind kind, std::function<Result<T>()> work, TimePoint deadline);

  /// How many calls of one kind run at once, and how many more may wait.
  static constexpr std::size_t threads_of(Kind kind) {
    return kind == Kind::name_lookup ? 4 : kind == Kind::file_read ? 2 : 1;
  }
  static constexpr std::size_t kWaiting = 64;

 private:
  /// One call. `work` runs on a thread; everything else is the loop's.
  class Job {
   public:
    explicit Job(Scheduler& scheduler) : done(scheduler) {}
    virtual ~Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    virtual void work() = 0;
    Event done;
  };
  template <typename T>
  class TypedJob final : public Job {
   public:
    TypedJob(Scheduler& scheduler, std::function<Result<T>()> function)
        : Job(scheduler), function_(std::move(function)) {}
    void work() override { result.emplace(function_()); }
    std::optional<Result<T>> result;

   private:
    std::function<Result<T>()> function_;
  };
  /// Takes a job out of the queue when the task that waits for it goes away.
  class Waiting {
   public:
    Waiting(BlockingCalls& calls, const Job& job) : calls_(calls), job_(job) {}
    ~Waiting() { calls_.withdraw(job_); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    BlockingCalls& calls_;
    const Job& job_;
  };
  struct Shared;
  struct Lane;

  void on_events(std::uint32_t events) override;
  Result<Done> submit(Kind kind, std::shared_ptr<Job> job);
  void withdraw(const Job& job);
  static bool start_thread(const std::shared_ptr<Shared>& shared, Kind kind);
  static void* serve(void* lane);
  static Fault late();

  EventLoop& loop_;
  std::shared_ptr<Shared> shared_;  // the threads hold it too
};

template <typename T>
Task<Result<T>> BlockingCalls::run(Kind kind, std::function<Result<T>()> work, TimePoint deadline) {
  const auto job = std::make_shared<TypedJob<T>>(loop_, std::move(work));
  const Result<Done> submitted = submit(kind, job);
  if (!submitted.ok()) co_return submitted.fault();
  const Waiting waiting(*this, *job);
  const bool ended = co_await job->done.wait_until(deadline);
  if (!ended) co_return late();
  co_return std::move(*job->result);
}

}  // namespace sma
