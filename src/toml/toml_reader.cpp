#include "toml/toml_reader.h"

#include <ini.h>

#include <optional>
#include <utility>

#include "toml/toml_lines.h"
#include "toml/toml_scanner.h"

namespace sma {
namespace {

/// What inih hands its lines to.
struct Builder {
  const TomlLines& lines;
  TomlTable root{};
  TomlTable* table = &root;
  std::optional<Fault> fault{};

  /// `header` is the rest of the line after its first bracket.
  Result<Done> open(std::string_view header, std::size_t line) {
    const auto read = read_toml_header(header, line);
    if (!read.ok()) return read.fault();
    const auto opened = open_table(root, read->path, read->is_array, line);
    if (!opened.ok()) return toml_fault(line, opened.fault().message);
    table = *opened;
    return Done{};
  }

  Result<Done> add(std::string_view name, std::string_view text, std::size_t line) {
    const auto key = read_toml_key(name, line);
    if (!key.ok()) return key.fault();
    auto value = read_toml_value(text, line);
    if (!value.ok()) return value.fault();
    const auto inserted = insert_value(*table, *key, std::move(*value));
    if (!inserted.ok()) return toml_fault(line, inserted.fault().message);
    return Done{};
  }
};

int take_line(void* user, const char* section, const char* name, const char* value, int line) {
  auto& builder = *static_cast<Builder*>(user);
  const std::size_t number = builder.lines.numbers[static_cast<std::size_t>(line) - 1];
  const auto taken = name == nullptr ? builder.open(TomlLines::restore(section), number)
                                     : builder.add(TomlLines::restore(name), value, number);
  if (!taken.ok() && !builder.fault) builder.fault = taken.fault();
  return taken.ok() ? 1 : 0;
}

}  // namespace

Result<TomlTable> read_toml(std::string_view text) {
  const auto lines = TomlLines::join(text);
  if (!lines.ok()) return lines.fault();
  Builder builder{*lines};
  const int line = ini_parse_string_length(lines->text.data(), lines->text.size(), take_line, &builder);
  if (builder.fault) return std::move(*builder.fault);
  if (line > 0)
    return toml_fault(lines->numbers[static_cast<std::size_t>(line) - 1], "no TOML: expected KEY = VALUE or [TABLE]");
  if (line < 0) return toml_fault(1, "too large");
  return std::move(builder.root);
}

}  // namespace sma
