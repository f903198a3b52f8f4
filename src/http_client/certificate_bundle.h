#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sma {

struct FreeCertificate {
  void operator()(X509* certificate) const;
};
using CertificatePointer = std::unique_ptr<X509, FreeCertificate>;

/// Reads a bundle of certificate authorities (PEM) one certificate at a time. Other blocks, a key for example, and text
/// between the blocks are ignored. So is a certificate that is broken; `broken` says where it is.
class CertificateBundle {
 public:
  /// `pem` must outlive this object.
  explicit CertificateBundle(std::string_view pem) : rest_(pem) {}

  /// The next good certificate; null if there is none.
  [[nodiscard]] CertificatePointer next();
  /// The places of the broken ones so far, for a person; it quotes nothing. After the first few, only their number.
  [[nodiscard]] std::vector<std::string> broken() const;

 private:
  [[nodiscard]] std::string_view next_block();
  void note_broken();

  std::string_view rest_;
  std::size_t line_ = 1;        // that `rest_` begins with
  std::size_t block_line_ = 0;  // that the last block began with
  std::size_t blocks_ = 0;
  std::size_t broken_count_ = 0;
  std::vector<std::string> broken_{};
};

/// Reads a bundle whole, and keeps nothing of it. Returns its `broken`; a fault if it has no good certificate.
[[nodiscard]] Result<std::vector<std::string>> check_certificate_bundle(std::string_view pem);

}  // namespace sma
