#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "base/task.h"

namespace sma {

/// Keys that sign calls to AWS. Source: IAM, "Temporary security credentials".
struct Credentials {
  std::string access_key_id;
  SharedBytes secret_access_key;
  SharedBytes session_token;           ///< empty: long-term keys
  std::optional<WallTime> expiration;  ///< none: they do not expire
  std::string source;                  ///< for one line in the log: "environment", "profile dev, role_arn", …

  /// True if both would sign alike.
  [[nodiscard]] bool same_keys(const Credentials& other) const {
    return access_key_id == other.access_key_id && secret_access_key.view() == other.secret_access_key.view() &&
           session_token.view() == other.session_token.view();
  }
};

/// Credentials are never changed once made. A call that signs holds them until it ends.
using SharedCredentials = std::shared_ptr<const Credentials>;

/// One source of credentials. Faults: `absent` if nothing is configured there (the chain asks the next); any other kind
/// ends the chain: `transient` if asking again may help, else `denied` or `internal`. The message says what was tried
/// and why it failed, never a secret.
class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;
  /// Asks again at each call. Waits until `deadline` at most.
  virtual Task<Result<Credentials>> load(TimePoint deadline) = 0;
  /// What it is called in the log, in errors and in metrics: a kind of source, which names nobody's role or file.
  [[nodiscard]] virtual std::string_view name() const = 0;
};

/// Credentials for signing, cached and renewed. See `CachedCredentials`.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  /// Those in force; waits only if there are none.
  virtual Task<Result<SharedCredentials>> get(TimePoint deadline) = 0;
  /// AWS no longer accepts `refused`: renews them if they are still the current ones. Returns those to try with, or a
  /// fault if the source returns the same keys again.
  virtual Task<Result<SharedCredentials>> renew(SharedCredentials refused, TimePoint deadline) = 0;
};

}  // namespace sma
