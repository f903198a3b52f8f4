#include "http_client/certificate_bundle.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/http_client/certificate_text.h"

namespace sma {
namespace {

/// What is broken, or why nothing is good.
std::string problem(const std::string& pem) {
  const auto broken = check_certificate_bundle(pem);
  if (!broken.ok()) return broken.fault().message;
  std::string all;
  for (const std::string& place : *broken) all += place + '\n';
  return all;
}

int good_ones(const std::string& pem) {
  CertificateBundle bundle(pem);
  int count = 0;
  while (bundle.next() != nullptr) ++count;
  return count;
}

const std::string kKey =  // NOLINT(cert-err58-cpp)
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
    "-----END PRIVATE KEY-----\n";

TEST_CASE("a bundle of certificates is good, with text, comments and other blocks between them") {
  const std::string certificate = certificate_text();
  CHECK(problem(certificate) == "");
  CHECK(problem("# a comment\n" + certificate + "\nSubject: somebody\n" + kKey + certificate) == "");
  std::string with_crlf;
  for (const char c : certificate) with_crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(problem(with_crlf) == "");
}

TEST_CASE("a bundle without a certificate says so") {
  for (const std::string& pem : {std::string(), std::string("text\n"), kKey, kKey + kKey})
    CHECK(problem(pem) == "no certificate (PEM) is in it");
}

TEST_CASE("a broken certificate is named by its place, and the good ones are read") {
  const std::string certificate = certificate_text();
  std::string broken = certificate;
  broken.replace(broken.find('\n') + 1, 8, "AAAAAAAA");
  std::string cut = certificate;
  cut.resize(cut.size() / 2);
  std::string glued = certificate;
  glued.pop_back();
  const std::string is_broken = ", is broken, or glued to the one after it\n";
  CHECK(problem(certificate + broken + certificate) == "PEM block 2, line 10" + is_broken);
  CHECK(good_ones(certificate + broken + certificate) == 2);
  CHECK(problem(certificate + certificate + cut) == "PEM block 3, line 19" + is_broken);
  CHECK(problem("text\n" + cut + '\n' + certificate) == "PEM block 1, line 2" + is_broken);
  CHECK(good_ones(cut + '\n' + certificate) == 1);
  CHECK(problem(certificate + glued + certificate + certificate) == "PEM block 2, line 10" + is_broken);
  CHECK(good_ones(certificate + glued + certificate + certificate) == 2);
}

TEST_CASE("a bundle in which every certificate is broken names the first one") {
  const std::string certificate = certificate_text();
  std::string glued = certificate;
  glued.pop_back();
  for (const std::string& pem : {glued + certificate, std::string("-----BEGIN CERTIFICATE-----\n")})
    CHECK(problem(pem).starts_with("no certificate in it can be read: PEM block 1, line 1"));
}

TEST_CASE("of many broken certificates the first ones are named, and the others counted") {
  std::string pem = certificate_text();
  for (int i = 0; i < 100; ++i) pem += "-----BEGIN CERTIFICATE-----\n";
  const auto broken = check_certificate_bundle(pem);
  REQUIRE(broken.ok());
  CHECK(broken->size() == 9);
  CHECK(broken->back() == "92 more PEM blocks are broken");
}

}  // namespace
}  // namespace sma
