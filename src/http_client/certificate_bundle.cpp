#include "http_client/certificate_bundle.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>

namespace sma {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::size_t kPlacesTold = 8;

bool names_a_certificate(std::string_view name) {
  return name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD || name == PEM_STRING_X509_TRUSTED;
}

/// One block of a bundle.
struct Block {
  CertificatePointer certificate{};
  bool broken = false;
};

Block read_block(std::string_view text) {
  const std::unique_ptr<BIO, int (*)(BIO*)> source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                   BIO_free);
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(source.get(), &name, &header, &data, &size) != 1) return {.broken = true};
  Block block;
  if (names_a_certificate(name)) {
    const unsigned char* at = data;
    block.certificate.reset(d2i_X509_AUX(nullptr, &at, size));
    block.broken = block.certificate == nullptr;
  }
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  return block;
}

}  // namespace

void FreeCertificate::operator()(X509* certificate) const { X509_free(certificate); }

CertificatePointer CertificateBundle::next() {
  for (;;) {
    const std::string_view text = next_block();
    if (text.empty()) return nullptr;
    Block block = read_block(text);
    ERR_clear_error();
    if (block.broken) note_broken();
    if (block.certificate != nullptr) return std::move(block.certificate);
  }
}

/// From a line that begins a block to the next such line, or to the end.
std::string_view CertificateBundle::next_block() {
  const auto skip = [this](std::size_t size) {
    line_ += static_cast<std::size_t>(std::ranges::count(rest_.substr(0, size), '\n'));
    rest_.remove_prefix(size);
  };
  const auto begin_after = [this](std::size_t from) {
    std::size_t at = rest_.find(kBegin, from);
    while (at != rest_.npos && at != 0 && rest_[at - 1] != '\n') at = rest_.find(kBegin, at + 1);
    return std::min(at, rest_.size());
  };
  skip(begin_after(0));
  if (rest_.empty()) return {};
  ++blocks_;
  block_line_ = line_;
  const std::string_view block = rest_.substr(0, begin_after(1));
  skip(block.size());
  return block;
}

void CertificateBundle::note_broken() {
  if (++broken_count_ <= kPlacesTold)
    broken_.push_back("PEM block " + std::to_string(blocks_) + ", line " + std::to_string(block_line_) +
                      ", is broken, or glued to the one after it");
}

std::vector<std::string> CertificateBundle::broken() const {
  std::vector<std::string> places = broken_;
  if (broken_count_ > kPlacesTold)
    places.push_back(std::to_string(broken_count_ - kPlacesTold) + " more PEM blocks are broken");
  return places;
}

Result<std::vector<std::string>> check_certificate_bundle(std::string_view pem) {
  CertificateBundle bundle(pem);
  bool has_one = false;
  while (bundle.next() != nullptr) has_one = true;
  std::vector<std::string> broken = bundle.broken();
  if (has_one) return broken;
  return Fault::internal(broken.empty() ? "no certificate (PEM) is in it"
                                        : "no certificate in it can be read: " + broken.front());
}

}  // namespace sma
