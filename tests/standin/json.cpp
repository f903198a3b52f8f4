#include "tests/standin/json.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <cstdlib>

namespace sma::standin {

/// Takes rapidjson's events; document.h is left alone because newer compilers refuse it.
class JsonBuilder {
 public:
  bool Null() { return add(Json()); }
  bool Bool(bool value) { return add(Json(value)); }
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) { return add(Json::Number{{text, size}}); }
  bool String(const char* text, rapidjson::SizeType size, bool) { return add(Json(std::string(text, size))); }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    names_.emplace_back(text, size);
    return true;
  }
  bool StartObject() { return open(Json(Json::Object{})); }
  bool StartArray() { return open(Json(Json::Array{})); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  Json result;

 private:
  bool open(Json value) {
    open_.push_back(std::move(value));
    return true;
  }
  bool close() {
    Json value = std::move(open_.back());
    open_.pop_back();
    return add(std::move(value));
  }
  bool add(Json value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (auto* array = std::get_if<Json::Array>(&open_.back().value_)) {
      array->push_back(std::move(value));
    } else {
      std::get<Json::Object>(open_.back().value_).emplace_back(std::move(names_.back()), std::move(value));
      names_.pop_back();
    }
    return true;
  }

  std::vector<Json> open_;
  std::vector<std::string> names_;
};

std::optional<Json> Json::parse(std::string_view text) {
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  rapidjson::Reader reader;
  JsonBuilder builder;
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  if (reader.Parse<kFlags>(stream, builder).IsError()) return std::nullopt;
  return std::move(builder.result);
}

namespace {

template <typename Writer>
void write(Writer& writer, const Json& json) {
  if (json.is_object()) {
    writer.StartObject();
    for (const auto& [name, value] : json.members()) {
      writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
      write(writer, value);
    }
    writer.EndObject();
  } else if (json.is_string()) {
    const std::string text = json.text_or("");
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  } else if (json.is_number()) {
    const std::string text = json.text_or("");
    writer.RawValue(text.data(), text.size(), rapidjson::kNumberType);
  } else if (json.is_null()) {
    writer.Null();
  } else if (json.is_bool()) {
    writer.Bool(json.bool_or(false));
  } else {
    writer.StartArray();
    for (const Json& item : json.items()) write(writer, item);
    writer.EndArray();
  }
}

}  // namespace

std::string Json::to_text(bool ascii) const {
  rapidjson::StringBuffer buffer;
  if (ascii) {
    rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::ASCII<>> writer(buffer);
    write(writer, *this);
  } else {
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    write(writer, *this);
  }
  // UTF-8 has no form for a lone surrogate: AWS sends its escape.
  std::string text(buffer.GetString(), buffer.GetSize());
  for (std::size_t i = text.find('\xED'); i != std::string::npos; i = text.find('\xED', i + 1)) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(text[i + at])); };
    if (i + 2 >= text.size() || byte(1) < 0xA0) continue;
    constexpr std::string_view kDigits = "0123456789abcdef";
    const unsigned unit = 0xD000U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    std::string escape = "\\u";
    for (unsigned shift = 16; shift > 0; shift -= 4) escape += kDigits[unit >> (shift - 4) & 15U];
    text.replace(i, 3, escape);
  }
  return text;
}

const Json& Json::operator[](std::string_view name) const {
  static const Json kNull;
  for (const auto& [key, value] : members()) {
    if (key == name) return value;
  }
  return kNull;
}

bool Json::has(std::string_view name) const { return !(*this)[name].is_null(); }

const Json::Array& Json::items() const {
  static const Array kNone;
  const auto* array = std::get_if<Array>(&value_);
  return array ? *array : kNone;
}

const Json::Object& Json::members() const {
  static const Object kNone;
  const auto* object = std::get_if<Object>(&value_);
  return object ? *object : kNone;
}

std::string Json::text_or(std::string fallback) const {
  if (const auto* text = std::get_if<std::string>(&value_)) return *text;
  if (const auto* number = std::get_if<Number>(&value_)) return number->text;
  return fallback;
}

double Json::number_or(double fallback) const {
  const std::string text = text_or("");
  return text.empty() ? fallback : std::strtod(text.c_str(), nullptr);
}

bool Json::bool_or(bool fallback) const {
  const auto* value = std::get_if<bool>(&value_);
  return value ? *value : fallback;
}

std::vector<std::string> Json::strings() const {
  std::vector<std::string> out;
  if (is_string()) out.push_back(text_or(""));
  for (const Json& item : items()) out.push_back(item.text_or(""));
  return out;
}

}  // namespace sma::standin
