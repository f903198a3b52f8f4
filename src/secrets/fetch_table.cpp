#include "secrets/fetch_table.h"

#include <utility>

#include "base/task.h"

namespace sma {

/// A fetch with its task. Belongs to the table until it ends, and to its waiters until each has its answer.
class FetchTable::Running final : public Fetch, private Runnable {
 public:
  Running(FetchTable& table, const SecretKey& fetch_key) : Fetch(table.scheduler_, fetch_key), table_(table) {}

  /// Begins, from the start if it runs already.
  void run_task() {
    unlink();
    task_ = table_.fetcher_.run(*this);
    task_.start(table_.scheduler_, this);
  }
  /// Sets the outcome: what the task has brought.
  void finish() {
    outcome = task_.take();
    task_ = {};
  }
  void cancel(const Fault& fault) {
    unlink();
    task_ = {};
    outcome.emplace(fault);
    done.set();
  }

 private:
  void run() override { table_.ended(key); }

  FetchTable& table_;
  Task<Result<SharedBytes>> task_{};  // last: it is destroyed before what it uses
};

std::shared_ptr<Fetch> FetchTable::join(const SecretKey& key, bool forced) {
  const auto found = flights_.find(key);
  if (found == flights_.end()) {
    if (is_full()) return nullptr;
    const std::shared_ptr<Running> fetch = make(key);
    fetch->forced = forced;
    fetch->ordinary = !forced;
    flights_.emplace(key, Flight{fetch, nullptr});
    start(*fetch);
    return fetch;
  }
  Flight& flight = found->second;
  const bool too_early = forced ? flight.current->sent() : flight.current->outdated;
  if (!too_early) {
    if (forced)
      force(*flight.current);
    else
      flight.current->ordinary = true;
    return flight.current;
  }
  if (flight.next == nullptr) {
    if (is_full()) return nullptr;
    flight.next = make(key);
  }
  (forced ? flight.next->forced : flight.next->ordinary) = true;
  return flight.next;
}

void FetchTable::expire_all() {
  for (auto& [key, flight] : flights_) flight.current->outdated = flight.current->sent();
}

std::shared_ptr<FetchTable::Running> FetchTable::make(const SecretKey& key) {
  ++count_;
  auto fetch = std::make_shared<Running>(*this, key);
  fetch->started = scheduler_.now();
  return fetch;
}

void FetchTable::start(Running& fetch) {
  fetch.started = scheduler_.now();
  fetch.progress.deadline = fetch.started + kDeadline;
  fetch.run_task();
}

void FetchTable::force(Running& fetch) {
  fetch.forced = true;
  // What DescribeSecret would answer is of no use any more.
  if (std::exchange(fetch.describing, false)) fetch.run_task();
}

void FetchTable::ended(const SecretKey& key) {
  const auto found = flights_.find(key);
  const std::shared_ptr<Running> ending = std::exchange(found->second.current, std::move(found->second.next));
  --count_;
  ending->finish();
  if (ending->ordinary && !ending->outcome->ok())
    fetcher_.failed(ending->key, ending->outcome->fault(), ending->outdated);
  ending->done.set();

  std::shared_ptr<Running>& next = found->second.current;
  if (next != nullptr && next.use_count() > 1) return start(*next);
  if (next != nullptr) --count_;  // every client that waited for it has gone
  flights_.erase(found);
}

void FetchTable::cancel_all(const Fault& fault) {
  for (auto& [key, flight] : flights_)
    for (const auto& fetch : {flight.current, flight.next})
      if (fetch != nullptr) fetch->cancel(fault);
  flights_.clear();
  count_ = 0;
}

}  // namespace sma
