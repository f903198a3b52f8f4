#pragma once

#include <map>
#include <optional>
#include <string>

namespace sma::standin {

/// A key pair AWS would know, with whom it speaks for.
struct Principal {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // empty: long-term keys
  std::string arn;
  std::optional<double> expires;  // seconds since the epoch
};

/// The key pairs that are accepted. Temporary ones are issued by the stand-in's own STS, metadata, container and SSO
/// endpoints, so that a test sees whose keys a call was signed with.
class KeyRing {
 public:
  void add(Principal principal);
  /// New temporary keys for `arn`, never the same twice.
  const Principal& issue(const std::string& arn, double expires);
  void revoke(const std::string& access_key) { principals_.erase(access_key); }
  void revoke_all() { principals_.clear(); }
  [[nodiscard]] const Principal* find(const std::string& access_key) const;
  [[nodiscard]] const std::map<std::string, Principal>& all() const { return principals_; }
  [[nodiscard]] std::size_t issued() const { return issued_; }

 private:
  std::map<std::string, Principal> principals_;
  std::size_t issued_ = 0;
};

}  // namespace sma::standin
