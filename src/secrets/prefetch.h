#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/log.h"
#include "base/random.h"
#include "base/scheduler.h"
#include "base/task.h"
#include "secrets/secret_source.h"
#include "secrets/secret_store.h"

namespace sma {

struct PrefetchSettings {
  struct Secret {
    std::string secret_id;
    std::string role_arn;  ///< empty: none
  };
  struct Tag {
    std::string key;
    std::string role_arn;
  };
  std::vector<Secret> secrets{};
  std::vector<Tag> filter_tags{};
  double cache_buffer_ratio = 0.8;  ///< how full a role's cache may get, 0.1 to 1
  Seconds max_jitter{0};
};

/// `id` is the secret's name, its ARN, or that without its random end: six characters, or `db` would name `db-replica`.
[[nodiscard]] bool is_named(const SecretValue& value, std::string_view id);

/// Fills the cache at start, while the agent serves already: explicit secrets 20 a call, and every secret that has a
/// given tag key, a page a call. Fills only what is absent; a client's own fetch always wins. What is refused is logged
/// by name and never fatal. What fails by a transient fault is tried again, with growing waits, until it is loaded or
/// refused; then a line sums up. Source: specification §3.18; Secrets Manager API
/// Reference, BatchGetSecretValue.
class Prefetch {
 public:
  /// All of it outlives the task of `run`, and so does this.
  Prefetch(Scheduler& scheduler, SecretSource& source, SecretStore& store, Log& log, PrefetchSettings settings);

  /// Once, after a random part of `max_jitter`, so that a fleet does not ask at the same moment; what is tried again
  /// waits at random, too. May be destroyed at any time. `random` outlives the task.
  Task<void> run(Random& random);

  /// Each entry was loaded, refused or tried once; true if there are none.
  [[nodiscard]] bool tried_all() const { return tried_all_; }

  static constexpr std::size_t kIdsACall = 20;  ///< BatchGetSecretValue's own limit
  /// Pages of a tag may be empty and still have a next one; this ends a list that never does.
  static constexpr std::size_t kMostPages = 1000;
  static constexpr Seconds kFirstWait{1};  ///< before the second try; each further one waits twice as long
  static constexpr Seconds kLongestWait{60};

 private:
  /// What is to be loaded with one role; a role's fault delays no other's work.
  struct Job {
    std::string role_arn;
    std::vector<std::string> secret_ids;
    std::vector<std::string> tag_keys;
  };
  using Names = std::vector<std::string> Job::*;  // which of them

  void make_jobs();
  void add_job(const std::string& role_arn, Names what, const std::string& name);
  static Job& job_for(std::vector<Job>& jobs, std::string_view role_arn);
  Task<void> load_all();
  Task<void> work();
  Task<void> load_listed(const Job& job);
  Task<void> load_tagged(const Job& job, std::string tag_key);
  /// One call each, for what a batch did not bring. Returns the fault that makes the rest of this job's list hopeless.
  Task<std::optional<Fault>> load_singly(const Job& job, std::vector<std::string> secret_ids,
                                         std::optional<Fault> batch_fault);

  [[nodiscard]] FetchProgress begin() const;
  [[nodiscard]] std::vector<std::string> take_wanted(const Job& job, std::size_t& next);
  /// Returns the ids to be tried singly: those of `wanted` that are not in the batch, and failures that may pass.
  std::vector<std::string> keep_all(const Job& job, std::vector<std::string> wanted, SecretBatch batch,
                                    const FetchProgress& progress);
  void keep(const Job& job, std::string configured_id, SecretValue value, const FetchProgress& progress);
  /// Keeps the name for another try if the fault is transient.
  void fail(std::string_view role_arn, Names what, std::string_view name, const Fault& fault);

  Scheduler& scheduler_;
  SecretSource& source_;
  SecretStore& store_;
  Log& log_;
  PrefetchSettings settings_;
  std::vector<Job> jobs_;
  std::vector<Job> again_;  // what failed and is to be tried again
  bool first_try_ = true;
  bool tried_all_ = false;
  std::size_t next_job_ = 0;
  std::size_t working_ = 0;
  std::optional<Event> finished_{};  // of this try
  std::size_t loaded_ = 0;
  std::size_t failed_ = 0;
  std::size_t skipped_ = 0;
};

}  // namespace sma
