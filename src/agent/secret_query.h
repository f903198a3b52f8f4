#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "secrets/secret.h"

namespace sma {

/// Reads what a request asks for: the secret's id and the parameters of its query (specification §1.4). Texts without
/// an escape are used in place; others are decoded into buffers that are kept, so that reading allocates
/// nothing.
class SecretQuery {
 public:
  /// Reads the query of `GET /secretsmanager/get?secretId=…`. Returns the text of a 400 answer if the query is wrong.
  /// The views in `key` are valid until the next call or the end of the request.
  [[nodiscard]] std::optional<std::string> read_query(std::string_view query);
  /// The same for `GET {path_prefix}ID?…`: `id` is what follows the prefix, still encoded.
  [[nodiscard]] std::optional<std::string> read_path(std::string_view id, std::string_view query);

  [[nodiscard]] const SecretKeyView& key() const { return key_; }
  [[nodiscard]] bool refresh_now() const { return refresh_now_; }

 private:
  [[nodiscard]] std::optional<std::string> read_parameters(std::string_view query, bool with_id);
  [[nodiscard]] std::optional<std::string> read_parameter(std::string_view pair, bool with_id);

  SecretKeyView key_;
  bool role_given_ = false;
  bool refresh_now_ = false;
  std::string name_;                    // a decoded parameter name
  std::array<std::string, 5> decoded_;  // values that held an escape: id, version, stage, role, refreshNow
};

}  // namespace sma
