#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sma::standin {

/// A JSON value for tests: members keep their order, numbers keep their text (AWS's dates need both).
class Json {
 public:
  struct Number {
    std::string text;
  };
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;
  Json(bool value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Number value) : value_(std::move(value)) {}
  Json(int value) : value_(Number{std::to_string(value)}) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  /// Nothing where `text` is not one JSON value.
  [[nodiscard]] static std::optional<Json> parse(std::string_view text);
  /// Compact; with `ascii` everything beyond ASCII is written as `\uXXXX`.
  [[nodiscard]] std::string to_text(bool ascii = false) const;

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] bool is_bool() const { return std::holds_alternative<bool>(value_); }
  [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(value_); }
  [[nodiscard]] bool is_string() const { return std::holds_alternative<std::string>(value_); }
  [[nodiscard]] bool is_number() const { return std::holds_alternative<Number>(value_); }

  /// The member of that name, null where there is none or this is no object.
  [[nodiscard]] const Json& operator[](std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  /// Empty where this is no array or object.
  [[nodiscard]] const Array& items() const;
  [[nodiscard]] const Object& members() const;
  /// A string's value or a number's text, else `fallback`.
  [[nodiscard]] std::string text_or(std::string fallback) const;
  [[nodiscard]] double number_or(double fallback) const;
  [[nodiscard]] bool bool_or(bool fallback) const;
  /// The strings of an array of strings; one string counts as an array of one.
  [[nodiscard]] std::vector<std::string> strings() const;

 private:
  friend class JsonBuilder;
  std::variant<std::monostate, bool, Number, std::string, Array, Object> value_;
};

}  // namespace sma::standin
