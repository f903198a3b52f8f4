#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sma::characters {

/// Classes of bytes as the grammar of HTTP has them. Source: RFC 9110 §5.6.2 (token), §5.5 (field-vchar, white space
/// between), RFC 3986 §3.2.2 (reg-name), RFC 5234 (VCHAR, HEXDIG).
enum Class : std::uint8_t {
  kToken = 1,
  kFieldValue = 2,  ///< VCHAR, obs-text, SP, HTAB
  kTarget = 4,      ///< VCHAR but `#`: a fragment is never sent
  kRegName = 8,     ///< unreserved, sub-delims; `%` is looked at by who reads the name
  kHexDigit = 16,
  kDigit = 32,
};

constexpr std::array<std::uint8_t, 256> make_table() {
  std::array<std::uint8_t, 256> table{};
  const auto add = [&table](std::string_view bytes, std::uint8_t classes) {
    for (const char byte : bytes) {
      auto& entry = table[static_cast<unsigned char>(byte)];
      entry = static_cast<std::uint8_t>(entry | classes);
    }
  };
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", kToken | kRegName);
  add("!#$%&'*+-.^_`|~", kToken);
  add("-._~!$&'()*+,;=", kRegName);
  add("0123456789abcdefABCDEF", kHexDigit);
  add("0123456789", kDigit);
  add("\t ", kFieldValue);
  for (std::size_t byte = 0x21; byte < 0x100; ++byte) {
    if (byte == 0x7F) continue;
    std::uint8_t classes = kFieldValue;
    if (byte < 0x7F && byte != '#') classes |= kTarget;
    table[byte] = static_cast<std::uint8_t>(table[byte] | classes);
  }
  return table;
}

inline constexpr std::array<std::uint8_t, 256> kTable = make_table();

[[nodiscard]] constexpr bool is(char byte, Class wanted) {
  return (kTable[static_cast<unsigned char>(byte)] & wanted) != 0;
}

/// True where every byte of `text` is of that class; an empty text is.
[[nodiscard]] constexpr bool all(std::string_view text, Class wanted) {
  for (const char byte : text) {
    if (!is(byte, wanted)) return false;
  }
  return true;
}

[[nodiscard]] constexpr bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

/// `text` without the spaces and tabs around it (OWS).
[[nodiscard]] constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace sma::characters
