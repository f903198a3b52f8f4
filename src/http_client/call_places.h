#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/event.h"
#include "base/intrusive_list.h"
#include "base/scheduler.h"

namespace sma {

/// The places of calls under way. Who finds none waits for one, first in, first out; but a party (a role, say) gets one
/// only where as many stay free as it then holds: where all its calls hang, other parties still find places, and calls
/// of no party always one. These may take all there are. Outlives its places.
class CallPlaces {
 public:
  CallPlaces(Scheduler& scheduler, std::size_t count) : scheduler_(scheduler), free_(count) {}

  /// A place that is waited for and then held as long as this lives.
  class Place : public ListHook {
   public:
    /// `party` empty: of no party.
    Place(CallPlaces& places, std::string party);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    [[nodiscard]] Event& granted() { return granted_; }

   private:
    friend class CallPlaces;
    CallPlaces& places_;
    std::string party_;
    Event granted_;
  };

 private:
  void grant();
  [[nodiscard]] bool may_have_one(const std::string& party) const;

  Scheduler& scheduler_;
  std::size_t free_;
  std::map<std::string, std::size_t> held_;  // by party
  IntrusiveList<Place> waiting_;
};

}  // namespace sma
