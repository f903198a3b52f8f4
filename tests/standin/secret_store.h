#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/standin/json.h"

namespace sma::standin {

struct SecretVersion {
  std::string id;
  std::vector<std::string> stages;
  std::optional<std::string> text;
  std::optional<std::string> binary;  // raw bytes
  std::string created;                // JSON number, written as it stands
};

struct StoredSecret {
  std::string name;
  std::string arn;
  std::vector<SecretVersion> versions;  // oldest first
  std::map<std::string, std::string> tags;
  bool deleted = false;
  bool ascii = false;                // answers escape all but ASCII
  std::set<std::string> denied;      // operations refused with AccessDeniedException
  std::set<std::string> principals;  // ARN beginnings that may read it; empty: everyone

  [[nodiscard]] const SecretVersion* version(std::string_view id) const;
  [[nodiscard]] const SecretVersion* staged(std::string_view stage) const;
};

/// The secrets of one account and region. Not synchronised: Standin's lock guards it.
class SecretStore {
 public:
  /// Secrets as in demo-secrets.json (README.md, "Secrets"). Throws std::runtime_error on anything it cannot read.
  void load(std::string_view json_text, double now);

  /// A new secret, or a new version of it under AWSCURRENT (the former becomes AWSPREVIOUS). The version's id; made
  /// up where empty.
  std::string put(const std::string& name, std::string text, double now, std::string version_id = "");
  std::string put_binary(const std::string& name, std::string bytes, double now, std::string version_id = "");
  /// A new version whose value is the one before it with `#N` behind it, N counting up from 1.
  std::string rotate(const std::string& name, double now);
  void rotate_all(double now);

  /// By name, ARN or ARN without its six random characters.
  [[nodiscard]] StoredSecret* find(std::string_view secret_id);
  void remove(const std::string& name) { secrets_.erase(name); }
  [[nodiscard]] std::map<std::string, StoredSecret>& all() { return secrets_; }

  std::string account = "123456789012";
  std::string region = "us-east-1";

 private:
  StoredSecret& find_or_make(const std::string& name);
  SecretVersion& add_current(StoredSecret& secret, std::string version_id, double now);
  void load_one(const Json& json, double now);

  std::map<std::string, StoredSecret> secrets_;
};

/// Seconds since the epoch as AWS writes them in JSON: `1.523477145713E9`.
[[nodiscard]] std::string scientific_date(double seconds);

}  // namespace sma::standin
