#include "aws/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "base/ascii.h"
#include "base/hex.h"
#include "base/percent.h"

namespace sma::sigv4 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

struct Digest {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> bytes{};
  Digest() = default;
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest() { wipe(bytes.data(), bytes.size()); }
  [[nodiscard]] std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

const unsigned char* unsigned_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hex(const Digest& digest) {
  std::string text;
  text.reserve(2 * digest.bytes.size());
  append_hex(text, digest.view());
  return text;
}

std::string sha256_hex(std::string_view text) {
  Digest digest;
  SHA256(unsigned_bytes(text), text.size(), digest.bytes.data());
  return hex(digest);
}

void hmac_sha256(std::string_view key, std::string_view text, Digest& digest) {
  // Fails only if OpenSSL has no SHA-256 or no memory: nothing could be signed then.
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), unsigned_bytes(text), text.size(),
           digest.bytes.data(), nullptr) == nullptr)
    std::abort();
}

/// Names are lower case and sorted; a repeated field is one entry, its values joined by commas.
using CanonicalFields = std::map<std::string, WipedBytes, std::less<>>;

/// Without white space at the ends, and with one space for any run of it.
void append_folded(WipedBytes& target, std::string_view value) {
  bool begun = false;
  for (std::size_t i = 0; i < value.size();) {
    if (is_white_space(value[i])) {
      ++i;
      continue;
    }
    const std::size_t start = i;
    while (i < value.size() && !is_white_space(value[i])) ++i;
    if (begun) target.append(" ");
    target.append(value.substr(start, i - start));
    begun = true;
  }
}

void add_field(CanonicalFields& fields, std::string_view name, std::string_view value) {
  const auto [field, is_new] = fields.try_emplace(to_lower(name));
  if (!is_new) field->second.append(",");
  append_folded(field->second, value);
}

CanonicalFields canonical_fields(const SignableRequest& request, std::string_view amz_date,
                                 std::string_view security_token) {
  CanonicalFields fields;
  add_field(fields, "host", request.host);
  add_field(fields, "x-amz-date", amz_date);
  if (!security_token.empty()) add_field(fields, "x-amz-security-token", security_token);
  for (const auto& [name, value] : request.fields) add_field(fields, name, value);
  return fields;
}

std::string signed_field_names(const CanonicalFields& fields) {
  std::string names;
  for (const auto& field : fields) {
    if (!names.empty()) names.push_back(';');
    names.append(field.first);
  }
  return names;
}

/// Decoded as far as possible and encoded again, so that each way to escape a text is signed in the same form.
std::string encoded_again(std::string_view text) {
  std::string buffer;
  return percent_encoded(percent_decoded(text, Plus::space, buffer).value_or(text));
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) continue;
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    parameters.emplace_back(encoded_again(parameter.substr(0, equals)),
                            encoded_again(parameter.substr(std::min(equals + 1, parameter.size()))));
  }
  std::ranges::sort(parameters);
  std::string canonical;
  for (const auto& [name, value] : parameters) {
    if (!canonical.empty()) canonical.push_back('&');
    canonical.append(name).append("=").append(value);
  }
  return canonical;
}

WipedBytes join_canonical_request(const SignableRequest& request, const CanonicalFields& fields) {
  WipedBytes canonical(request.method);
  canonical.append("\n");
  canonical.append(percent_encoded(request.path.empty() ? "/" : request.path, "/"));
  canonical.append("\n");
  canonical.append(canonical_query(request.query));
  canonical.append("\n");
  for (const auto& [name, value] : fields) {
    canonical.append(name);
    canonical.append(":");
    canonical.append(value.view());
    canonical.append("\n");
  }
  canonical.append("\n");
  canonical.append(signed_field_names(fields));
  canonical.append("\n");
  canonical.append(sha256_hex(request.payload));
  return canonical;
}

std::string signature_of(std::string_view string_to_sign, std::string_view date, const SigningScope& scope,
                         std::string_view secret_access_key) {
  WipedBytes secret("AWS4");
  secret.reserve(secret.size() + secret_access_key.size());
  secret.append(secret_access_key);
  Digest date_key;
  Digest region_key;
  Digest service_key;
  Digest signing_key;
  Digest signature;
  hmac_sha256(secret.view(), date, date_key);
  hmac_sha256(date_key.view(), scope.region, region_key);
  hmac_sha256(region_key.view(), scope.service, service_key);
  hmac_sha256(service_key.view(), "aws4_request", signing_key);
  hmac_sha256(signing_key.view(), string_to_sign, signature);
  return hex(signature);
}

}  // namespace

Signature sign(const SignableRequest& request, const SigningScope& scope, const Credentials& credentials,
               WallTime when) {
  Signature signed_with{
      .amz_date = amz_date(when), .security_token = WipedBytes(credentials.session_token.view()), .authorization = {}};
  const std::string date = signed_with.amz_date.substr(0, 8);
  const std::string credential_scope = date + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const CanonicalFields fields = canonical_fields(request, signed_with.amz_date, signed_with.security_token.view());
  const WipedBytes canonical = join_canonical_request(request, fields);
  std::string signature = signature_of(string_to_sign(signed_with.amz_date, credential_scope, canonical.view()), date,
                                       scope, credentials.secret_access_key.view());

  WipedBytes& authorization = signed_with.authorization;
  authorization.append(kAlgorithm);
  authorization.append(" Credential=" + credentials.access_key_id + "/" + credential_scope);
  authorization.append(", SignedHeaders=" + signed_field_names(fields) + ", Signature=");
  authorization.append(signature);
  wipe(signature.data(), signature.size());
  return signed_with;
}

WipedBytes canonical_request(const SignableRequest& request, std::string_view amz_date,
                             std::string_view security_token) {
  return join_canonical_request(request, canonical_fields(request, amz_date, security_token));
}

std::string string_to_sign(std::string_view amz_date, std::string_view credential_scope,
                           std::string_view canonical_request) {
  std::string text(kAlgorithm);
  text.append("\n")
      .append(amz_date)
      .append("\n")
      .append(credential_scope)
      .append("\n")
      .append(sha256_hex(canonical_request));
  return text;
}

std::string normalised_path(std::string_view path) {
  const bool ends_with_slash = path.ends_with('/');
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (!segments.empty()) {
      segments.pop_back();
    }
  }
  std::string normalised;
  for (const std::string_view segment : segments) normalised.append("/").append(segment);
  if (segments.empty() || ends_with_slash) normalised.push_back('/');
  return normalised;
}

std::string amz_date(WallTime when) {
  using namespace std::chrono;
  const auto day = floor<days>(when);
  const year_month_day date{day};
  const hh_mm_ss<Seconds> time{floor<Seconds>(when) - day};
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                                 static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace sma::sigv4
