#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials/credentials.h"
#include "base/clock.h"
#include "base/wiped_bytes.h"

namespace sma {

/// Signs requests with AWS Signature Version 4 (HMAC-SHA256), for any method, path, query and set of header fields.
/// As all services but S3 have it: the path's percent signs are escaped again. Source: IAM User Guide, "Create a signed
/// AWS API request".
namespace sigv4 {

/// What is signed. Field names may be in any case and are signed lower case; values are folded and trimmed.
struct SignableRequest {
  std::string method;
  std::string host;                                           ///< as Url::authority has it
  std::string path = "/";                                     ///< as it will be sent: see `normalised_path`
  std::string query{};                                        ///< raw, as it will be sent, without `?`
  std::vector<std::pair<std::string, std::string>> fields{};  ///< further signed ones: content-type, x-amz-target, …
  std::string_view payload{};
};

struct SigningScope {
  std::string region;
  std::string service;
};

/// The fields to add to the request: `X-Amz-Date`, `X-Amz-Security-Token` if there is a session token, and
/// `Authorization`. Values are credentials: wiped.
struct Signature {
  std::string amz_date;
  WipedBytes security_token;
  WipedBytes authorization;
};

/// `when` is UTC, corrected for clock skew by the caller.
[[nodiscard]] Signature sign(const SignableRequest& request, const SigningScope& scope, const Credentials& credentials,
                             WallTime when);

/// The steps, by their names in AWS's documentation; for tests.
[[nodiscard]] WipedBytes canonical_request(const SignableRequest& request, std::string_view amz_date,
                                           std::string_view security_token);
[[nodiscard]] std::string string_to_sign(std::string_view amz_date, std::string_view credential_scope,
                                         std::string_view canonical_request);

/// Dot segments and double slashes removed (RFC 3986 §5.2.4); what is left is sent and signed.
[[nodiscard]] std::string normalised_path(std::string_view path);

/// UTC as `20150830T123600Z`.
[[nodiscard]] std::string amz_date(WallTime when);

}  // namespace sigv4
}  // namespace sma
