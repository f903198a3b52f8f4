#pragma once

#include <string>

#include "tests/integration/support/temp_folder.h"

namespace sma::integration {

/// A self-signed certificate for one address, valid for a day, and its key, as PEM files.
class Certificate {
 public:
  explicit Certificate(const std::string& address);

  [[nodiscard]] std::string certificate_file() const { return folder_.path() / "certificate.pem"; }
  [[nodiscard]] std::string key_file() const { return folder_.path() / "key.pem"; }

 private:
  TempFolder folder_;
};

}  // namespace sma::integration
