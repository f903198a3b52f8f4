#pragma once

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/fault.h"
#include "secrets/secret_store.h"

namespace sma {

/// Specification §2 once more, as plainly as possible: the model gets every event together with its time, and
/// says which client has what answer, which fetches are under way, and what is cached. It knows keys, texts
/// and times, and nothing of coroutines, hashing or lists. Texts weigh whole units of `kUnit` bytes; what keeping them
/// costs beside is less than that for all entries together, so that the model may leave it out.
class StoreModel {
 public:
  using Key = std::tuple<std::string, std::string, std::string, std::string>;  // id, version id, stage, role
  struct Fetch {
    bool describing = false;
    bool sent = false;
    bool ordinary = false;
    bool outdated = false;  // sent before all entries were made to count as expired
    TimePoint started{};
    TimePoint as_of{};
    std::set<int> clients{};
  };

  static constexpr std::size_t kUnit = 16384;

  /// `drawn`: what each entry draws at random, of a tenth of the TTL.
  StoreModel(const SecretStoreSettings& settings, Nanoseconds drawn)
      : settings_(settings), drawn_(drawn), caching_(settings.ttl > Seconds{0} && settings.cache_size > 0) {}

  void request(int client, const Key& key, bool refresh_now, TimePoint now, TimePoint deadline) {
    if (!refresh_now && is_fresh(key, now)) {
      serve_cached(client, key);
      return renew_ahead(key, now);
    }
    const bool forced = refresh_now || !caching_;
    if (!fetches.contains(key)) start(key, forced, now);
    Fetch& fetch = fetches[key];
    Client& waiting = waiting_[client] = {key, refresh_now, deadline, deadline};
    if (forced ? fetch.sent : fetch.outdated) {
      Next& next = next_.try_emplace(key, Next{.made = now}).first->second;
      next.clients.insert(client);
      (forced ? next.forced : next.ordinary) = true;
      if (may_stand_in(waiting, now)) waiting.due = std::min(deadline, next.made + Seconds{5});
      return time(now);
    }
    if (forced)
      fetch.describing = false;
    else
      fetch.ordinary = true;
    fetch.clients.insert(client);
    if (may_stand_in(waiting, now)) waiting.due = std::min(deadline, fetch.started + Seconds{5});
    time(now);
  }

  void leave(int client) {
    const Key key = waiting_.at(client).key;
    if (fetches.contains(key)) fetches[key].clients.erase(client);
    if (next_.contains(key)) next_[key].clients.erase(client);
    waiting_.erase(client);
  }

  void expire_all(TimePoint now) {
    expired_ = now;
    for (Entry& entry : cache) entry.fresh_until = std::min(entry.fresh_until, now - Nanoseconds{1});
    for (auto& [key, fetch] : fetches) fetch.outdated = fetch.sent;
  }

  void sent(const Key& key, TimePoint now) {
    fetches[key].sent = true;
    fetches[key].as_of = now;
  }

  void described(const Key& key, bool holds, TimePoint now) {
    Entry* entry = find(key);
    if (!holds || entry == nullptr) {
      fetches[key].describing = false;
      return;
    }
    const TimePoint as_of = fetches[key].as_of;
    if (as_of >= entry->as_of) {
      entry->as_of = as_of;
      entry->fresh_until = std::max(entry->fresh_until, fresh_until(as_of));
      entry->renew_from = renew_from(as_of);
    }
    entry->used = ++uses_;
    end(key, entry->text, std::nullopt, now);
  }

  void value(const Key& key, const std::string& text, TimePoint now) {
    const TimePoint as_of = fetches[key].as_of;
    const Entry* old = find(key);
    if (caching_ && (old == nullptr || as_of >= old->as_of)) {
      const std::set<Key> keys = old == nullptr ? std::set{key} : old->keys;
      std::erase_if(cache, [&](const Entry& entry) { return &entry == old; });
      if (text.size() < settings_.cache_bytes) cache.push_back(entry(keys, text, as_of, ++uses_));
      evict(std::get<3>(key));
    }
    end(key, text, std::nullopt, now);
  }

  /// Prefetch brought a secret's value, asked for at `as_of`, under all these keys of one role. True if it is kept.
  bool prefetched(const std::set<Key>& keys, const std::string& text, TimePoint as_of, double ratio) {
    const auto known = [&](const Key& key) { return find(key) != nullptr || fetches.contains(key); };
    if (!caching_ || std::any_of(keys.begin(), keys.end(), known)) return false;
    const double most = ratio * static_cast<double>(settings_.cache_size);
    if (static_cast<double>(entries(std::get<3>(*keys.begin()))) + 1 > most) return false;
    if (bytes() + text.size() > settings_.cache_bytes) return false;
    cache.push_back(entry(keys, text, as_of, --prefetches_));
    return true;
  }

  void fault(const Key& key, const Fault& fault, TimePoint now) {
    if (fetches[key].describing && fetches[key].sent && !fault.is_transient()) {
      fetches[key].describing = false;
      return;
    }
    if (fault.revoked == Fault::Revoked::secret)
      std::erase_if(cache, [&](const Entry& entry) { return entry.keys.contains(key); });
    if (fault.revoked == Fault::Revoked::role)
      std::erase_if(cache, [&](const Entry& entry) { return std::get<3>(*entry.keys.begin()) == std::get<3>(key); });
    end(key, fault.code, fault, now);
  }

