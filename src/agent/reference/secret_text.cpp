#include "agent/reference/secret_text.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "agent/reference/json_field.h"
#include "base/json_document.h"

namespace sma {
namespace {

std::optional<WipedBytes> base64_decoded(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  WipedBytes bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::size_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6U | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>(bits >> count & 0xFFU));
    }
  }
  return bytes;
}

Fault no_secret() { return Fault::internal("the answer holds no secret"); }
Fault is_binary() { return Fault::internal("the secret is binary, so it has no fields"); }

}  // namespace

Result<PrintableText> secret_text(WipedBytes answer, std::string_view field) {
  const auto document = JsonDocument::parse(std::move(answer));
  const JsonValue root = document ? document->root() : JsonValue();
  if (const auto text = root["SecretString"].string())
    return field.empty() ? printable_text(*text) : json_field(WipedBytes(*text), field);
  auto bytes = base64_decoded(root["SecretBinary"].string().value_or("-"));
  if (!bytes) return no_secret();
  if (!field.empty()) return is_binary();
  return PrintableText{.bytes = std::move(*bytes)};
}

Result<std::vector<JsonField>> secret_fields(WipedBytes answer, std::string_view path) {
  const auto document = JsonDocument::parse(std::move(answer));
  const JsonValue root = document ? document->root() : JsonValue();
  if (const auto text = root["SecretString"].string()) return json_fields(WipedBytes(*text), path);
  return root["SecretBinary"].exists() ? is_binary() : no_secret();
}

}  // namespace sma
