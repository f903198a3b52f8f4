#pragma once

#include <string>
#include <string_view>

#include "tests/standin/http.h"
#include "tests/standin/key_ring.h"

namespace sma::standin {

/// What became of a request's signature.
enum class Verdict {
  kUnsigned,  // no Authorization at all
  kValid,
  kIncomplete,  // an Authorization that lacks a part, or does not sign what it must
  kUnknownKey,  // access key unknown, or its session token is not the one issued with it
  kExpiredToken,
  kSkewed,      // signed more than five minutes from now
  kWrongScope,  // another service's, or a date that is not the request's
  kMismatch,    // the signature is not ours
};

[[nodiscard]] std::string_view name_of(Verdict verdict);

struct SignatureCheck {
  Verdict verdict = Verdict::kUnsigned;
  std::string message;  // AWS's words
  std::string access_key;
  std::string region;         // of the credential scope
  std::string principal_arn;  // where valid
};

/// Checks AWS Signature Version 4 of a request in its Authorization header, written from AWS's description ("Create a
/// signed AWS API request") on OpenSSL's HMAC, apart from the agent's code: it is the agent's independent judge.
/// `now` is in seconds since the epoch, `service` the signing name (`secretsmanager`, `sts`).
[[nodiscard]] SignatureCheck check_signature(const HttpRequest& request, std::string_view service, const KeyRing& keys,
                                             double now);

}  // namespace sma::standin
