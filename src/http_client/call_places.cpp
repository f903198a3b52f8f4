#include "http_client/call_places.h"

#include <utility>

namespace sma {

CallPlaces::Place::Place(CallPlaces& places, std::string party)
    : places_(places), party_(std::move(party)), granted_(places.scheduler_) {
  places_.waiting_.push_back(*this);
  places_.grant();
}

CallPlaces::Place::~Place() {
  unlink();
  if (!granted_.is_set()) return;
  ++places_.free_;
  if (const auto held = places_.held_.find(party_); held != places_.held_.end() && --held->second == 0)
    places_.held_.erase(held);
  places_.grant();
}

void CallPlaces::grant() {
  IntrusiveList<Place> passed_over;
  while (free_ > 0 && !waiting_.empty()) {
    Place& next = waiting_.pop_front();
    if (!may_have_one(next.party_)) {
      passed_over.push_back(next);
      continue;
    }
    --free_;
    if (!next.party_.empty()) ++held_[next.party_];
    next.granted_.set();
  }
  passed_over.take_all(waiting_);
  waiting_.take_all(passed_over);
}

bool CallPlaces::may_have_one(const std::string& party) const {
  // The first party may take the last place: else, of few places, it might never get one.
  if (party.empty() || held_.empty()) return true;
  const auto held = held_.find(party);
  return (held == held_.end() ? 0 : held->second) + 1 < free_;
}

}  // namespace sma
