#include "os/blocking_calls.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace sma {
namespace {

constexpr std::size_t kKinds = 5;
// getaddrinfo needs the most: its answers lie on the stack.
constexpr std::size_t kStackBytes = std::size_t{256} << 10;

std::size_t index_of(BlockingCalls::Kind kind) { return static_cast<std::size_t>(kind); }

}  // namespace

/// Calls of one kind. Guarded by the mutex of `Shared`.
struct BlockingCalls::Lane {
  std::deque<std::shared_ptr<Job>> queue{};
  std::condition_variable work_came{};
  std::size_t threads = 0;
  std::size_t idle = 0;
};

/// What loop and threads share. The last of them to go frees it, so that a thread that hangs may outlive the loop.
struct BlockingCalls::Shared {
  Shared() : notice(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!notice.valid()) std::abort();
  }

  std::mutex mutex{};
  std::array<Lane, kKinds> lanes{};
  std::vector<std::shared_ptr<Job>> ended{};
  bool closed = false;
  FileDescriptor notice;  // readable while `ended` has something
};

BlockingCalls::BlockingCalls(EventLoop& loop) : loop_(loop), shared_(std::make_shared<Shared>()) {
  if (!loop_.watch(shared_->notice.get(), EPOLLIN, *this).ok()) std::abort();
}

BlockingCalls::~BlockingCalls() {
  loop_.unwatch(shared_->notice.get(), *this);
  const std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
  for (Lane& lane : shared_->lanes) {
    lane.queue.clear();
    lane.work_came.notify_all();
  }
}

void BlockingCalls::on_events(std::uint32_t /*events*/) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t size = ::read(shared_->notice.get(), &count, sizeof count);
  std::vector<std::shared_ptr<Job>> ended;
  {
    const std::lock_guard lock(shared_->mutex);
    ended.swap(shared_->ended);
  }
  for (const auto& job : ended) job->done.set();
}

Result<Done> BlockingCalls::submit(Kind kind, std::shared_ptr<Job> job) {
  const std::lock_guard lock(shared_->mutex);
  Lane& lane = shared_->lanes[index_of(kind)];
  const bool needs_thread = lane.idle <= lane.queue.size() && lane.threads < threads_of(kind);
  if (needs_thread && start_thread(shared_, kind)) ++lane.threads;
  if (lane.threads == 0 || lane.queue.size() >= kWaiting)
    return Fault::busy(lane.threads == 0 ? "no thread can be started" : "too many calls of this kind hang");
  lane.queue.push_back(std::move(job));
  lane.work_came.notify_one();
  return Done{};
}

void BlockingCalls::withdraw(const Job& job) {
  const std::lock_guard lock(shared_->mutex);
  for (Lane& lane : shared_->lanes)
    std::erase_if(lane.queue, [&](const std::shared_ptr<Job>& waiting) { return waiting.get() == &job; });
}

bool BlockingCalls::start_thread(const std::shared_ptr<Shared>& shared, Kind kind) {
  using Start = std::pair<std::shared_ptr<Shared>, Kind>;
  auto start = std::make_unique<Start>(shared, kind);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  // Signals are the loop's: it reads them from a descriptor.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  const bool started = pthread_create(&thread, &attributes, serve, start.get()) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (started) static_cast<void>(start.release());  // the thread frees it
  return started;
}

void* BlockingCalls::serve(void* argument) {
  using Start = std::pair<std::shared_ptr<Shared>, Kind>;
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  Shared& shared = *start->first;
  Lane& lane = shared.lanes[index_of(start->second)];
  std::unique_lock lock(shared.mutex);
  for (;;) {
    ++lane.idle;
    lane.work_came.wait(lock, [&] { return shared.closed || !lane.queue.empty(); });
    --lane.idle;
    if (shared.closed) return nullptr;
    std::shared_ptr<Job> job = std::move(lane.queue.front());
    lane.queue.pop_front();
    lock.unlock();
    job->work();
    lock.lock();
    if (shared.closed) return nullptr;
    shared.ended.push_back(std::move(job));
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t size = ::write(shared.notice.get(), &one, sizeof one);
  }
}

Fault BlockingCalls::late() { return Fault::timeout("the call did not return in time"); }

}  // namespace sma
