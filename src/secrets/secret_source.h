#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "secrets/secret.h"

namespace sma {

/// What a fetch and the source report to each other. Lives as long as the fetch does.
struct FetchProgress {
  TimePoint deadline;                     ///< for the whole fetch: credentials, queueing, retries
  std::optional<TimePoint> first_sent{};  ///< when its first call for the secret was handed over for sending
  bool cached = false;                    ///< a value is cached: a refusal of the secret is confirmed, and revokes it
  TimePoint as_of{};  ///< of the last answer: when the attempt that brought it was handed over; ages count from it
};

/// Secrets of one tag or list, fetched together for prefetch.
struct SecretBatch {
  struct Failure {
    std::string secret_id;
    Fault fault;  ///< denied: another call would only repeat it
  };
  std::vector<SecretValue> values;
  std::vector<Failure> failures;
  std::string next_token;  ///< empty: no further page
};

/// Brings secrets: `SecretsManager`, or a test.
///
/// Each call ends by its progress's deadline, with a fault if need be, and may be dropped (its task destroyed) at any
/// time. `progress` outlives the task.
class SecretSource {
 public:
  virtual Task<Result<SecretValue>> get_secret_value(SecretKey key, FetchProgress& progress) = 0;
  virtual Task<Result<SecretVersions>> describe_secret(std::string arn, std::string role_arn,
                                                       FetchProgress& progress) = 0;
  /// At most 20 ids a call.
  virtual Task<Result<SecretBatch>> batch_get(std::vector<std::string> secret_ids, std::string role_arn,
                                              FetchProgress& progress) = 0;
  /// All secrets that have the tag key; a page a call.
  virtual Task<Result<SecretBatch>> batch_get_tagged(std::string tag_key, std::string next_token, std::string role_arn,
                                                     FetchProgress& progress) = 0;

 protected:
  ~SecretSource() = default;
};

}  // namespace sma
