#include "secrets/refresh.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sma {
namespace {

constexpr std::string_view kCurrent = "AWSCURRENT";

std::int64_t in_seconds(Nanoseconds time) { return std::chrono::ceil<Seconds>(time).count(); }

}  // namespace

bool still_holds(const SecretKey& key, std::string_view cached_version_id, const SecretVersions& versions) {
  const std::string_view id = key.version_id.empty() ? cached_version_id : std::string_view(key.version_id);
  const auto version = std::find_if(versions.versions.begin(), versions.versions.end(),
                                    [&](const auto& candidate) { return candidate.version_id == id; });
  if (versions.deleted || id.empty() || version == versions.versions.end()) return false;
  if (!key.version_id.empty() && key.version_stage.empty()) return true;
  const std::string_view stage = key.version_stage.empty() ? kCurrent : std::string_view(key.version_stage);
  return std::find(version->stages.begin(), version->stages.end(), stage) != version->stages.end();
}

Task<Result<SharedBytes>> Refresh::run(Fetch& fetch) {
  const CachedSecret* cached = fetch.forced ? nullptr : cache_.find(fetch.key);
  if (cached != nullptr && may_be_described(*cached)) {
    fetch.describing = true;
    Task<Result<SecretVersions>> call = source_.describe_secret(cached->arn, fetch.key.role_arn, fetch.progress);
    const Result<SecretVersions> versions = co_await std::move(call);
    count_call(fetch);
    fetch.describing = false;
    if (!versions.ok()) {
      // A call that was never sent was not denied by Secrets Manager: there are no credentials for the next one either.
      if (versions.fault().is_transient() || (!fetch.sent() && !fetch.forced))
        co_return ended_by(fetch.key, versions.fault());
      describe_failed(fetch.key, versions.fault());
    } else if (CachedSecret* held = cache_.find(fetch.key);
               held != nullptr && still_holds(fetch.key, held->version_id, *versions)) {
      still_good(*held, fetch.progress.as_of);
      co_return held->answer;
    }
  }
  fetch.progress.cached = cache_.holds(fetch.key);
  Task<Result<SecretValue>> call = source_.get_secret_value(fetch.key, fetch.progress);
  Result<SecretValue> value = co_await std::move(call);
  count_call(fetch);
  if (!value.ok()) co_return ended_by(fetch.key, std::move(value.fault()));
  SharedBytes answer = value->answer;
  cache_.store(fetch.key, to_cache(std::move(*value), fetch.progress.as_of));
  co_return answer;
}

void Refresh::count_call(const Fetch& fetch) {
  if (fetch.sent()) usage_.record_call(fetch.key.secret_id);
}

CachedSecret Refresh::to_cache(SecretValue value, TimePoint as_of) const {
  return {.answer = std::move(value.answer),
          .arn = std::move(value.arn),
          .version_id = std::move(value.version_id),
          .fetched = as_of,
          .as_of = as_of,
          .fresh_until = rules_.freshness.fresh_until(as_of),
          .renew_from = rules_.freshness.renew_from(as_of)};
}

void Refresh::still_good(CachedSecret& held, TimePoint as_of) {
  cache_.use(held);
  if (as_of < held.as_of) return;  // renewed meanwhile under another key
  held.as_of = as_of;
  held.last_error.clear();
  held.stands_in = false;
  held.fresh_until = std::max(held.fresh_until, rules_.freshness.fresh_until(as_of));
  held.renew_from = rules_.freshness.renew_from(as_of);
}

void Refresh::failed(const SecretKey& key, const Fault& fault, bool outdated) {
  if (CachedSecret* held = cache_.find(key)) held->last_error = fault.code;
  CachedSecret* cached = stand_in(key, fault);
  if (cached == nullptr || scheduler_.now() <= cached->fresh_until) return;
  const TimePoint now = scheduler_.now();
  const TimePoint until = outdated ? now : rules_.freshness.stand_in_until(cached->as_of, now);
  if (!outdated) {
    cached->fresh_until = until;
    cached->stands_in = true;
    cached->renew_from = CachedSecret::kNever;  // AWS is asked again after that time, no earlier
  }
  log_.warn("AWS cannot be asked, serving the cached secret",
            {{"secret_id", key.secret_id}, {"error", fault.code}, {"retry_in_seconds", in_seconds(until - now)}});
}

CachedSecret* Refresh::stand_in(const SecretKeyView& key, const Fault& fault) {
  if (!rules_.ignore_transient_errors || !fault.is_transient()) return nullptr;
  CachedSecret* cached = cache_.find(key);
  if (cached == nullptr || !rules_.freshness.may_stand_in(cached->as_of, scheduler_.now())) return nullptr;
  return cached;
}

Fault Refresh::ended_by(const SecretKey& key, Fault fault) {
  if (fault.came_from_aws() && fault.is_denied()) ++refusals_;
  const bool of_role = fault.revoked == Fault::Revoked::role;
  const bool any =
      of_role ? cache_.remove_role(key.role_arn) > 0 : fault.revoked == Fault::Revoked::secret && cache_.remove(key);
  if (any)
    log_.warn(of_role ? "the role is refused, its cached secrets are removed"
                      : "the secret is refused, its cached value is removed",
              {{"secret_id", key.secret_id}, {"role_arn", key.role_arn}, {"error", fault.code}});
  return fault;
}

void Refresh::describe_failed(const SecretKey& key, const Fault& fault) {
  if (denial_logged_ || !fault.is_access_denied()) return;
  denial_logged_ = true;
  log_.warn("DescribeSecret is denied, expired secrets are fetched again with GetSecretValue",
            {{"secret_id", key.secret_id}, {"role_arn", key.role_arn}, {"error", fault.code}});
}

}  // namespace sma
