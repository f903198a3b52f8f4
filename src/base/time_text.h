#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace sma {

/// Times as texts, read without a locale or time zone of the machine's, within the bounds of base/wall_time.h.

/// `2026-01-31T12:00:00Z`, with any fraction of a second, and with `Z`, `UTC` or an offset (`+01:00`, `+0100`).
/// Source: RFC 3339 §5.6, AWS's Expiration fields.
[[nodiscard]] std::optional<WallTime> parse_iso8601(std::string_view text);

/// `Sun, 06 Nov 1994 08:49:37 GMT` and the two obsolete forms. Source: RFC 9110 §5.6.7.
[[nodiscard]] std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace sma
