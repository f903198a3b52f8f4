#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/secrets/store_fixture.h"
#include "tests/unit/secrets/store_model.h"

namespace sma {
namespace {

using Key = StoreModel::Key;

constexpr const char* kIds[] = {"a", "b", "c"};
constexpr const char* kRoles[] = {"", "role"};

/// The secrets as AWS has them: each has versions 0 to `current`, and remembers when each became the current one.
struct World {
  std::map<std::string, std::vector<TimePoint>> began;

  std::size_t current(const std::string& id) const { return began.at(id).size() - 1; }
  /// The version that a key asks for: the current one, the one before it, or v1.
  std::size_t version(const Key& key) const {
    if (!std::get<1>(key).empty()) return 1;
    return current(std::get<0>(key)) - (std::get<2>(key).empty() ? 0 : 1);
  }
  /// When that version stopped being what the key asks for, if it has.
  std::optional<TimePoint> superseded(const Key& key, std::size_t version) const {
    if (!std::get<1>(key).empty()) return std::nullopt;
    const std::size_t by = version + (std::get<2>(key).empty() ? 1 : 2);
    if (by > current(std::get<0>(key))) return std::nullopt;
    return began.at(std::get<0>(key))[by];
  }
  SecretVersions describe(const std::string& id) const {
    SecretVersions all;
    for (std::size_t v = 0; v <= current(id); ++v) {
      all.versions.push_back({.version_id = "v" + std::to_string(v), .stages = {}});
      if (v == current(id)) all.versions.back().stages = {"AWSCURRENT"};
      if (v + 1 == current(id)) all.versions.back().stages = {"AWSPREVIOUS"};
    }
    return all;
  }
};

std::string text_for(const Key& key, std::size_t version) {
  return std::get<0>(key) + '/' + std::get<1>(key) + '/' + std::get<2>(key) + '/' + std::get<3>(key) + '=' +
         std::to_string(version);
}

SecretKey secret_key(const Key& key) {
  return {std::get<0>(key), std::get<1>(key), std::get<2>(key), std::get<3>(key)};
}

/// One random schedule, played to the store and to the model side by side.
class Schedule {
 public:
  Schedule(unsigned seed, SecretStoreSettings settings)
      : random_(seed), settings_(settings), fixture_(settings), model_(settings) {
    for (const char* id : kIds) world_.began[id] = {now(), now()};
  }

  void play(int steps) {
    for (int step = 0; step < steps; ++step) {
      const std::size_t calls = fixture_.source.calls.size();
      const Key key = one_event();
      must(fixture_.source.calls.size() <= calls + 1, "an event made more than one call");
      if (fixture_.source.calls.size() > calls) pending_.push_back({key, fixture_.source.calls.back()});
      std::erase_if(pending_, [](const Pending& call) { return call.call->dropped || call.done; });
      compare();
    }
  }

 private:
  struct Pending {
    Key key;
    std::shared_ptr<FakeSource::Call> call;
    bool sent = false;
    std::size_t version = 0;    // as it was when the call was sent
    SecretVersions versions{};  // likewise
    bool done = false;
  };
  struct Client {
    Key key;
    bool refresh_now;
    TimePoint asked;
    Task<Answer> task;
  };

  static void must(bool holds, const char* otherwise) {
    if (!holds) FAIL(otherwise);
  }

  TimePoint now() const { return fixture_.scheduler.now(); }
  bool chance(unsigned long percent) { return random_() % 100 < percent; }

  Key any_key() {
    const std::string id = kIds[random_() % 3];
    const std::string role = kRoles[random_() % 2];
    switch (random_() % 4) {
      case 0:
        return {id, "v1", "", role};
      case 1:
        return {id, "", "AWSPREVIOUS", role};
      default:
        return {id, "", "", role};
    }
  }

  /// Gives the key that a new call, if there is one, belongs to.
  Key one_event() {
    answered_.reset();
    pass(Nanoseconds{1});
    const auto what = random_() % 100;
    if (what < 40) return request();
    if (what < 80 && !pending_.empty()) return act_on(pending_[random_() % pending_.size()]);
    if (what < 84 && !clients_.empty())
      leave();
    else if (what < 90)
      world_.began[kIds[random_() % 3]].push_back(now());
    else
      pass(chance(50) ? Milliseconds{random_() % 7000} : Milliseconds{random_() % 70000});
    return {};
  }

  void pass(Nanoseconds time) {
    fixture_.scheduler.advance(time);
    model_.time(now());
  }

  Key request() {
    const Key key = any_key();
    const bool refresh_now = chance(25);
    const TimePoint deadline = now() + Seconds{58};
    model_.request(++last_client_, key, refresh_now, now(), deadline);
    Task<Answer> task = fixture_.store.get(secret_key(key), refresh_now, deadline);
    clients_.emplace(last_client_, Client{key, refresh_now, now(), started(fixture_.scheduler, std::move(task))});
    return key;
  }