  void time(TimePoint now) {
    for (;;) {
      const auto first = std::min_element(waiting_.begin(), waiting_.end(),
                                          [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
      if (first == waiting_.end() || first->second.due > now) return;
      const auto [client, waiting] = *first;
      if (may_stand_in(waiting, waiting.due)) {
        leave(client);
        serve_cached(client, waiting.key);
      } else if (waiting.due < waiting.deadline) {
        first->second.due = waiting.deadline;
      } else {
        leave(client);
        answers[client] = "TimeoutError";
      }
    }
  }

  struct Entry {
    std::set<Key> keys;
    std::string text;
    TimePoint fetched;
    TimePoint as_of;
    TimePoint fresh_until;
    TimePoint renew_from;  // from then on, a use has it renewed ahead of time, once
    int used;  // the least leaves first; below 0: prefetched and never used, the latest of them leaves first
  };
  /// Whether an entry is that role's.
  static auto of(const std::string& role) {
    return [&role](const Entry& entry) { return std::get<3>(*entry.keys.begin()) == role; };
  }
  Entry* find(const Key& key) {
    const auto found = std::find_if(cache.begin(), cache.end(), [&](const Entry& e) { return e.keys.contains(key); });
    return found == cache.end() ? nullptr : &*found;
  }
  std::size_t entries(const std::string& role) const {
    return static_cast<std::size_t>(std::count_if(cache.begin(), cache.end(), of(role)));
  }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Entry& entry : cache) sum += entry.text.size();
    return sum;
  }
  std::map<int, std::string> answers;  // of clients that have one
  std::map<Key, Fetch> fetches;        // under way
  std::list<Entry> cache;
  int renewed_ahead = 0;

 private:
  struct Client {
    Key key;
    bool refresh_now;
    TimePoint deadline;
    TimePoint due;
  };
  /// The fetch that starts when the present one ends.
  struct Next {
    TimePoint made;
    bool forced = false;
    bool ordinary = false;
    std::set<int> clients{};
  };

  bool is_fresh(const Key& key, TimePoint now) {
    const Entry* entry = find(key);
    return entry != nullptr && now <= entry->fresh_until;
  }

  TimePoint fresh_until(TimePoint as_of) const {
    return as_of > expired_ ? as_of + settings_.ttl : expired_ - Nanoseconds{1};
  }
  TimePoint renew_from(TimePoint as_of) const { return as_of + Nanoseconds(settings_.ttl) * 8 / 10 + drawn_; }

  Entry entry(const std::set<Key>& keys, const std::string& text, TimePoint as_of, int used) const {
    return {keys, text, as_of, as_of, fresh_until(as_of), renew_from(as_of), used};
  }

  void renew_ahead(const Key& key, TimePoint now) {
    if (now < find(key)->renew_from || fetches.contains(key)) return;
    find(key)->renew_from = TimePoint::max();
    start(key, false, now);
    fetches[key].ordinary = true;
    ++renewed_ahead;
  }

  TimePoint last_stand_in(const Entry& entry) const {
    const bool limited = settings_.max_stale > Seconds{0};
    return limited ? entry.as_of + settings_.ttl + settings_.max_stale : TimePoint::max();
  }

  bool may_stand_in(const Key& key, TimePoint now) {
    return settings_.ignore_transient_errors && find(key) != nullptr && now <= last_stand_in(*find(key));
  }
  bool may_stand_in(const Client& client, TimePoint now) {
    return !client.refresh_now && may_stand_in(client.key, now);
  }

  void serve_cached(int client, const Key& key) {
    find(key)->used = ++uses_;
    answers[client] = find(key)->text;
  }

  void start(const Key& key, bool forced, TimePoint now) {
    const Entry* entry = find(key);
    const bool describing = !forced && entry != nullptr && now - entry->fetched <= Seconds{3600};
    fetches[key] = {.describing = describing, .started = now};
  }

  void end(const Key& key, const std::string& outcome, std::optional<Fault> fault, TimePoint now) {
    const Fetch ended = fetches[key];
    fetches.erase(key);
    const bool passing = fault && fault->is_transient();
    if (passing && ended.ordinary && !ended.outdated && may_stand_in(key, now) && !is_fresh(key, now)) {
      find(key)->fresh_until = std::min(now + std::min(settings_.ttl, Seconds{30}), last_stand_in(*find(key)));
      find(key)->renew_from = TimePoint::max();
    }
    for (const int client : ended.clients) {
      const Client waiting = waiting_.at(client);
      waiting_.erase(client);
      if (passing && may_stand_in(waiting, now))
        serve_cached(client, key);
      else
        answers[client] = outcome;
    }
    const auto node = next_.extract(key);
    if (node.empty() || node.mapped().clients.empty()) return;
    start(key, node.mapped().forced, now);
    fetches[key].ordinary = node.mapped().ordinary;
    fetches[key].clients = node.mapped().clients;
  }

  void evict(const std::string& role) {
    const auto used_before = [](const Entry& a, const Entry& b) { return a.used < b.used; };
    while (entries(role) > settings_.cache_size) {
      auto oldest = std::find_if(cache.begin(), cache.end(), of(role));
      for (auto entry = oldest; entry != cache.end(); ++entry)
        if (of(role)(*entry) && entry->used < oldest->used) oldest = entry;
      cache.erase(oldest);
    }
    while (bytes() > settings_.cache_bytes) cache.erase(std::min_element(cache.begin(), cache.end(), used_before));
  }

  SecretStoreSettings settings_;
  Nanoseconds drawn_;
  bool caching_;
  int uses_ = 0;
  int prefetches_ = 0;
  std::map<int, Client> waiting_;
  std::map<Key, Next> next_;
  TimePoint expired_ = TimePoint::min();
};

}  // namespace sma
