#include "secrets/prefetch.h"

#include <algorithm>
#include <utility>

#include "base/growing_wait.h"
#include "secrets/role_arn.h"

namespace sma {
namespace {

// Roles loaded side by side: a slow one must not hold up the others, all of them not the clients' own calls.
constexpr std::size_t kWorkers = 4;

/// True if a single call failed as the batch did: then the fault was not that of the batch.
bool repeats(const Fault& fault, const std::optional<Fault>& batch_fault) {
  return batch_fault.has_value() && fault.has_cause_of(*batch_fault) &&
         (fault.is_transient() || fault.message == batch_fault->message);
}

}  // namespace

bool is_named(const SecretValue& value, std::string_view id) {
  constexpr std::size_t kRandomEnd = std::string_view("-AbCdEf").size();
  if (id.empty()) return false;
  if (id == value.name || id == value.arn) return true;
  return value.arn.size() == id.size() + kRandomEnd && value.arn.starts_with(id) && value.arn[id.size()] == '-';
}

Prefetch::Prefetch(Scheduler& scheduler, SecretSource& source, SecretStore& store, Log& log, PrefetchSettings settings)
    : scheduler_(scheduler), source_(source), store_(store), log_(log), settings_(std::move(settings)) {
  tried_all_ = settings_.secrets.empty() && settings_.filter_tags.empty();
}

Task<void> Prefetch::run(Random& random) {
  if (tried_all_) co_return;
  const Scheduler::Sleep jitter = scheduler_.sleep_until(scheduler_.now() + random.part_of(settings_.max_jitter));
  co_await jitter;

  make_jobs();
  GrowingWait growing(kFirstWait, kLongestWait);
  for (;;) {
    Task<void> loading = load_all();
    co_await std::move(loading);
    tried_all_ = true;
    if (again_.empty()) break;
    jobs_ = std::exchange(again_, {});
    first_try_ = false;
    const Nanoseconds wait = growing.next(random);
    log_.info("prefetch tries again what failed",
              {{"in_milliseconds", std::chrono::duration_cast<std::chrono::milliseconds>(wait).count()}});
    const Scheduler::Sleep pause = scheduler_.sleep_until(scheduler_.now() + wait);
    co_await pause;
  }
  log_.info("prefetch finished", {{"loaded", loaded_}, {"failed", failed_}, {"skipped", skipped_}});
}

void Prefetch::make_jobs() {
  for (const PrefetchSettings::Secret& secret : settings_.secrets)
    add_job(secret.role_arn, &Job::secret_ids, secret.secret_id);
  for (const PrefetchSettings::Tag& tag : settings_.filter_tags) add_job(tag.role_arn, &Job::tag_keys, tag.key);
}

void Prefetch::add_job(const std::string& role_arn, Names what, const std::string& name) {
  if (role_arn.empty() || is_role_arn(role_arn))
    (job_for(jobs_, role_arn).*what).push_back(name);
  else
    fail(role_arn, what, name, Fault::internal("role_arn is not arn:<partition>:iam::<account>:role/<name>"));
}

Prefetch::Job& Prefetch::job_for(std::vector<Job>& jobs, std::string_view role_arn) {
  const auto found = std::find_if(jobs.begin(), jobs.end(), [&](const Job& job) { return job.role_arn == role_arn; });
  if (found != jobs.end()) return *found;
  return jobs.emplace_back(Job{.role_arn = std::string(role_arn), .secret_ids = {}, .tag_keys = {}});
}

Task<void> Prefetch::load_all() {
  finished_.emplace(scheduler_);
  next_job_ = 0;
  TaskSet workers(scheduler_);
  working_ = std::min(kWorkers, jobs_.size());
  for (std::size_t i = 0; i < working_; ++i) workers.start(work());
  if (working_ > 0) co_await finished_->wait();
}

Task<void> Prefetch::work() {
  while (next_job_ < jobs_.size()) {
    const Job& job = jobs_[next_job_++];
    Task<void> listed = load_listed(job);
    co_await std::move(listed);
    for (const std::string& key : job.tag_keys) {
      Task<void> tagged = load_tagged(job, key);
      co_await std::move(tagged);
    }
  }
  if (--working_ == 0) finished_->set();
}

Task<void> Prefetch::load_listed(const Job& job) {
  std::size_t next = 0;
  std::optional<Fault> refusal;  // of batches as such
  for (std::vector<std::string> wanted = take_wanted(job, next); !wanted.empty(); wanted = take_wanted(job, next)) {
    std::optional<Fault> fault = refusal;
    if (!fault.has_value()) {
      FetchProgress progress = begin();
      Task<Result<SecretBatch>> call = source_.batch_get(wanted, job.role_arn, progress);
      Result<SecretBatch> batch = co_await std::move(call);
      if (batch.ok()) {
        wanted = keep_all(job, std::move(wanted), std::move(*batch), progress);
      } else {
        fault = batch.fault();
        if (!fault->is_transient()) refusal = fault;
        log_.warn("prefetch of a batch failed, its secrets are fetched one by one",
                  {{"role_arn", job.role_arn}, {"error", fault->code}, {"reason", fault->message}});
      }
    }
    Task<std::optional<Fault>> singly = load_singly(job, std::move(wanted), std::move(fault));
    const std::optional<Fault> hopeless = co_await std::move(singly);
    if (!hopeless.has_value()) continue;
    for (; next < job.secret_ids.size(); ++next) fail(job.role_arn, &Job::secret_ids, job.secret_ids[next], *hopeless);
  }
}

Task<void> Prefetch::load_tagged(const Job& job, std::string tag_key) {
  std::string token;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    if (store_.room(job.role_arn, settings_.cache_buffer_ratio) == 0) {
      log_.info("prefetch has no room left for a tag", {{"tag_key", tag_key}, {"role_arn", job.role_arn}});
      co_return;
    }
    FetchProgress progress = begin();
    Task<Result<SecretBatch>> call = source_.batch_get_tagged(tag_key, token, job.role_arn, progress);
    Result<SecretBatch> batch = co_await std::move(call);
    if (!batch.ok()) {
      fail(job.role_arn, &Job::tag_keys, tag_key, batch.fault());
      co_return;
    }
    token = batch->next_token;
    Task<std::optional<Fault>> singly = load_singly(job, keep_all(job, {}, std::move(*batch), progress), std::nullopt);
    co_await std::move(singly);
    if (token.empty()) co_return;
  }
  fail(job.role_arn, &Job::tag_keys, tag_key, Fault::internal("the list of secrets with this tag does not end"));
}

