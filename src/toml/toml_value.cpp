#include "toml/toml_value.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/log.h"

namespace sma {
namespace {

using Kind = TomlValue::Kind;
using Origin = TomlTable::Origin;

Fault taken(std::span<const std::string> key, const TomlValue& by) {
  return Fault::internal(written_key(key) + " is there already, since line " + std::to_string(by.line));
}

TomlValue new_table(Origin origin, std::size_t line) {
  TomlValue value;
  value.kind = Kind::table;
  value.line = line;
  value.table.origin = origin;
  return value;
}

/// True if a dotted key may lead through this table. A table with a header of its own grows below that header only. A
/// table made by dotted keys can be reached again only from the section that made it.
bool may_pass(const TomlValue& value) {
  return value.kind == Kind::table && (value.table.origin == Origin::implied || value.table.origin == Origin::dotted);
}

/// The table in which the path of a header continues; null if there is none.
TomlTable* step_into(TomlValue& value) {
  if (value.kind == Kind::array && value.holds_tables) return &value.items.back().table;
  if (value.kind == Kind::table && value.table.origin != Origin::inlined) return &value.table;
  return nullptr;
}

}  // namespace

bool is_bare_key_character(char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; }

std::string_view TomlValue::kind_name() const {
  switch (kind) {
    case Kind::text:
      return "a text";
    case Kind::integer:
      return "a whole number";
    case Kind::real:
      return "a number with a fraction";
    case Kind::boolean:
      return "true or false";
    case Kind::word:
      return "a word without quotes";
    case Kind::array:
      return "a list";
    case Kind::table:
      return "a table";
  }
  return {};
}

Fault toml_fault(std::size_t line, std::string_view text) {
  return Fault::internal(std::to_string(line) + ": " + std::string(text));
}

Result<Done> insert_value(TomlTable& table, std::span<const std::string> key, TomlValue value) {
  TomlTable* at = &table;
  for (std::size_t i = 0; i + 1 < key.size(); ++i) {
    const auto [place, added] = at->entries.try_emplace(key[i], new_table(Origin::dotted, value.line));
    TomlValue& next = place->second;
    if (!may_pass(next)) return taken(key.first(i + 1), next);
    next.table.origin = Origin::dotted;
    at = &next.table;
  }
  const auto [place, added] = at->entries.try_emplace(key.back(), std::move(value));
  if (!added) return taken(key, place->second);
  return Done{};
}

Result<TomlTable*> open_table(TomlTable& root, std::span<const std::string> path, bool is_array, std::size_t line) {
  TomlTable* at = &root;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    TomlValue& next = at->entries.try_emplace(path[i], new_table(Origin::implied, line)).first->second;
    at = step_into(next);
    if (at == nullptr) return taken(path.first(i + 1), next);
  }
  TomlValue fresh = new_table(Origin::header, line);
  if (is_array) fresh.kind = Kind::array;
  fresh.holds_tables = is_array;
  const auto [place, added] = at->entries.try_emplace(path.back(), std::move(fresh));
  TomlValue& last = place->second;
  if (is_array && last.holds_tables) {
    last.items.push_back(new_table(Origin::header, line));
    return &last.items.back().table;
  }
  if (!added && (is_array || last.kind != Kind::table || last.table.origin != Origin::implied))
    return taken(path, last);
  last.table.origin = Origin::header;
  last.line = added ? last.line : line;
  return &last.table;
}

std::string written_key(std::span<const std::string> key) {
  std::string written;
  for (const std::string& part : key) {
    if (!written.empty()) written += '.';
    const bool bare = !part.empty() && std::all_of(part.begin(), part.end(), is_bare_key_character);
    if (!bare) written += '"';
    append_escaped(written, part);
    if (!bare) written += '"';
  }
  return written;
}

}  // namespace sma
