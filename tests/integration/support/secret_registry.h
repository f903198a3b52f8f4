#pragma once

#include <set>
#include <string>
#include <string_view>

#include "tests/standin/standin.h"

namespace sma::integration {

/// Every secret value, token, key and signature that the tests used so far, and the check that none of them stands
/// in what an agent wrote.
class SecretRegistry {
 public:
  static SecretRegistry& of_this_run();
  /// Names and ARNs, which may stand in logs, but not in metrics.
  static SecretRegistry& names_of_this_run();

  /// The text and its encoded forms: base64, percent-encoded, escaped for JSON. Texts under eight characters are left
  /// out: they could stand anywhere.
  void add(const std::string& text);
  /// All that this stand-in holds, issued and received.
  void add_all_of(standin::Standin& aws);
  /// The names and ARNs that this stand-in knows.
  void add_names_of(standin::Standin& aws);
  /// Tokens and signature of a request.
  void add_all_of(const standin::HttpRequest& request);
  /// The first secret found in `text`, shortened to four characters; empty: none.
  [[nodiscard]] std::string find_in(std::string_view text) const;

 private:
  std::set<std::string, std::less<>> secrets_;
};

}  // namespace sma::integration