Task<std::optional<Fault>> Prefetch::load_singly(const Job& job, std::vector<std::string> secret_ids,
                                                 std::optional<Fault> batch_fault) {
  for (std::size_t i = 0; i < secret_ids.size(); ++i) {
    const SecretKey key{secret_ids[i], {}, {}, job.role_arn};
    if (!store_.lacks(key) || store_.room(job.role_arn, settings_.cache_buffer_ratio) == 0) {
      ++skipped_;
      continue;
    }
    FetchProgress progress = begin();
    Task<Result<SecretValue>> call = source_.get_secret_value(key, progress);
    Result<SecretValue> value = co_await std::move(call);
    if (value.ok()) {
      keep(job, key.secret_id, std::move(*value), progress);
      continue;
    }
    const Fault& fault = value.fault();
    fail(job.role_arn, &Job::secret_ids, key.secret_id, fault);
    if (!repeats(fault, batch_fault)) continue;
    while (++i < secret_ids.size()) fail(job.role_arn, &Job::secret_ids, secret_ids[i], fault);
    if (!fault.is_transient()) co_return fault;
  }
  co_return std::nullopt;
}

FetchProgress Prefetch::begin() const { return {.deadline = scheduler_.now() + FetchTable::kDeadline}; }

std::vector<std::string> Prefetch::take_wanted(const Job& job, std::size_t& next) {
  std::vector<std::string> wanted;
  const std::size_t most = std::min(kIdsACall, store_.room(job.role_arn, settings_.cache_buffer_ratio));
  for (; next < job.secret_ids.size() && wanted.size() < most; ++next) {
    const std::string& id = job.secret_ids[next];
    const bool repeated = std::find(wanted.begin(), wanted.end(), id) != wanted.end();
    if (!repeated && store_.lacks({id, {}, {}, job.role_arn}))
      wanted.push_back(id);
    else
      ++skipped_;
  }
  if (wanted.empty()) skipped_ += job.secret_ids.size() - std::exchange(next, job.secret_ids.size());
  return wanted;
}

std::vector<std::string> Prefetch::keep_all(const Job& job, std::vector<std::string> wanted, SecretBatch batch,
                                            const FetchProgress& progress) {
  for (SecretValue& value : batch.values) {
    const auto asked = std::find_if(wanted.begin(), wanted.end(), [&](const auto& id) { return is_named(value, id); });
    std::string id = asked == wanted.end() ? value.name : std::move(*asked);
    if (asked != wanted.end()) wanted.erase(asked);
    keep(job, std::move(id), std::move(value), progress);
  }
  for (const SecretBatch::Failure& failure : batch.failures) {
    std::erase(wanted, failure.secret_id);
    if (failure.fault.is_denied())
      fail(job.role_arn, &Job::secret_ids, failure.secret_id, failure.fault);
    else
      wanted.push_back(failure.secret_id);
  }
  return wanted;
}

void Prefetch::keep(const Job& job, std::string configured_id, SecretValue value, const FetchProgress& progress) {
  std::vector<std::string> ids{std::move(configured_id), value.name, value.arn};
  const bool kept =
      store_.prefetched(std::move(ids), job.role_arn, std::move(value), progress.as_of, settings_.cache_buffer_ratio);
  ++(kept ? loaded_ : skipped_);
}

void Prefetch::fail(std::string_view role_arn, Names what, std::string_view name, const Fault& fault) {
  const bool again = fault.is_transient();
  if (again)
    (job_for(again_, role_arn).*what).emplace_back(name);
  else
    ++failed_;
  if (again && !first_try_) return;  // it was logged then, and AWS may be away for hours
  log_.warn(again ? "prefetch failed, it is tried again" : "prefetch failed",
            {{what == &Job::tag_keys ? "tag_key" : "secret_id", name},
             {"role_arn", role_arn},
             {"error", fault.code},
             {"reason", fault.message}});
}

}  // namespace sma
