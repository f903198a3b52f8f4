#include "http_client/certificate_bundle.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/http_client/certificate_text.h"

namespace sma {
namespace {

std::string problem(const std::string& pem) {
  const Result<Done> checked = check_certificate_bundle(pem);
  return checked.ok() ? "" : checked.fault().message;
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

TEST_CASE("a broken certificate is named by its place, also among good ones") {
  const std::string certificate = certificate_text();
  std::string broken = certificate;
  broken.replace(broken.find('\n') + 1, 8, "AAAAAAAA");
  std::string cut = certificate;
  cut.resize(cut.size() / 2);
  std::string glued = certificate;
  glued.pop_back();
  CHECK(problem(broken).starts_with("PEM block 1 is broken"));
  CHECK(problem(certificate + broken + certificate).starts_with("PEM block 2 is broken"));
  CHECK(problem(certificate + certificate + cut).starts_with("PEM block 3 is broken"));
  CHECK(problem(glued + certificate).starts_with("PEM block 1 is broken"));
  CHECK(problem("-----BEGIN CERTIFICATE-----\n").starts_with("PEM block 1 is broken"));
}

}  // namespace
}  // namespace sma
