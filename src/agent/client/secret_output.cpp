#include "agent/client/secret_output.h"

#include <optional>
#include <string>
#include <utility>

#include "base/json_document.h"
#include "base/json_writer.h"
#include "base/utf8.h"

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

SecretOutput printable(std::string_view text) {
  SecretOutput output{.bytes = WipedBytes(text)};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!starts_with_surrogate(text.substr(i))) continue;
    constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // as long as a surrogate
    kReplacement.copy(output.bytes.data() + i, kReplacement.size());
    output.surrogate_replaced = true;
  }
  return output;
}

/// The document's levels are limited, and the depth of this recursion with them.
void write(JsonWriter& json, JsonValue value) {
  if (const auto text = value.string()) {
    json.string(*text);
  } else if (const auto number = value.number()) {
    json.raw(*number);
  } else if (const auto boolean = value.boolean()) {
    json.raw(*boolean);
  } else if (value.is_null()) {
    json.raw("null");
  } else if (value.is_object()) {
    json.begin_object();
    for (const JsonValue member : value) write(json.key(member.key()), member);
    json.end_object();
  } else {
    json.begin_array();
    for (const JsonValue element : value) write(json, element);
    json.end_array();
  }
}

Result<SecretOutput> field_of(WipedBytes secret, std::string_view field) {
  const auto document = JsonDocument::parse(std::move(secret));
  const JsonValue value = document ? document->root()[field] : JsonValue();
  if (!value.exists()) return Fault::internal("the secret is not a JSON object with a field " + std::string(field));
  if (const auto text = value.string()) return printable(*text);
  return SecretOutput{.bytes = wiped_json([&](JsonWriter& json) { write(json, value); })};
}

}  // namespace

Result<SecretOutput> secret_output(WipedBytes answer, std::string_view field) {
  const auto document = JsonDocument::parse(std::move(answer));
  const JsonValue root = document ? document->root() : JsonValue();
  if (const auto text = root["SecretString"].string())
    return field.empty() ? printable(*text) : field_of(WipedBytes(*text), field);
  auto bytes = base64_decoded(root["SecretBinary"].string().value_or("-"));
  if (!bytes) return Fault::internal("the answer holds no secret");
  if (!field.empty()) return field_of(std::move(*bytes), field);
  return SecretOutput{.bytes = std::move(*bytes)};
}

}  // namespace sma
