#include "base/json_document.h"

#include <rapidjson/reader.h>

#include <cstring>

#include "base/whole_number.h"

namespace sma {
namespace {

constexpr std::size_t kMaxLevels = 256;
constexpr std::size_t kMaxValues = std::size_t{1} << 17;

/// The code unit of the escape `\uXXXX` at the start of `text`; 0 if there is none.
unsigned escaped_unit(std::string_view text) {
  if (text.size() < 6 || !text.starts_with("\\u")) return 0;
  return whole_number<unsigned>(text.substr(2, 4), 16).value_or(0);
}

bool is_high_surrogate(unsigned unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(unsigned unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

/// The reader takes no escaped high surrogate without a low one after it: these become three bytes before it reads.
void unescape_lone_surrogates(WipedBytes& text) {
  const std::string_view from = text.view();
  char* to = text.data();
  std::size_t moved = 0;  // up to here `from` was copied to `to`
  const auto copy_until = [&](std::size_t end) {
    if (to != from.data() + moved) std::memmove(to, from.data() + moved, end - moved);
    to += end - moved;
    moved = end;
  };
  for (std::size_t i = from.find('\\'); i != std::string_view::npos; i = from.find('\\', i)) {
    const unsigned unit = escaped_unit(from.substr(i));
    if (!is_high_surrogate(unit)) {
      i += 2;
    } else if (is_low_surrogate(escaped_unit(from.substr(i + 6)))) {
      i += 12;
    } else {
      copy_until(i);
      *to++ = static_cast<char>(0xED);
      *to++ = static_cast<char>(0x80 | ((unit >> 6) & 0x3F));
      *to++ = static_cast<char>(0x80 | (unit & 0x3F));
      moved = i += 6;
    }
  }
  if (moved == 0) return;
  copy_until(from.size());
  text.resize(static_cast<std::size_t>(to - text.data()));
}

}  // namespace

/// Writes down the reader's events. Containers learn their end when they close.
class JsonDocumentBuilder {
 public:
  explicit JsonDocumentBuilder(std::vector<JsonDocument::Node>& nodes) : nodes_(nodes) {}

  using Kind = JsonDocument::Kind;
  bool Null() { return add(Kind::null, {}); }
  bool Bool(bool value) { return add(Kind::boolean, value ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) { return add(Kind::number, {text, size}); }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) { return add(Kind::string, {text, size}); }
  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    key_ = {text, size};
    return true;
  }
  bool StartObject() { return open(Kind::object); }
  bool EndObject(rapidjson::SizeType /*members*/) { return close(); }
  bool StartArray() { return open(Kind::array); }
  bool EndArray(rapidjson::SizeType /*elements*/) { return close(); }

  // Numbers come as texts.
  bool Int(int /*value*/) { return false; }
  bool Uint(unsigned /*value*/) { return false; }
  bool Int64(std::int64_t /*value*/) { return false; }
  bool Uint64(std::uint64_t /*value*/) { return false; }
  bool Double(double /*value*/) { return false; }

 private:
  bool add(Kind kind, std::string_view text) {
    if (nodes_.size() == kMaxValues) return false;
    nodes_.push_back({.kind = kind, .end = static_cast<std::uint32_t>(nodes_.size() + 1), .key = key_, .text = text});
    key_ = {};
    return true;
  }
  bool open(Kind kind) {
    open_.push_back(static_cast<std::uint32_t>(nodes_.size()));
    return open_.size() <= kMaxLevels && add(kind, {});
  }
  bool close() {
    nodes_[open_.back()].end = static_cast<std::uint32_t>(nodes_.size());
    open_.pop_back();
    return true;
  }

  std::vector<JsonDocument::Node>& nodes_;
  std::vector<std::uint32_t> open_;
  std::string_view key_;
};

std::optional<JsonDocument> JsonDocument::parse(WipedBytes text) {
  JsonDocument document;
  document.text_ = std::move(text);
  unescape_lone_surrogates(document.text_);
  const std::size_t size = document.text_.size();
  document.text_.reserve(size + 1);
  document.text_.push_back('\0');

  constexpr unsigned kFlags =
      rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  JsonDocumentBuilder builder(document.nodes_);
  rapidjson::InsituStringStream stream(document.text_.data());
  rapidjson::Reader reader;
  // The reader takes a NUL for the end: it has to be ours.
  if (reader.Parse<kFlags>(stream, builder).IsError() || stream.Tell() != size) return std::nullopt;
  return document;
}

JsonValue JsonDocument::root() const { return nodes_.empty() ? JsonValue() : JsonValue(nodes_.data(), nodes_.data()); }

JsonValue JsonValue::operator[](std::string_view name) const {
  JsonValue found;
  if (is_object()) {
    for (const JsonValue member : *this)
      if (member.key() == name) found = member;
  }
  return found;
}

JsonValue::Iterator JsonValue::begin() const {
  return {base_, exists() ? static_cast<std::uint32_t>(node_ - base_) + 1 : 0};
}

JsonValue::Iterator JsonValue::end() const { return {base_, exists() ? node_->end : 0}; }

}  // namespace sma
