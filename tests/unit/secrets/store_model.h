#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "base/fault.h"
#include "secrets/secret_store.h"

namespace sma {

/// SPEC §2 once more, as plainly as can be said: every event is told to the model together with its time, and the model
/// tells which client has what answer, and which fetches are under way. It knows keys, texts and times, and nothing of
/// coroutines, hashing or lists.
class StoreModel {
 public:
  using Key = std::tuple<std::string, std::string, std::string, std::string>;  // id, version id, stage, role
  struct Fetch {
    bool describing = false;
    bool sent = false;
    bool ordinary = false;
    TimePoint started{};
    TimePoint as_of{};
    std::set<int> clients{};
  };

  explicit StoreModel(const SecretStoreSettings& settings)
      : settings_(settings), caching_(settings.ttl > Seconds{0} && settings.cache_size > 0) {}

  void request(int client, const Key& key, bool refresh_now, TimePoint now, TimePoint deadline) {
    if (!refresh_now && is_fresh(key, now)) return serve_cached(client, key);
    const bool anew = refresh_now || !caching_;
    if (!fetches.contains(key)) start(key, anew, now);
    Fetch& fetch = fetches[key];
    Client& waiting = waiting_[client] = {key, refresh_now, deadline, deadline};
    if (anew && fetch.sent) {
      next_[key].insert(client);
      return;
    }
    if (anew)
      fetch.describing = false;
    else
      fetch.ordinary = true;
    fetch.clients.insert(client);
    if (may_stand_in(waiting)) waiting.due = std::min(deadline, fetch.started + Seconds{5});
    time(now);
  }

  bool is_fresh(const Key& key, TimePoint now) const { return cache.contains(key) && now <= cache.at(key).fresh_until; }

  void leave(int client) {
    const Key key = waiting_.at(client).key;
    if (fetches.contains(key)) fetches[key].clients.erase(client);
    next_[key].erase(client);
    waiting_.erase(client);
  }

  void sent(const Key& key, TimePoint now) {
    fetches[key].sent = true;
    fetches[key].as_of = now;
  }

  void described(const Key& key, bool holds, TimePoint now) {
    if (!holds || !cache.contains(key)) {
      fetches[key].describing = false;
      return;
    }
    Entry& entry = cache[key];
    entry.fresh_until = fetches[key].as_of + settings_.ttl;
    entry.used = ++uses_;
    end(key, entry.text, std::nullopt, now);
  }

  void value(const Key& key, const std::string& text, const std::string& version, TimePoint now) {
    if (caching_) {
      cache[key] = {text, version, fetches[key].as_of + settings_.ttl, ++uses_};
      evict(std::get<3>(key));
    }
    end(key, text, std::nullopt, now);
  }

  void fault(const Key& key, const Fault& fault, TimePoint now) {
    if (fetches[key].describing && !fault.may_pass())
      fetches[key].describing = false;
    else
      end(key, fault.code, fault, now);
  }

  void time(TimePoint now) {
    for (;;) {
      const auto first = std::min_element(waiting_.begin(), waiting_.end(),
                                          [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
      if (first == waiting_.end() || first->second.due > now) return;
      const auto [client, waiting] = *first;
      if (may_stand_in(waiting)) {
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
    std::string text;
    std::string version;
    TimePoint fresh_until;
    int used;
  };
  std::map<int, std::string> answers;  // of clients that have one
  std::map<Key, Fetch> fetches;        // under way
  std::map<Key, Entry> cache;

 private:
  struct Client {
    Key key;
    bool refresh_now;
    TimePoint deadline;
    TimePoint due;
  };

  bool may_stand_in(const Client& client) const {
    return !client.refresh_now && settings_.ignore_transient_errors && cache.contains(client.key);
  }

  void serve_cached(int client, const Key& key) {
    cache[key].used = ++uses_;
    answers[client] = cache[key].text;
  }

  void start(const Key& key, bool anew, TimePoint now) {
    fetches[key] = {.describing = !anew && cache.contains(key), .started = now};
  }

  void end(const Key& key, const std::string& outcome, std::optional<Fault> fault, TimePoint now) {
    const Fetch ended = fetches[key];
    fetches.erase(key);
    const bool passing = fault && fault->may_pass();
    if (passing && ended.ordinary && settings_.ignore_transient_errors && cache.contains(key) && !is_fresh(key, now))
      cache[key].fresh_until = now + std::min(settings_.ttl, Seconds{30});
    for (const int client : ended.clients) {
      const Client waiting = waiting_.at(client);
      waiting_.erase(client);
      if (passing && may_stand_in(waiting))
        serve_cached(client, key);
      else
        answers[client] = outcome;
    }
    if (std::set<int> clients = std::exchange(next_[key], {}); !clients.empty()) {
      start(key, true, now);
      fetches[key].clients = std::move(clients);
    }
  }

  void evict(const std::string& role) {
    const auto of_role = [&](const auto& entry) { return std::get<3>(entry.first) == role; };
    while (static_cast<std::size_t>(std::count_if(cache.begin(), cache.end(), of_role)) > settings_.cache_size) {
      auto oldest = cache.end();
      for (auto entry = cache.begin(); entry != cache.end(); ++entry)
        if (of_role(*entry) && (oldest == cache.end() || entry->second.used < oldest->second.used)) oldest = entry;
      cache.erase(oldest);
    }
  }

  SecretStoreSettings settings_;
  bool caching_;
  int uses_ = 0;
  std::map<int, Client> waiting_;
  std::map<Key, std::set<int>> next_;
};

}  // namespace sma
