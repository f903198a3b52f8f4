#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_bytes.h"

namespace sma {

/// What a client asked for, as it wrote it; the cache's key. Empty: not given. Source: specification §2.1.
struct SecretKey {
  std::string secret_id;
  std::string version_id;
  std::string version_stage;
  std::string role_arn;

  friend bool operator==(const SecretKey&, const SecretKey&) = default;
};

/// The same, in views, for looking things up without a copy.
struct SecretKeyView {
  std::string_view secret_id;
  std::string_view version_id;
  std::string_view version_stage;
  std::string_view role_arn;

  SecretKeyView() = default;
  SecretKeyView(std::string_view id, std::string_view version, std::string_view stage, std::string_view role)
      : secret_id(id), version_id(version), version_stage(stage), role_arn(role) {}
  SecretKeyView(const SecretKey& key)
      : secret_id(key.secret_id),
        version_id(key.version_id),
        version_stage(key.version_stage),
        role_arn(key.role_arn) {}

  [[nodiscard]] SecretKey copy() const {
    return {std::string(secret_id), std::string(version_id), std::string(version_stage), std::string(role_arn)};
  }
  friend bool operator==(const SecretKeyView&, const SecretKeyView&) = default;
};

/// Not noexcept on purpose: libstdc++ then keeps the hash in each node, and a lookup hashes once.
struct SecretKeyHash {
  using is_transparent = void;
  std::size_t operator()(const SecretKeyView& key) const {
    std::size_t hash = std::hash<std::string_view>{}(key.secret_id);
    for (const std::string_view part : {key.version_id, key.version_stage, key.role_arn})
      hash = hash * 31 + (part.empty() ? 0 : std::hash<std::string_view>{}(part));
    return hash;
  }
};

struct SecretKeyEqual {
  using is_transparent = void;
  bool operator()(const SecretKeyView& a, const SecretKeyView& b) const { return a == b; }
};

/// One version of a secret, as the answer that clients get: the secret's bytes exist once, inside `answer`.
struct SecretValue {
  SharedBytes answer;  ///< the rendered JSON object (specification §1.5)
  std::string arn;     ///< empty if AWS sent none
  std::string name;
  std::string version_id;
  std::vector<std::string> version_stages{};  ///< empty if AWS sent none
};

/// What a client gets, and where it came from.
struct SecretAnswer {
  enum class Origin : std::uint8_t {
    hit,    ///< the cache
    miss,   ///< AWS
    stale,  ///< the cache, in place of a fault
  };
  SharedBytes bytes;
  Origin origin;
};

/// Which versions of a secret exist and which stages they carry, as DescribeSecret answers.
struct SecretVersions {
  struct Version {
    std::string version_id;
    std::vector<std::string> stages;
  };
  std::string arn{};   ///< empty if AWS sent none
  std::string name{};  ///< likewise
  std::vector<Version> versions{};
  bool deleted = false;  ///< marked for deletion: GetSecretValue is refused, although the versions are still there
};

}  // namespace sma
