#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/shared_bytes.h"
#include "base/wiped_bytes.h"

namespace sma {

/// Writes compact JSON: puts the commas and escapes the strings as base/json_text.h does. The caller closes what it
/// opens, and writes a value after each key. Source: RFC 8259.
///
///     SharedBytes answer = shared_json([&](JsonWriter& json) {
///       json.begin_object().field("Name", name).key("Stages").strings(stages).end_object();
///     });
class JsonWriter {
 public:
  JsonWriter& begin_object() { return begin("{"); }
  JsonWriter& end_object() { return end("}"); }
  JsonWriter& begin_array() { return begin("["); }
  JsonWriter& end_array() { return end("]"); }

  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  /// A string, or `null` for none.
  JsonWriter& string_or_null(std::optional<std::string_view> text) { return text ? string(*text) : raw("null"); }
  /// An array of strings.
  template <typename Strings>
  JsonWriter& strings(const Strings& texts) {
    begin_array();
    for (const auto& text : texts) string(text);
    return end_array();
  }
  /// A value that is JSON already: a number, `true`, `null`, an object.
  JsonWriter& raw(std::string_view json);

  /// A key and its string.
  JsonWriter& field(std::string_view name, std::string_view text) { return key(name).string(text); }

 protected:
  ~JsonWriter() = default;

 private:
  virtual void put(std::string_view json) = 0;
  virtual void put_string(std::string_view text) = 0;

  JsonWriter& begin(std::string_view bracket);
  JsonWriter& end(std::string_view bracket);
  void separate();

  bool needs_comma_ = false;
};

/// What `write` writes.
[[nodiscard]] WipedBytes wiped_json(const std::function<void(JsonWriter&)>& write);
/// The same in one allocation of the exact size: `write` runs twice, first to count.
[[nodiscard]] SharedBytes shared_json(const std::function<void(JsonWriter&)>& write);

}  // namespace sma
