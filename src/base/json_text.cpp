#include "base/json_text.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "base/hex.h"
#include "base/utf8.h"

namespace sma {
namespace {

/// Not 0 for bytes that are not simply copied: the letter of a short escape, `u` for `\u00xx`, and `m` for those that
/// are a part of a sequence of several bytes, or no UTF-8.
constexpr auto kEscape = [] {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  for (std::size_t i = 0x80; i < 0x100; ++i) table[i] = 'm';
  return table;
}();

/// U+FFFD.
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned surrogate(std::string_view text) {
  return 0xD000U | (static_cast<unsigned>(text[1]) & 0x3F) << 6 | (static_cast<unsigned>(text[2]) & 0x3F);
}

std::array<char, 6> unit_escape(unsigned unit) {
  const auto high = hex_pair(static_cast<std::uint8_t>(unit >> 8));
  const auto low = hex_pair(static_cast<std::uint8_t>(unit & 0xFF));
  return {'\\', 'u', high[0], high[1], low[0], low[1]};
}

/// Calls `sink` with the pieces of `text` as JSON has them.
template <typename Sink>
void escape(std::string_view text, Sink&& sink) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const char kind = kEscape[byte];
    if (kind == 0) continue;
    if (const std::size_t length = kind == 'm' ? utf8_length(text.substr(i)) : 0; length != 0) {
      i += length - 1;
      continue;
    }
    sink(text.substr(plain, i - plain));
    if (kind == 'm' && starts_with_surrogate(text.substr(i))) {
      sink(std::string_view(unit_escape(surrogate(text.substr(i))).data(), 6));
      i += 2;
    } else if (kind == 'm') {
      sink(kReplacement);
    } else if (kind == 'u') {
      sink(std::string_view(unit_escape(byte).data(), 6));
    } else {
      const char pair[] = {'\\', kind};
      sink(std::string_view(pair, sizeof pair));
    }
    plain = i + 1;
  }
  sink(text.substr(plain));
}

template <typename Bytes>
void append_quoted(Bytes& target, std::string_view text) {
  target.push_back('"');
  escape(text, [&](std::string_view piece) { target.append(piece); });
  target.push_back('"');
}

}  // namespace

std::size_t json_string_size(std::string_view text) {
  std::size_t size = 2;
  escape(text, [&](std::string_view piece) { size += piece.size(); });
  return size;
}

char* write_json_string(char* target, std::string_view text) {
  *target++ = '"';
  escape(text, [&](std::string_view piece) {
    if (!piece.empty()) std::memcpy(target, piece.data(), piece.size());
    target += piece.size();
  });
  *target++ = '"';
  return target;
}

void append_json_string(std::string& target, std::string_view text) { append_quoted(target, text); }
void append_json_string(WipedBytes& target, std::string_view text) { append_quoted(target, text); }

}  // namespace sma
