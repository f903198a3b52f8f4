#include "toml/toml_reader.h"

#include <ini.h>

#include "toml/toml_lines.h"

namespace sma {
namespace {

/// What inih hands over its lines to.
struct Builder {
  TomlProblem& problem;
  const TomlLines& lines;
  TomlTable root{};
  TomlTable* table = &root;

  /// `header` is all of the line behind its first bracket.
  bool open(std::string_view header, std::size_t line) {
    const bool is_array = header.starts_with('[');
    if (is_array) header.remove_prefix(1);
    TomlScanner scanner(header, line, problem);
    std::vector<std::string> path;
    if (!scanner.read_key(path) || !scanner.read_mark(is_array ? "]]" : "]") || !scanner.read_end()) return false;
    std::string wrong;
    table = open_table(root, path, is_array, line, wrong);
    return table != nullptr || fail(line, std::move(wrong));
  }

  /// `name` with the = behind it.
  bool add(std::string_view name, std::string_view text, std::size_t line) {
    std::vector<std::string> key;
    TomlValue value;
    TomlScanner names(name, line, problem);
    TomlScanner values(text, line, problem);
    if (!names.read_key(key) || !names.read_mark("=") || !values.read_value(value) || !values.read_end()) return false;
    std::string wrong = insert_value(*table, key, std::move(value));
    return wrong.empty() || fail(line, std::move(wrong));
  }

  bool fail(std::size_t line, std::string wrong) {
    problem = {line, std::move(wrong)};
    return false;
  }
};

int take_line(void* user, const char* section, const char* name, const char* value, int line) {
  auto& builder = *static_cast<Builder*>(user);
  const std::size_t number = builder.lines.numbers[static_cast<std::size_t>(line) - 1];
  const bool taken = name == nullptr ? builder.open(TomlLines::restore(section), number)
                                     : builder.add(TomlLines::restore(name) + '=', value, number);
  return taken ? 1 : 0;
}

}  // namespace

TomlTable read_toml(std::string_view text, TomlProblem& problem) {
  const TomlLines lines = TomlLines::join(text, problem);
  if (!problem.text.empty()) return {};
  Builder builder{problem, lines};
  const int line = ini_parse_string_length(lines.text.data(), lines.text.size(), take_line, &builder);
  if (line > 0 && problem.text.empty())
    problem = {lines.numbers[static_cast<std::size_t>(line) - 1], "no TOML: expected KEY = VALUE or [TABLE]"};
  if (line < 0) problem = {1, "too large"};
  return std::move(builder.root);
}

}  // namespace sma
