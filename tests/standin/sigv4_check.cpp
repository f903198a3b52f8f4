#include "tests/standin/sigv4_check.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "tests/standin/encoding.h"

namespace sma::standin {

namespace {

constexpr double kSkewSeconds = 300;
constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

std::string uri_encode(std::string_view text, bool keep_slash) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                       byte == '-' || byte == '_' || byte == '.' || byte == '~' || (keep_slash && byte == '/');
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

/// Every service but S3: the path as sent is normalised, then each segment is encoded once more.
std::string canonical_uri(std::string_view path) {
  std::vector<std::string> kept;
  for (const std::string& segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else {
      kept.push_back(segment);
    }
  }
  std::string out;
  for (const std::string& segment : kept) out += '/' + uri_encode(segment, false);
  return out.empty() || (path.ends_with('/') && path.size() > 1) ? out + '/' : out;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& pair : split(query, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string value = equals < pair.size() ? pair.substr(equals + 1) : "";
    pairs.emplace_back(uri_encode(percent_decode(pair.substr(0, equals), false), false),
                       uri_encode(percent_decode(value, false), false));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
  return out;
}

std::string folded(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string canonical_headers(const HttpRequest& request, const std::vector<std::string>& signed_names) {
  std::string out;
  for (const std::string& name : signed_names) {
    std::string values;
    for (const auto& [key, value] : request.headers) {
      if (to_lower(key) == name) values += (values.empty() ? "" : ",") + folded(value);
    }
    out += name + ':' + values + '\n';
  }
  return out;
}

/// The parts of `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
std::map<std::string, std::string> authorization_parts(std::string_view authorization) {
  std::map<std::string, std::string> parts;
  for (const std::string& part : split(authorization.substr(std::min(authorization.size(), kAlgorithm.size())), ',')) {
    const std::string text = folded(part);
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) parts[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return parts;
}

/// The host and every x-amz- header must be under the signature, or a proxy could change them.
std::string unsigned_header(const HttpRequest& request, const std::vector<std::string>& signed_names) {
  for (const auto& [key, value] : request.headers) {
    const std::string name = to_lower(key);
    const bool must = name == "host" || name.starts_with("x-amz-");
    if (must && std::find(signed_names.begin(), signed_names.end(), name) == signed_names.end()) return name;
  }
  return "";
}

std::string expected_signature(const HttpRequest& request, const std::vector<std::string>& signed_names,
                               const std::string& signed_list, const std::vector<std::string>& scope,
                               const std::string& date, const std::string& secret_key) {
  const std::string canonical_request =
      request.method + '\n' + canonical_uri(request.path()) + '\n' + canonical_query(request.query()) + '\n' +
      canonical_headers(request, signed_names) + '\n' + signed_list + '\n' + hex(sha256(request.body));
  const std::string scope_text = scope[1] + '/' + scope[2] + '/' + scope[3] + '/' + scope[4];
  const std::string string_to_sign =
      std::string(kAlgorithm) + '\n' + date + '\n' + scope_text + '\n' + hex(sha256(canonical_request));
  std::string key = hmac_sha256("AWS4" + secret_key, scope[1]);
  for (std::size_t i = 2; i <= 4; ++i) key = hmac_sha256(key, scope[i]);
  return hex(hmac_sha256(key, string_to_sign));
}

std::string skew_message(const std::string& date, double signed_at, double now) {
  const bool late = signed_at < now;
  const double limit = late ? now - kSkewSeconds : now + kSkewSeconds;
  return std::string(late ? "Signature expired: " : "Signature not yet current: ") + date + " is " +
         (late ? "now earlier than " : "still later than ") + amz_date(limit) + " (" + amz_date(now) +
         (late ? " - 5 min.)" : " + 5 min.)");
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnsigned:
      return "unsigned";
    case Verdict::kValid:
      return "valid";
    case Verdict::kIncomplete:
      return "incomplete";
    case Verdict::kUnknownKey:
      return "unknown key";
    case Verdict::kExpiredToken:
      return "expired token";
    case Verdict::kSkewed:
      return "skewed";
    case Verdict::kWrongScope:
      return "wrong scope";
    case Verdict::kMismatch:
      return "mismatch";
  }
  return "?";
}

SignatureCheck check_signature(const HttpRequest& request, std::string_view service, const KeyRing& keys, double now) {
  SignatureCheck check;
  const auto refuse = [&check](Verdict verdict, std::string message) {
    check.verdict = verdict;
    check.message = std::move(message);
    return check;
  };
  const auto authorization = request.header("authorization");
  if (!authorization) return refuse(Verdict::kUnsigned, "Missing Authentication Token");

  auto parts = authorization_parts(*authorization);
  const auto scope = split(parts["Credential"], '/');
  const auto signed_names = split(parts["SignedHeaders"], ';');
  const std::string date = request.header("x-amz-date").value_or("");
  const auto signed_at = parse_amz_date(date);
  if (!authorization->starts_with(kAlgorithm) || scope.size() != 5 || parts["Signature"].empty() || !signed_at) {
    return refuse(Verdict::kIncomplete,
                  "Authorization header requires 'Credential', 'SignedHeaders', 'Signature' and "
                  "the request an 'X-Amz-Date'.");
  }
  check.access_key = scope[0];
  check.region = scope[2];
  if (const std::string name = unsigned_header(request, signed_names); !name.empty()) {
    return refuse(Verdict::kIncomplete, "'" + name + "' must be a 'SignedHeader' in the AWS Authorization.");
  }

  const Principal* principal = keys.find(check.access_key);
  if (!principal || request.header("x-amz-security-token").value_or("") != principal->session_token) {
    return refuse(Verdict::kUnknownKey, "The security token included in the request is invalid.");
  }
  if (principal->expires && *principal->expires <= now) {
    return refuse(Verdict::kExpiredToken, "The security token included in the request is expired");
  }
  if (std::fabs(*signed_at - now) > kSkewSeconds) {
    return refuse(Verdict::kSkewed, skew_message(date, *signed_at, now));
  }
  if (scope[3] != service || scope[4] != "aws4_request") {
    return refuse(Verdict::kWrongScope,
                  "Credential should be scoped to correct service: '" + std::string(service) + "'. ");
  }
  if (scope[1] != date.substr(0, 8)) {
    return refuse(Verdict::kWrongScope,
                  "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                  "date from HTTP: '" +
                      scope[1] + "' != '" + date.substr(0, 8) + "'.");
  }
  const std::string expected =
      expected_signature(request, signed_names, parts["SignedHeaders"], scope, date, principal->secret_key);
  if (expected != parts["Signature"]) {
    return refuse(Verdict::kMismatch,
                  "The request signature we calculated does not match the signature you provided. Check your AWS "
                  "Secret Access Key and signing method. Consult the service documentation for details.");
  }
  check.verdict = Verdict::kValid;
  check.principal_arn = principal->arn;
  return check;
}

}  // namespace sma::standin
