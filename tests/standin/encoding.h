#pragma once

#include <string>
#include <string_view>

namespace sma::standin {

[[nodiscard]] std::string hex(std::string_view bytes);
[[nodiscard]] std::string sha256(std::string_view data);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view data);
[[nodiscard]] std::string base64_encode(std::string_view bytes);
[[nodiscard]] std::string base64_decode(std::string_view text);

/// Random characters out of `alphabet`; letters and digits by default.
[[nodiscard]] std::string random_text(
    std::size_t size, std::string_view alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
/// A random UUID, version 4, as request and version ids have.
[[nodiscard]] std::string random_uuid();

}  // namespace sma::standin
