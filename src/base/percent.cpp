#include "base/percent.h"

#include <cstdint>

#include "base/ascii.h"
#include "base/hex.h"

namespace sma {
namespace {

constexpr std::string_view kOtherUnreserved = "-._~";

template <typename Bytes>
void append_encoded(Bytes& target, std::string_view text, std::string_view kept) {
  for (const char c : text) {
    if (is_letter_or_digit(c) || kOtherUnreserved.find(c) != std::string_view::npos ||
        kept.find(c) != std::string_view::npos) {
      target.push_back(c);
    } else {
      const auto pair = hex_pair(static_cast<std::uint8_t>(c), kUpperHexDigits);
      target.push_back('%');
      target.append(std::string_view(pair.data(), pair.size()));
    }
  }
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
      const auto high = hex_digit_value(text[i + 1]);
      const auto low = hex_digit_value(text[i + 2]);
      if (!high || !low) return std::nullopt;
      buffer.push_back(static_cast<char>(*high * 16 + *low));
      i += 2;
    }
  }
  return buffer;
}

}  // namespace sma
