#include "tests/integration/support/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <stdexcept>

namespace sma::integration {

namespace {

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (!extension) throw std::runtime_error("no such extension: " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

template <typename Write>
void write_file(const std::string& path, Write write) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
  if (!file || write(file.get()) != 1) throw std::runtime_error("cannot write " + path);
}

}  // namespace

Certificate::Certificate(const CertificateFacts& facts)
    : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
  // Names differ, so that no authority is taken for another.
  static std::atomic<long> serial = 0;
  X509* certificate = certificate_.get();
  const std::string name = facts.address + " number " + std::to_string(++serial);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_set_version(certificate, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate), facts.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), facts.valid_until);
  X509_set_pubkey(certificate, key_.get());
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, facts.issuer ? X509_get_subject_name(facts.issuer->certificate_.get()) : subject);
  add_extension(certificate, NID_subject_alt_name, "IP:" + facts.address);
  add_extension(certificate, NID_basic_constraints, facts.issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
  const Certificate& issuer = facts.issuer ? *facts.issuer : *this;
  if (X509_sign(certificate, issuer.key_.get(), EVP_sha256()) == 0) throw std::runtime_error("cannot sign");
  write_file(certificate_file(), [&](std::FILE* file) { return PEM_write_X509(file, certificate); });
  write_file(key_file(), [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string Certificate::folder_of_authorities() const {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "authorities/%08lx.0", X509_subject_name_hash(certificate_.get()));
  return folder_.write(name.data(), read_file(certificate_file())).parent_path();
}

}  // namespace sma::integration
