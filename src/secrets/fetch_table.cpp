#include "secrets/fetch_table.h"

#include <utility>

#include "secrets/refresh.h"

namespace sma {

Fetch::Fetch(FetchTable& table, Scheduler& scheduler, SecretKey fetch_key)
    : key(std::move(fetch_key)), done(scheduler), table_(table) {}

void Fetch::run() { table_.ended(*this); }

std::shared_ptr<Fetch> FetchTable::join(const SecretKey& key, bool forced) {
  const auto found = flights_.find(key);
  if (found == flights_.end()) {
    if (count_ == kMaxFetches) return nullptr;
    std::shared_ptr<Fetch> fetch = make(key);
    fetch->forced = forced;
    fetch->ordinary = !forced;
    flights_.emplace(key, Flight{fetch, nullptr});
    start(*fetch);
    return fetch;
  }
  Flight& flight = found->second;
  if (!forced) {
    flight.current->ordinary = true;
    return flight.current;
  }
  if (!flight.current->sent()) {
    force(*flight.current);
    return flight.current;
  }
  if (flight.next == nullptr) {
    if (count_ == kMaxFetches) return nullptr;
    flight.next = make(key);
    flight.next->forced = true;
  }
  return flight.next;
}

std::shared_ptr<Fetch> FetchTable::make(const SecretKey& key) {
  ++count_;
  return std::make_shared<Fetch>(*this, scheduler_, key);
}

void FetchTable::start(Fetch& fetch) {
  fetch.started = scheduler_.now();
  fetch.progress.deadline = fetch.started + kDeadline;
  fetch.task_ = refresh_.run(fetch);
  fetch.task_.start(scheduler_, &fetch);
}

void FetchTable::force(Fetch& fetch) {
  fetch.forced = true;
  if (!fetch.describing) return;
  // The description it waits to ask for is of no use any more.
  fetch.describing = false;
  fetch.unlink();
  fetch.task_ = refresh_.run(fetch);
  fetch.task_.start(scheduler_, &fetch);
}

void FetchTable::ended(Fetch& fetch) {
  const auto found = flights_.find(fetch.key);
  const std::shared_ptr<Fetch> ending = std::exchange(found->second.current, std::move(found->second.next));
  --count_;
  ending->outcome = ending->task_.take();
  ending->task_ = {};
  if (ending->ordinary && !ending->outcome->ok()) refresh_.failed(ending->key, ending->outcome->fault());
  ending->done.set();

  std::shared_ptr<Fetch>& next = found->second.current;
  if (next != nullptr && next.use_count() > 1) return start(*next);
  if (next != nullptr) --count_;  // all who wanted it have gone
  flights_.erase(found);
}

void FetchTable::cancel_all(const Fault& fault) {
  for (auto& [key, flight] : flights_)
    for (Fetch* fetch : {flight.current.get(), flight.next.get()}) {
      if (fetch == nullptr) continue;
      fetch->unlink();
      fetch->task_ = {};
      fetch->outcome.emplace(fault);
      fetch->done.set();
    }
  flights_.clear();
  count_ = 0;
}

}  // namespace sma
