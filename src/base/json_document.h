#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/wiped_bytes.h"

namespace sma {

class JsonValue;

/// A JSON text, read in place: keys, strings and numbers are views into the text, which is held here and wiped, so that
/// a secret in it exists once. Strings are UTF-8; a lone surrogate (`\ud800`) is kept as the three bytes UTF-8 would
/// have for it, so that nothing is lost. Numbers are kept as written. Source: RFC 8259.
///
/// Refused: what is not JSON, more than 256 levels, more than 131,072 values.
class JsonDocument {
 public:
  [[nodiscard]] static std::optional<JsonDocument> parse(WipedBytes text);

  [[nodiscard]] JsonValue root() const;

 private:
  friend class JsonValue;
  friend class JsonDocumentBuilder;
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  struct Node {
    Kind kind;
    std::uint32_t end;  ///< one more than the index of the last value inside this one
    std::string_view key;
    std::string_view text;
  };

  WipedBytes text_;
  std::vector<Node> nodes_;
};

/// One value of a document, or none: a missing value can be asked for its members too, and has none. Valid as long as
/// its document is.
class JsonValue {
 public:
  JsonValue() = default;

  [[nodiscard]] bool exists() const { return node_ != nullptr; }
  /// True for `null` and for a missing value.
  [[nodiscard]] bool is_null() const { return !exists() || node_->kind == JsonDocument::Kind::null; }
  [[nodiscard]] bool is_object() const { return exists() && node_->kind == JsonDocument::Kind::object; }
  [[nodiscard]] bool is_array() const { return exists() && node_->kind == JsonDocument::Kind::array; }

  /// None if the value is of another kind.
  [[nodiscard]] std::optional<std::string_view> string() const { return text_of(JsonDocument::Kind::string); }
  [[nodiscard]] std::optional<std::string_view> number() const { return text_of(JsonDocument::Kind::number); }
  /// `true` or `false`.
  [[nodiscard]] std::optional<std::string_view> boolean() const { return text_of(JsonDocument::Kind::boolean); }

  /// The member of that name; the last one if a name is repeated.
  [[nodiscard]] JsonValue operator[](std::string_view name) const;

  /// The name under which this value is a member; empty for an array's element.
  [[nodiscard]] std::string_view key() const { return exists() ? node_->key : std::string_view(); }

  /// Walks over the members or elements.
  class Iterator {
   public:
    Iterator(const JsonDocument::Node* base, std::uint32_t index) : base_(base), index_(index) {}
    JsonValue operator*() const { return {base_, base_ + index_}; }
    Iterator& operator++() {
      index_ = base_[index_].end;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

   private:
    const JsonDocument::Node* base_;
    std::uint32_t index_;
  };
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;

 private:
  friend class JsonDocument;
  JsonValue(const JsonDocument::Node* base, const JsonDocument::Node* node) : base_(base), node_(node) {}
  [[nodiscard]] std::optional<std::string_view> text_of(JsonDocument::Kind kind) const {
    if (!exists() || node_->kind != kind) return std::nullopt;
    return node_->text;
  }

  const JsonDocument::Node* base_ = nullptr;
  const JsonDocument::Node* node_ = nullptr;
};

}  // namespace sma
