#include <cstdio>
#include <iostream>
#include <string>

#include "toml/toml_reader.h"

// Reads documents from standard input, each behind a line with its size in bytes, and prints a line of JSON for each:
// what was read as nested [TYPE, VALUE], or ["refused", LINE, TEXT].

namespace {

using sma::TomlTable;
using sma::TomlValue;

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    char escape[8];
    if (static_cast<unsigned char>(c) < ' ' || c == '"' || c == '\\') {
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      json += escape;
    } else {
      json += c;
    }
  }
  return json + '"';
}

std::string printed(const TomlTable& table);

std::string printed(const TomlValue& value) {
  char number[64];
  switch (value.kind) {
    case TomlValue::Kind::text:
      return "[\"text\"," + quoted(value.text) + "]";
    case TomlValue::Kind::word:
      return "[\"word\"," + quoted(value.text) + "]";
    case TomlValue::Kind::integer:
      return "[\"integer\",\"" + std::to_string(value.integer) + "\"]";
    case TomlValue::Kind::boolean:
      return value.boolean ? "[\"boolean\",true]" : "[\"boolean\",false]";
    case TomlValue::Kind::real:
      std::snprintf(number, sizeof number, "[\"real\",\"%.17g\"]", value.real);
      return number;
    case TomlValue::Kind::table:
      return printed(value.table);
    case TomlValue::Kind::array:
      break;
  }
  std::string items;
  for (const TomlValue& item : value.items) items += (items.empty() ? "" : ",") + printed(item);
  return "[\"array\",[" + items + "]]";
}

std::string printed(const TomlTable& table) {
  std::string members;
  for (const auto& [key, value] : table.entries)
    members += (members.empty() ? "" : ",") + quoted(key) + ":" + printed(value);
  return "[\"table\",{" + members + "}]";
}

}  // namespace

int main() {
  std::string size;
  while (std::getline(std::cin, size)) {
    std::string text(std::stoul(size), '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
    const auto table = sma::read_toml(text);
    if (table.ok()) {
      std::cout << printed(*table) << '\n';
    } else {
      const std::string& message = table.fault().message;
      std::cout << "[\"refused\"," << std::stoul(message) << ',' << quoted(message.substr(message.find(' ') + 1))
                << "]\n";
    }
  }
}
