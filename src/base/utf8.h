#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sma {

/// UTF-8. Source: RFC 3629.

/// The length in bytes, 1 to 4, of the well-formed sequence at the start of `text`; 0 if there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

/// True if the whole of `text` is well-formed.
[[nodiscard]] bool is_utf8(std::string_view text);

/// The longest start of `text` that has at most `size` bytes and does not end within a well-formed sequence.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t size);

/// True if `text` starts with a surrogate, U+D800 to U+DFFF, in three bytes, as `append_utf8` writes it. That is not
/// well-formed; texts from JSON may hold one (`\ud800`).
[[nodiscard]] bool starts_with_surrogate(std::string_view text);

/// Puts U+FFFD in the place of each surrogate in `text`, which has as many bytes. True if there was one.
bool replace_surrogates(std::span<char> text);

/// Appends `code_point`, up to U+10FFFF. A surrogate is written as the three bytes that its number would have.
template <typename Target>
void append_utf8(Target& target, std::uint32_t code_point) {
  const auto byte = [&](std::uint32_t value) { target.push_back(static_cast<char>(value)); };
  if (code_point < 0x80) return byte(code_point);
  if (code_point < 0x800) {
    byte(0xC0U | code_point >> 6U);
  } else {
    if (code_point < 0x10000) {
      byte(0xE0U | code_point >> 12U);
    } else {
      byte(0xF0U | code_point >> 18U);
      byte(0x80U | (code_point >> 12U & 0x3FU));
    }
    byte(0x80U | (code_point >> 6U & 0x3FU));
  }
  byte(0x80U | (code_point & 0x3FU));
}

}  // namespace sma
