#include "os/event_loop.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "base/wall_time.h"

namespace sma {
namespace {

constexpr int kRounds = 32;

Nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return Seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

}  // namespace

TimePoint SystemClocks::boot_now() const { return TimePoint(read_clock(CLOCK_BOOTTIME)); }
WallTime SystemClocks::wall_now() const {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return bounded_time(Seconds(time.tv_sec), Nanoseconds(time.tv_nsec));
}
Nanoseconds SystemClocks::suspended_time() const {
  const Nanoseconds running = read_clock(CLOCK_MONOTONIC);
  return read_clock(CLOCK_BOOTTIME) - running;
}

EventLoop::EventLoop(const Clocks& clocks)
    : clocks_(clocks), epoll_(epoll_create1(EPOLL_CLOEXEC)), now_(clocks.boot_now()) {
  if (!epoll_.valid()) std::abort();  // nothing can run without it
}

EventLoop::~EventLoop() = default;

Result<Done> EventLoop::watch(int descriptor, std::uint32_t events, Watcher& watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watcher;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0) return Done{};
  return Fault::internal(std::string("cannot watch a descriptor: ") + std::strerror(errno));
}

void EventLoop::change(int descriptor, std::uint32_t events, Watcher& watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watcher;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event);
}

void EventLoop::unwatch(int descriptor, Watcher& watcher) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
  forget(watcher);
}

void EventLoop::forget(const Watcher& watcher) {
  for (int i = event_next_; i < event_count_; ++i) {
    auto& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &watcher) event.data.ptr = nullptr;
  }
}

void EventLoop::run() {
  while (!stopped_) turn(Milliseconds(-1));
  stopped_ = false;  // so that single turns go on working
}

void EventLoop::turn(Milliseconds wait) {
  now_ = clocks_.boot_now();
  post_due(now_);
  while (!next_turn_.empty()) post(next_turn_.pop_front());
  // What is ready makes more ready: asking the kernel in between each time would cost more than the work itself.
  for (int round = 0; round < kRounds && has_ready(); ++round) run_ready();
  if (end_of_turn_ != nullptr) end_of_turn_->run();
  if (stopped_) return;

  if (has_ready() || !next_turn_.empty()) {
    wait = Milliseconds(0);
  } else if (const auto due = next_due()) {
    // Rounded up, so that a timer is due when we wake up for it.
    const auto left = std::chrono::ceil<Milliseconds>(std::max(*due - clocks_.boot_now(), Nanoseconds(0)));
    const auto bounded = std::min(left, std::chrono::duration_cast<Milliseconds>(std::chrono::hours(1)));
    if (wait < Milliseconds(0) || bounded < wait) wait = bounded;
  }
  dispatch(epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), static_cast<int>(wait.count())));
}

void EventLoop::dispatch(int count) {
  now_ = clocks_.boot_now();
  event_count_ = std::max(count, 0);
  for (event_next_ = 0; event_next_ < event_count_;) {
    const epoll_event event = events_[static_cast<std::size_t>(event_next_++)];
    if (event.data.ptr != nullptr) static_cast<Watcher*>(event.data.ptr)->on_events(event.events);
  }
  event_count_ = 0;
  event_next_ = 0;
}

}  // namespace sma
