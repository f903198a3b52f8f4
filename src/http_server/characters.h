#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/ascii.h"

namespace sma::characters {

/// The classes of bytes in the grammar of HTTP. Source: RFC 9110 §5.6.2 (token), §5.5 (field-vchar and the white space
/// between), RFC 3986 §3.2.2 (reg-name), RFC 5234 (VCHAR).
enum Class : std::uint8_t {
  kToken = 1,
  kFieldValue = 2,  ///< VCHAR, obs-text, SP, HTAB
  kTarget = 4,      ///< VCHAR but `#`: a fragment is never sent
  kRegName = 8,     ///< unreserved, sub-delims; not `%`, which begins two hexadecimal digits
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

/// True if every byte of `text` is of that class, also if there is none.
[[nodiscard]] constexpr bool all(std::string_view text, Class wanted) {
  for (const char byte : text) {
    if (!is(byte, wanted)) return false;
  }
  return true;
}

[[nodiscard]] constexpr bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

/// `text` without the spaces and tabs around it (OWS).
[[nodiscard]] constexpr std::string_view trim(std::string_view text) { return trimmed(text, is_blank); }

}  // namespace sma::characters
