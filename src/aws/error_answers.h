#pragma once

#include <string_view>

#include "base/fault.h"
#include "base/wiped_bytes.h"
#include "http_client/http_client.h"

namespace sma {

/// Reads what AWS answers instead of a success: JSON of Secrets Manager and SSO, XML of STS.
///
/// The code comes from `errortype` (`x-amzn-errortype`), then `code`, then `__type`, without `namespace#` and `:url`;
/// from `Error/Code` in XML; else it is the status's own name (`BadRequest`). It decides the fault's kind: `throttled`,
/// `expired`, `transient` (also 500 and 502 to 504), `lasting` (any other 5xx), else `denied`. The status is AWS's own.
/// `retry_after` is `x-amz-retry-after`, in milliseconds.
///
/// A 5xx or 429 with any body goes by its status; any other answer that is no AWS error is a `ConnectionError`.
[[nodiscard]] Fault read_error(int status, std::string_view errortype, std::string_view retry_after, WipedBytes body);
/// The same for an answer, whose body it takes. If the body cannot be read, the answer's connection is closed.
[[nodiscard]] Fault read_error(ClientResponse& answer);

/// True for a refusal that may have come too early, and is worth the attempts that a transient fault is worth: STS did
/// not get the keys of the token's issuer in time. It stays a refusal. Source: aws-sdk-go-v2, `credentials/stscreds`.
[[nodiscard]] bool may_be_too_early(const Fault& fault);

/// True if the fault, of a call for that secret or role, is AWS's last word on it: it is gone, or not allowed (any
/// more). False for what passes, for what is wrong with the keys, signature or clock of the call, for quotas, and for
/// an answer without a code of AWS.
[[nodiscard]] bool is_last_word_on(Fault::Revoked what, const Fault& fault);

/// True if the code is one that AWS also uses for a clock that is wrong by minutes: the answer's `Date` shows it then.
[[nodiscard]] bool may_be_clock_skew(const Fault& fault);

}  // namespace sma
