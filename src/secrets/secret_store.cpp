#include "secrets/secret_store.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

namespace sma {
namespace {

Fault shutting_down() {
  return Fault::of_agent(Fault::Kind::internal, 503, "ServiceUnavailable", "the agent is shutting down");
}

Fault busy() { return Fault::busy("too many secrets are being fetched"); }

Fault late() { return Fault::timeout("the secret was not fetched in time"); }

}  // namespace

SecretStore::SecretStore(Scheduler& scheduler, SecretSource& source, Random& random, Log& log,
                         SecretStoreSettings settings)
    : scheduler_(scheduler),
      log_(log),
      freshness_({.ttl = settings.ttl, .max_stale = settings.max_stale}, random),
      cache_(settings.ttl > Seconds{0} ? settings.cache_size : 0, settings.cache_bytes),
      usage_(scheduler, log),
      refresh_({scheduler, source, log, cache_, usage_}, {freshness_, settings.ignore_transient_errors}),
      fetches_(scheduler, refresh_),
      caching_(cache_.entries_a_role() > 0) {}

std::optional<SecretAnswer> SecretStore::fresh(const SecretKeyView& key) {
  CachedSecret* cached = cache_.find(key);
  const TimePoint now = scheduler_.now();
  if (cached == nullptr || now > cached->fresh_until) return std::nullopt;
  if (now >= cached->renew_from) renew_ahead(key, *cached);
  return from_memory(*cached, key.secret_id, now);
}

void SecretStore::renew_ahead(const SecretKeyView& key, CachedSecret& cached) {
  if (closed_ || fetches_.is_full() || fetches_.holds(key)) return;
  cached.renew_from = CachedSecret::kNever;
  fetches_.join(key.copy(), false)->begun_for = true;
  ++counts_.refreshes_ahead;
}

Task<Result<SecretAnswer>> SecretStore::get(SecretKey key, bool refresh_now, TimePoint client_deadline) {
  const TimePoint asked = scheduler_.now();
  if (!refresh_now) {
    std::optional<SecretAnswer> answer = fresh(key);
    if (answer.has_value()) co_return std::move(*answer);
  }
  if (closed_) co_return failed(shutting_down(), key, refresh_now);
  const std::shared_ptr<Fetch> fetch = fetches_.join(key, refresh_now || !caching_);
  if (fetch == nullptr) {
    if (!refresh_now) refresh_.failed(key, busy(), false);
    co_return failed(busy(), key, refresh_now);
  }
  const bool joined = std::exchange(fetch->begun_for, true);

  if (!refresh_now && refresh_.stand_in(key, late()) != nullptr) {
    const bool ended =
        co_await fetch->done.wait_until(std::min(client_deadline, fetch->started + Freshness::kStaleAfter));
    if (!ended && refresh_.stand_in(key, late()) != nullptr) co_return too_late(*fetch, key, refresh_now);
  }
  const bool ended = co_await fetch->done.wait_until(client_deadline);
  if (!ended) co_return too_late(*fetch, key, refresh_now);
  if (joined) usage_.record_joined(key.secret_id);
  if (!fetch->outcome->ok()) co_return failed(fetch->outcome->fault(), key, refresh_now);
  usage_.record_aws(key.secret_id);
  if (CachedSecret* held = cache_.find(key)) ++held->uses;
  ++counts_.misses;
  counts_.miss_durations.add(scheduler_.now() - asked);
  co_return SecretAnswer{**fetch->outcome, SecretAnswer::Origin::miss};
}

Task<Result<SharedBytes>> SecretStore::renew(SecretKey key) {
  if (closed_) co_return shutting_down();
  const std::shared_ptr<Fetch> fetch = fetches_.join(key, !caching_);
  if (fetch == nullptr) co_return busy();
  fetch->begun_for = true;
  co_await fetch->done.wait();
  co_return *fetch->outcome;
}

std::size_t SecretStore::room(std::string_view role_arn, double ratio) const {
  // 0.29 of 100 is 29, whatever floating point makes of it.
  const auto limit = static_cast<std::size_t>(ratio * static_cast<double>(cache_.entries_a_role()) + 1e-6);
  const std::size_t held = cache_.entries(role_arn);
  return !closed_ && limit > held ? limit - held : 0;
}

bool SecretStore::prefetched(std::vector<std::string> ids, std::string_view role_arn, SecretValue value,
                             TimePoint as_of, double ratio) {
  std::erase_if(ids, [](const std::string& id) { return id.empty(); });
  // What a client fetched meanwhile is newer: an older value must not be kept beside it under another name.
  const bool known = std::any_of(ids.begin(), ids.end(), [&](const auto& id) {
    return !lacks({id, {}, {}, role_arn});
  });
  if (known || room(role_arn, ratio) == 0) return false;
  return cache_.fill(std::move(ids), role_arn, refresh_.to_cache(std::move(value), as_of),
                     static_cast<std::size_t>(ratio * static_cast<double>(cache_.bytes_limit())));
}

std::vector<SecretStatus> SecretStore::status() const {
  std::vector<SecretStatus> all;
  const TimePoint now = scheduler_.now();
  const auto seconds = [](Nanoseconds time) { return std::max(Seconds{0}, std::chrono::duration_cast<Seconds>(time)); };
  cache_.for_each([&](const SecretKeyView& key, const CachedSecret& secret) {
    all.push_back({.id = std::string(key.secret_id),
                   .role_arn = std::string(key.role_arn),
                   .version_id = secret.version_id,
                   .age = seconds(now - secret.as_of),
                   .fresh_for = seconds(secret.fresh_until - now),
                   .uses = secret.uses,
                   .last_error = secret.last_error});
  });
  std::ranges::sort(all, {}, [](const SecretStatus& one) { return std::tie(one.role_arn, one.id, one.version_id); });
  return all;
}

std::size_t SecretStore::expire_all() {
  fetches_.expire_all();
  return cache_.expire_all(freshness_.expire_all(scheduler_.now()));
}

void SecretStore::cancel_all() {
  closed_ = true;
  fetches_.cancel_all(shutting_down());
}

SecretAnswer SecretStore::from_memory(CachedSecret& cached, std::string_view secret_id, TimePoint now) {
  cache_.use(cached);
  ++cached.uses;
  usage_.record_memory(secret_id);
  const bool stale = cached.stands_in || now > cached.fresh_until;
  ++(stale ? counts_.stale : counts_.hits);
  return {cached.answer, stale ? SecretAnswer::Origin::stale : SecretAnswer::Origin::hit};
}

Result<SecretAnswer> SecretStore::too_late(Fetch& fetch, const SecretKey& key, bool refresh_now) {
  const bool cached = !refresh_now && refresh_.stand_in(key, late()) != nullptr;
  if (cached && !std::exchange(fetch.reported_as_slow, true))
    log_.warn("AWS is slow to answer, serving the cached secret meanwhile", {{"secret_id", key.secret_id}});
  return failed(late(), key, refresh_now);
}

Result<SecretAnswer> SecretStore::failed(Fault fault, const SecretKey& key, bool refresh_now) {
  CachedSecret* cached = refresh_now ? nullptr : refresh_.stand_in(key, fault);
  if (cached != nullptr) return from_memory(*cached, key.secret_id, scheduler_.now());
  usage_.record_error(key.secret_id);
  ++counts_.errors;
  return fault;
}

}  // namespace sma
