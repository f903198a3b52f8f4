#include "http_client/certificate_bundle.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace sma {
namespace {

bool is_certificate(const unsigned char* data, long size) {
  const std::unique_ptr<X509, void (*)(X509*)> certificate(d2i_X509_AUX(nullptr, &data, size), X509_free);
  return certificate != nullptr;
}

bool names_a_certificate(std::string_view name) {
  return name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD || name == PEM_STRING_X509_TRUSTED;
}

enum class Block { none, broken, certificate, other };

/// Reads the next block, and frees it: a bundle has hundreds.
Block next_block(BIO* bundle) {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(bundle, &name, &header, &data, &size) != 1)
    return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? Block::none : Block::broken;
  Block block = Block::other;
  if (names_a_certificate(name)) block = is_certificate(data, size) ? Block::certificate : Block::broken;
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  return block;
}

}  // namespace

Result<Done> check_certificate_bundle(std::string_view pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bundle(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  ERR_clear_error();
  int certificates = 0;
  int number = 1;
  Block block = next_block(bundle.get());
  for (; block == Block::certificate || block == Block::other; block = next_block(bundle.get()), ++number)
    certificates += block == Block::certificate ? 1 : 0;
  ERR_clear_error();
  if (block == Block::broken)
    return Fault::internal("PEM block " + std::to_string(number) +
                           " is broken, or glued to the one before or after it");
  if (certificates == 0) return Fault::internal("no certificate (PEM) is in it");
  return Done{};
}

}  // namespace sma