  void leave() {
    const auto client = std::next(clients_.begin(), static_cast<int>(random_() % clients_.size()));
    model_.leave(client->first);
    clients_.erase(client);
  }

  Key act_on(Pending& pending) {
    if (!pending.sent && chance(10)) return fail(pending);
    if (!pending.sent || chance(10)) {
      pending.sent = true;
      pending.call->send();
      pending.version = world_.version(pending.key);
      pending.versions = world_.describe(std::get<0>(pending.key));
      model_.sent(pending.key, now());
      return pending.key;
    }
    return chance(25) ? fail(pending) : answer(pending);
  }

  Key fail(Pending& pending) {
    const Fault fault = chance(70) ? Fault::connection("reset") : refusal("AccessDeniedException");
    model_.fault(pending.key, fault, now());
    pending.done = true;
    pending.call->give(fault);
    fixture_.scheduler.run_until_idle();
    return pending.key;
  }

  Key answer(Pending& pending) {
    const Key key = pending.key;
    pending.done = true;
    answered_ = key;
    const TimePoint sent = *pending.call->progress->last_sent;
    if (pending.call->operation == "get") {
      const std::string version = "v" + std::to_string(pending.version);
      model_.value(key, text_for(key, pending.version), version, now());
      pending.call->give(secret(std::get<0>(key), version, text_for(key, pending.version)));
    } else {
      const bool holds = model_.cache.contains(key) && model_.cache[key].text == text_for(key, pending.version);
      if (!holds) answered_.reset();
      model_.described(key, holds, now());
      pending.call->give(Result<SecretVersions>(pending.versions));
    }
    fixture_.scheduler.run_until_idle();
    if (answered_) confirmed_[key] = sent;
    return key;
  }

  void read_log() {
    for (const std::string& line : fixture_.lines.lines)
      for (const char* id : kIds)
        if (line.find(" WARN ") != std::string::npos && line.find(std::string("secret_id=") + id) != std::string::npos)
          warned_[id] = now();
    fixture_.lines.lines.clear();
  }

  void compare() {
    read_log();
    std::map<Key, std::string> under_way;
    for (const Pending& call : pending_) {
      must(!under_way.contains(call.key), "two calls for one key are under way");
      under_way[call.key] = call.call->operation;
    }
    must(under_way.size() == model_.fetches.size(), "fetches are missing, or too many");
    for (const auto& [key, fetch] : model_.fetches)
      must(under_way[key] == (fetch.describing ? "describe" : "get"), "a fetch makes the wrong call");
    for (auto client = clients_.begin(); client != clients_.end();) {
      const bool done = client->second.task.done();
      must(done == model_.answers.contains(client->first),
           done ? "a client was served too early" : "a client still waits");
      if (!done) {
        ++client;
        continue;
      }
      const std::string got = text_of(client->second.task);
      REQUIRE(got == model_.answers[client->first]);
      check_invariants(client->second, got);
      client = clients_.erase(client);
    }
  }

  /// What must hold whatever the model says.
  void check_invariants(const Client& client, const std::string& got) {
    const std::size_t equals = got.find('=');
    if (equals == std::string::npos) return;  // a fault
    const std::size_t version = std::stoul(got.substr(equals + 1));
    must(got == text_for(client.key, version), "an answer for one key under another");
    const std::optional<TimePoint> superseded = world_.superseded(client.key, version);
    if (!superseded) return;
    if (client.refresh_now) must(*superseded >= client.asked, "older than the request for refreshNow");
    const TimePoint confirmed = confirmed_.at(client.key);
    must(*superseded >= confirmed, "not the value that AWS gave last");
    const bool reported = answered_ == client.key || warned_[std::get<0>(client.key)] >= confirmed;
    if (!reported) must(now() - confirmed <= settings_.ttl, "older than the TTL without a fault");
  }

  std::mt19937 random_;
  SecretStoreSettings settings_;
  World world_;
  StoreFixture fixture_;
  StoreModel model_;
  std::vector<Pending> pending_;
  std::map<int, Client> clients_;
  std::optional<Key> answered_;              // the key whose fetch this event has ended
  std::map<Key, TimePoint> confirmed_;       // when the last good answer was asked for
  std::map<std::string, TimePoint> warned_;  // by secret's id
  int last_client_ = 0;
};

TEST_CASE("any schedule of requests, rotations, faults, expiry and eviction gives what the model of the rules gives") {
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    const SecretStoreSettings settings{.ttl = Seconds{seed % 10 == 0  ? 0
                                                      : seed % 3 == 0 ? 10
                                                                      : 60},
                                       .cache_size = seed % 11 == 0 ? 0 : seed % 5 + 1,
                                       .ignore_transient_errors = seed % 4 != 0};
    Schedule(seed, settings).play(150);
  }
}

}  // namespace
}  // namespace sma
