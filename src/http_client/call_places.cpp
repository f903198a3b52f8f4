#include "http_client/call_places.h"

#include <utility>

namespace sma {

CallPlaces::Place::Place(CallPlaces& places, std::string on_behalf_of)
    : places_(places), on_behalf_of_(std::move(on_behalf_of)), granted_(places.scheduler_) {
  places_.waiting_.push_back(*this);
  ++places_.waiting_count_;
  places_.grant();
}

CallPlaces::Place::~Place() {
  unlink();
  if (!granted_.is_set()) {
    --places_.waiting_count_;
    return;
  }
  ++places_.free_;
  if (const auto held = places_.held_.find(on_behalf_of_); held != places_.held_.end() && --held->second == 0)
    places_.held_.erase(held);
  places_.grant();
}

void CallPlaces::grant() {
  IntrusiveList<Place> skipped;
  while (free_ > 0 && !waiting_.empty()) {
    Place& next = waiting_.pop_front();
    if (!may_have_one(next.on_behalf_of_)) {
      skipped.push_back(next);
      continue;
    }
    --free_;
    --waiting_count_;
    if (!next.on_behalf_of_.empty()) ++held_[next.on_behalf_of_];
    next.granted_.set();
  }
  skipped.take_all(waiting_);
  waiting_.take_all(skipped);
}

bool CallPlaces::may_have_one(const std::string& on_behalf_of) const {
  // The first to be served may take the last place. Otherwise, of few places, it might never get one.
  if (on_behalf_of.empty() || held_.empty()) return true;
  const auto held = held_.find(on_behalf_of);
  return (held == held_.end() ? 0 : held->second) + 1 < free_;
}

}  // namespace sma
