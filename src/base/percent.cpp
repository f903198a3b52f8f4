#include "base/percent.h"

#include <array>
#include <cstdint>

namespace sma {
namespace {

constexpr auto kUnreserved = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"))
    table[static_cast<std::uint8_t>(c)] = true;
  return table;
}();

template <typename Bytes>
void append_encoded(Bytes& target, std::string_view text, std::string_view kept) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (kUnreserved[byte] || kept.find(c) != std::string_view::npos) {
      target.push_back(c);
    } else {
      const char escape[] = {'%', kDigits[byte >> 4], kDigits[byte & 15]};
      target.append(std::string_view(escape, sizeof escape));
    }
  }
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_encoded(std::string_view text, std::string_view kept) {
  std::string encoded;
  append_encoded(encoded, text, kept);
  return encoded;
}

void append_percent_encoded(WipedBytes& target, std::string_view text) {
  target.reserve(target.size() + 3 * text.size());
  append_encoded(target, text, {});
}

std::optional<std::string_view> percent_decoded(std::string_view text, Plus plus, std::string& buffer) {
  const std::string_view special = plus == Plus::space ? "%+" : "%";
  if (text.find_first_of(special) == std::string_view::npos) return text;
  buffer.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::space) {
      buffer.push_back(' ');
    } else if (text[i] != '%') {
      buffer.push_back(text[i]);
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      buffer.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return buffer;
}

}  // namespace sma
