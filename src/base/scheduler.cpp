#include "base/scheduler.h"

namespace sma {

void Timer::arm(TimePoint when) {
  unlink();
  if (place_ != kNowhere) scheduler_.remove(*this);
  when_ = when;
  scheduler_.add(*this);
}

void Timer::disarm() {
  unlink();
  if (place_ != kNowhere) scheduler_.remove(*this);
}

void Scheduler::run_ready() {
  IntrusiveList<Runnable> turn;
  turn.take_all(ready_);
  while (!turn.empty()) turn.pop_front().run();
}

void Scheduler::post_due(TimePoint now) {
  while (!heap_.empty() && heap_.front()->when_ <= now) {
    Timer& due = *heap_.front();
    remove(due);
    ready_.push_back(due);
  }
}

std::optional<TimePoint> Scheduler::next_due() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->when_;
}

void Scheduler::add(Timer& timer) {
  heap_.push_back(&timer);
  timer.place_ = heap_.size() - 1;
  settle(timer.place_);
}

void Scheduler::remove(Timer& timer) {
  const std::size_t place = timer.place_;
  timer.place_ = Timer::kNowhere;
  Timer& last = *heap_.back();
  heap_.pop_back();
  if (&last == &timer) return;
  put(place, last);
  settle(place);
}

void Scheduler::put(std::size_t place, Timer& timer) {
  heap_[place] = &timer;
  timer.place_ = place;
}

void Scheduler::settle(std::size_t place) {
  Timer& moved = *heap_[place];
  while (place > 0 && moved.when_ < heap_[(place - 1) / 2]->when_) {
    put(place, *heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->when_ < heap_[child]->when_) ++child;
    if (moved.when_ <= heap_[child]->when_) break;
    put(place, *heap_[child]);
    place = child;
  }
  put(place, moved);
}

}  // namespace sma
