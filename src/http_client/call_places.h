#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/event.h"
#include "base/intrusive_list.h"
#include "base/scheduler.h"

namespace sma {

/// Limits how many calls are under way at once. A call that finds no free place waits for one, first in, first out.
/// A call on behalf of someone (of a role, for example) gets a place only if at least as many places then stay free as
/// calls on the same behalf hold. So if all calls of one role hang, other roles still find places, and calls
/// without a role always find one: they may take all there are. Outlives its places.
class CallPlaces {
 public:
  CallPlaces(Scheduler& scheduler, std::size_t count) : scheduler_(scheduler), free_(count) {}

  /// How many wait for a place.
  [[nodiscard]] std::size_t waiting() const { return waiting_count_; }

  /// Waits for a place from its construction on, and holds it until it is destroyed.
  class Place : public ListHook {
   public:
    /// `on_behalf_of` is empty if there is no role.
    Place(CallPlaces& places, std::string on_behalf_of);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    [[nodiscard]] Event& granted() { return granted_; }

   private:
    friend class CallPlaces;
    CallPlaces& places_;
    std::string on_behalf_of_;
    Event granted_;
  };

 private:
  void grant();
  [[nodiscard]] bool may_have_one(const std::string& on_behalf_of) const;

  Scheduler& scheduler_;
  std::size_t free_;
  std::map<std::string, std::size_t> held_;  // by `on_behalf_of`
  IntrusiveList<Place> waiting_;
  std::size_t waiting_count_ = 0;
};

}  // namespace sma
