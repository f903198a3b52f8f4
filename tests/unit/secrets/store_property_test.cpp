#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/secrets/store_fixture.h"
#include "tests/unit/secrets/store_model.h"

namespace sma {
namespace {

using Key = StoreModel::Key;

constexpr const char* kNames[] = {"a", "b"};
constexpr const char* kRoles[] = {"", "role"};

const std::string& arn(const std::string& name) {
  static const std::map<std::string, std::string> kArns{{"a", arn_of("a")}, {"b", arn_of("b")}};
  return kArns.at(name);
}

/// A key's secret, by its name or by its ARN.
std::string name_of(const Key& key) {
  for (const char* name : kNames)
    if (std::get<0>(key) == arn(name)) return name;
  return std::get<0>(key);
}

/// The secrets as AWS has them: each has versions 0 to `current`, and remembers when each became the current one.
struct World {
  std::map<std::string, std::vector<TimePoint>> began;

  std::size_t current(const std::string& id) const { return began.at(id).size() - 1; }
  /// The version that a key asks for: the current one, the one before it, or v1.
  std::size_t version(const Key& key) const {
    if (!std::get<1>(key).empty()) return 1;
    return current(name_of(key)) - (std::get<2>(key).empty() ? 0 : 1);
  }
  /// When that version stopped being what the key asks for, if it has.
  std::optional<TimePoint> superseded(const Key& key, std::size_t version) const {
    if (!std::get<1>(key).empty()) return std::nullopt;
    const std::size_t by = version + (std::get<2>(key).empty() ? 1 : 2);
    if (by > current(name_of(key))) return std::nullopt;
    return began.at(name_of(key))[by];
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

/// Tells secret, version and role; name and ARN give one text.
std::string text_for(const Key& key, std::size_t version) {
  return name_of(key) + '/' + std::get<1>(key) + '/' + std::get<2>(key) + '/' + std::get<3>(key) + '=' +
         std::to_string(version);
}

SecretKey secret_key(const Key& key) {
  return {std::get<0>(key), std::get<1>(key), std::get<2>(key), std::get<3>(key)};
}

/// One random schedule, played to the store and to the model side by side.
class Schedule {
 public:
  /// `heavy`: texts of some units, so that `cache_bytes` can be counted in them.
  Schedule(unsigned seed, SecretStoreSettings settings, bool heavy)
      : random_(seed),
        settings_(settings),
        heavy_(heavy),
        fixture_(settings, static_cast<std::uint8_t>(37 * seed)),
        model_(settings, fixture_.random.part_of(Nanoseconds(settings.ttl) / 10)) {
    for (const char* name : kNames) world_.began[name] = {now(), now()};
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
    end();
  }

  [[nodiscard]] int answers() const { return answers_; }
  [[nodiscard]] int prefetched() const { return kept_; }
  [[nodiscard]] int renewed_ahead() const { return model_.renewed_ahead; }

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
  /// A secret that prefetch has asked for and not yet got.
  struct Prefetched {
    Key key;
    std::size_t version;
    TimePoint as_of;
  };

  static void must(bool holds, const std::string& otherwise) {
    if (!holds) FAIL(otherwise);
  }

  TimePoint now() const { return fixture_.scheduler.now(); }
  bool chance(unsigned long percent) { return random_() % 100 < percent; }
  std::string any_name() { return kNames[random_() % std::size(kNames)]; }

  Key any_key() {
    const std::string name = any_name();
    const std::string id = chance(30) ? arn(name) : name;
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

  std::string text(const Key& key, std::size_t version) const {
    std::string text = text_for(key, version);
    if (heavy_) text.resize((1 + version % 3) * StoreModel::kUnit, '.');
    return text;
  }

  /// Gives the key that a new call, if there is one, belongs to.
  Key one_event() {
    answered_.reset();
    pass(Nanoseconds{1});
    began_ = now();
    const auto what = random_() % 100;
    if (what < 40) return request();
    if (what < 72 && !pending_.empty()) return act_on(pending_[random_() % pending_.size()]);
    if (what < 76 && !clients_.empty())
      leave();
    else if (what < 85)
      prefetch();
    else if (what < 86)
      expire_all();
    else if (what < 91)
      world_.began[any_name()].push_back(now());
    else if (chance(30))
      pass_to_renewal();
    else if (chance(5))
      pass(Seconds{3600});  // what was fetched before is fetched again
    else
      pass(chance(50) ? Milliseconds{random_() % 7000} : Milliseconds{random_() % 70000});
    return {};
  }

  void pass(Nanoseconds time) {
    fixture_.scheduler.advance(time);
    model_.time(now());
  }

  void expire_all() {
    must(fixture_.store.expire_all() == model_.cache.size(), "the caches have different numbers of entries");
    model_.expire_all(now());
    expired_ = now();
  }

  /// To where the next use of some entry has it renewed ahead of time.
  void pass_to_renewal() {
    if (model_.cache.empty()) return;
    const TimePoint when = model_.cache.back().renew_from;
    if (when > now() && when != TimePoint::max()) pass(when - now());
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

  /// Asks for a secret, or brings one that was asked for before.
  void prefetch() {
    if (prefetches_.empty() || chance(50)) {
      const Key key{any_name(), "", "", kRoles[random_() % 2]};
      prefetches_.push_back({key, world_.version(key), now()});
      return;
    }
    const Prefetched brought = prefetches_.back();
    prefetches_.pop_back();
    const std::string name = std::get<0>(brought.key);
    const std::string role = std::get<3>(brought.key);
    const double ratio = heavy_ || chance(50) ? 1.0 : 0.5;
    const std::string value = text(brought.key, brought.version);
    const std::set<Key> keys{brought.key, {arn(name), "", "", role}};
    const bool kept =
        fixture_.store.prefetched({name, arn(name), name}, role,
                                  secret(name, "v" + std::to_string(brought.version), value), brought.as_of, ratio);
    must(kept == model_.prefetched(keys, value, brought.as_of, ratio), "prefetch kept what it should not, or did not");
    for (const Key& key : keys)
      if (kept) confirmed_[key] = brought.as_of;
    kept_ += kept ? 1 : 0;
    changed_ = true;
  }

  Key act_on(Pending& pending) {
    if (!pending.sent && chance(10)) return fail(pending);
    if (!pending.sent || chance(10)) {
      pending.sent = true;
      pending.call->send();
      pending.version = world_.version(pending.key);
      pending.versions = world_.describe(name_of(pending.key));
      model_.sent(pending.key, now());
      return pending.key;
    }
    return chance(25) ? fail(pending) : answer(pending);
  }

  Key fail(Pending& pending) {
    Fault fault = chance(70) ? Fault::connection("reset") : refusal("AccessDeniedException");
    if (fault.is_denied() && chance(60)) fault.revoked = Fault::Revoked::secret;
    if (fault.is_denied() && !pending.sent && chance(30)) fault.revoked = Fault::Revoked::role;
    model_.fault(pending.key, fault, now());
    pending.done = true;
    changed_ = true;
    pending.call->give(fault);
    fixture_.scheduler.run_until_idle();
    return pending.key;
  }

  Key answer(Pending& pending) {
    const Key key = pending.key;
    pending.done = true;
    answered_ = key;
    changed_ = true;
    const TimePoint sent = pending.call->sent_at;
    const std::string value = text(key, pending.version);
    if (pending.call->operation == "get") {
      model_.value(key, value, now());
      pending.call->give(secret(name_of(key), "v" + std::to_string(pending.version), value));
    } else {
      const bool holds = model_.find(key) != nullptr && model_.find(key)->text == value;
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
      for (const char* name : kNames)
        if (line.find(" WARN ") != std::string::npos &&
            (line.find(std::string("secret_id=") + name) != std::string::npos ||
             line.find(arn(name)) != std::string::npos))
          warned_[name] = now();
    fixture_.lines.lines.clear();
  }

  void compare() {
    read_log();
    must(pending_.size() == model_.fetches.size(), "fetches are missing, or too many");
    std::set<const StoreModel::Fetch*> under_way;
    for (const Pending& call : pending_) {
      const auto fetch = model_.fetches.find(call.key);
      must(fetch != model_.fetches.end(), "a fetch for nobody");
      must(under_way.insert(&fetch->second).second, "two calls for one key are under way");
      must(call.call->operation == (fetch->second.describing ? "describe" : "get"), "a fetch makes the wrong call");
    }
    for (auto client = clients_.begin(); client != clients_.end();) {
      const bool done = client->second.task.done();
      must(done == model_.answers.contains(client->first),
           done ? "a client was served too early" : "a client still waits");
      if (!done) {
        ++client;
        continue;
      }
      const std::string got = text_of(client->second.task);
      must(got == model_.answers[client->first],
           "a client got " + got.substr(0, 40) + ", not " + model_.answers[client->first].substr(0, 40));
      check_answer(client->second, got);
      ++answers_;
      client = clients_.erase(client);
    }
    if (std::exchange(changed_, false)) compare_caches();
  }

  /// Each key that can be is cached if the model has it, and the limits hold.
  void compare_caches() {
    for (const char* role : kRoles) {
      must(model_.entries(role) <= settings_.cache_size, "more entries than cache_size");
      for (const char* name : kNames)
        for (const std::string& id : {std::string(name), arn(name)})
          for (const Key& key : {Key{id, "", "", role}, Key{id, "v1", "", role}, Key{id, "", "AWSPREVIOUS", role}})
            must(
                fixture_.store.lacks(secret_key(key)) == (model_.find(key) == nullptr && !model_.fetches.contains(key)),
                "the caches differ");
    }
    must(model_.bytes() <= settings_.cache_bytes, "more bytes than cache_bytes");
  }

  /// What must hold of an answer whatever the model says.
  void check_answer(const Client& client, const std::string& got) {
    const std::size_t equals = got.find('=');
    if (equals == std::string::npos) return;  // a fault
    const std::size_t version = std::stoul(got.substr(equals + 1));
    must(got == text(client.key, version), "an answer for one key under another");
    const std::optional<TimePoint> superseded = world_.superseded(client.key, version);
    if (!superseded) return;
    if (client.asked > expired_ && answered_ == client.key) must(*superseded >= expired_, "older than a SIGHUP");
    if (client.refresh_now) must(*superseded >= client.asked, "older than the request for refreshNow");
    const TimePoint confirmed = confirmed_.at(client.key);
    must(*superseded >= confirmed, "not the value that AWS sent last");
    const bool reported = answered_ == client.key || warned_[name_of(client.key)] >= confirmed;
    // If time passes in this event, the client may have had its answer at any moment of it.
    if (!reported) must(began_ - *superseded <= settings_.ttl, "older than the TTL without a fault");
  }

  /// The agent stops: clients that wait are answered so, and nothing is kept.
  void end() {
    fixture_.store.cancel_all();
    fixture_.store.wipe();
    fixture_.scheduler.run_until_idle();
    for (auto& [number, client] : clients_)
      must(text_of(client.task) == "ServiceUnavailable", "a client waits for an agent that has stopped");
    for (const Pending& call : pending_) must(call.call->dropped, "a call goes on after the end");
    must(!fixture_.store.prefetched({"a"}, "", secret("a", "v", "late"), now(), 1.0), "prefetch goes on after the end");
  }

  std::mt19937 random_;
  SecretStoreSettings settings_;
  bool heavy_;
  World world_;
  StoreFixture fixture_;
  StoreModel model_;
  std::vector<Pending> pending_;
  std::vector<Prefetched> prefetches_;
  std::map<int, Client> clients_;
  TimePoint expired_{};                      // all entries
  TimePoint began_{};                        // this event
  std::optional<Key> answered_;              // the key whose fetch this event has ended
  bool changed_ = false;                     // the cache, perhaps, by this event
  std::map<Key, TimePoint> confirmed_;       // when the last good answer was asked for
  std::map<std::string, TimePoint> warned_;  // by secret's name
  int last_client_ = 0;
  int answers_ = 0;
  int kept_ = 0;  // of what was prefetched
};

TEST_CASE(
    "any schedule of requests, prefetch, renewals ahead of time, SIGHUP, rotations, faults, expiry, the bound of stale "
    "values "
    "and eviction has the result "
    "of the model of "
    "the rules") {
  int answers = 0;
  int prefetched = 0;
  int renewed_ahead = 0;
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    const bool heavy = seed % 7 == 0;
    SecretStoreSettings settings{.ttl = Seconds{seed % 10 == 0  ? 0
                                                : seed % 3 == 0 ? 10
                                                                : 60},
                                 .cache_size = seed % 11 == 0 ? 0 : seed % 5 + 1,
                                 .ignore_transient_errors = seed % 4 != 0,
                                 .max_stale = Seconds{seed % 2 == 0 ? 0 : seed % 13 * 5}};
    if (heavy) settings.cache_bytes = (seed % 6 + 3) * StoreModel::kUnit - 1;
    Schedule schedule(seed, settings, heavy);
    schedule.play(150);
    answers += schedule.answers();
    prefetched += schedule.prefetched();
    renewed_ahead += schedule.renewed_ahead();
  }
  CHECK(answers > 40'000);
  CHECK(prefetched > 1000);
  CHECK(renewed_ahead > 500);
}

}  // namespace
}  // namespace sma
