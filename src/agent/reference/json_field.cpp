#include "agent/reference/json_field.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/ascii.h"
#include "base/json_document.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/whole_number.h"

namespace sma {
namespace {

std::string shown(std::string_view path) {
  std::string text;
  append_escaped(text, path);
  return text;
}

Fault no_field(std::string_view path, const std::string& why = "") {
  return Fault::internal("the secret has no field " + shown(path) + (why.empty() ? "" : ": " + why));
}

Fault is_null(std::string_view path) { return Fault::internal("the field " + shown(path) + " of the secret is null"); }

JsonValue element(JsonValue array, std::size_t index) {
  for (const JsonValue value : array)
    if (index-- == 0) return value;
  return {};
}

/// The value under one part of a path. `before` is the path up to that part; it is where `value` was found.
Result<JsonValue> step(JsonValue value, std::string_view part, std::string_view before, std::string_view path) {
  if (part.empty()) return no_field(path, "a part between its dots is empty");
  if (value.is_null()) return is_null(before);
  if (value.is_object()) {
    if (const JsonValue member = value[part]; member.exists()) return member;
    return no_field(path, before.empty() ? "" : "the object " + shown(before) + " has no key " + shown(part));
  }
  if (!value.is_array()) return no_field(path, shown(before) + " is neither an object nor an array");
  if (!std::ranges::all_of(part, is_digit)) return no_field(path, shown(before) + " is an array, which takes a number");
  const auto index = whole_number<std::size_t>(part);
  const JsonValue found = index ? element(value, *index) : JsonValue();
  if (found.exists()) return found;
  return no_field(path, "the array " + shown(before) + " has fewer elements");
}

Result<JsonValue> find(JsonValue root, std::string_view path) {
  if (const JsonValue exact = root[path]; exact.exists()) return exact;
  JsonValue value = root;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('.', at), path.size());
    const Result<JsonValue> next = step(value, path.substr(at, end - at), path.substr(0, at == 0 ? 0 : at - 1), path);
    if (!next.ok()) return next.fault();
    value = *next;
    at = end + 1;
  }
  return value;
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
    for (const JsonValue item : value) write(json, item);
    json.end_array();
  }
}

std::optional<PrintableText> text_of(JsonValue value) {
  if (value.is_null()) return std::nullopt;
  if (const auto text = value.string()) return printable_text(*text);
  return PrintableText{.bytes = wiped_json([&](JsonWriter& json) { write(json, value); })};
}

Fault no_object(std::string_view path) {
  return Fault::internal("the secret is no JSON object" +
                         (path.empty() ? std::string() : ", so it has no field " + shown(path)));
}

}  // namespace

Result<PrintableText> json_field(WipedBytes secret, std::string_view path) {
  const auto document = JsonDocument::parse(std::move(secret));
  if (!document || !document->root().is_object()) return no_object(path);
  const Result<JsonValue> found = find(document->root(), path);
  if (!found.ok()) return found.fault();
  auto text = text_of(*found);
  if (!text) return is_null(path);
  return std::move(*text);
}

Result<std::vector<JsonField>> json_fields(WipedBytes secret, std::string_view path) {
  const auto document = JsonDocument::parse(std::move(secret));
  if (!document || !document->root().is_object()) return no_object(path);
  const Result<JsonValue> object = path.empty() ? Result<JsonValue>(document->root()) : find(document->root(), path);
  if (!object.ok()) return object.fault();
  if (!object->is_object()) return Fault::internal("the field " + shown(path) + " of the secret is no JSON object");
  std::vector<JsonField> fields;
  std::map<std::string_view, std::size_t> places;
  for (const JsonValue member : *object) {
    const auto [place, is_new] = places.emplace(member.key(), fields.size());
    if (is_new) fields.push_back({std::string(member.key()), std::nullopt});
    fields[place->second].text = text_of(member);
  }
  return fields;
}

}  // namespace sma
