#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "tests/integration/support/temp_folder.h"

namespace sma::integration {

class Certificate;

/// What a certificate says: for which address, and from when to when it is valid, in seconds from now.
struct CertificateFacts {
  std::string address = "127.0.0.1";
  long valid_from = -3600;
  long valid_until = 86400;
  const Certificate* issuer = nullptr;  // who signed it; itself without
};

/// A certificate and its key, as PEM files. One that signed itself is an authority of the tests' own, too.
class Certificate {
 public:
  explicit Certificate(const CertificateFacts& facts = {});

  [[nodiscard]] std::string certificate_file() const { return folder_.path() / "certificate.pem"; }
  [[nodiscard]] std::string key_file() const { return folder_.path() / "key.pem"; }
  /// A folder that holds it under the name by which OpenSSL looks for authorities (`SSL_CERT_DIR`).
  [[nodiscard]] std::string folder_of_authorities() const;

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
  TempFolder folder_;
};

}  // namespace sma::integration
