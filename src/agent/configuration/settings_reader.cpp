#include "agent/configuration/settings_reader.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

#include "agent/configuration/nearest_word.h"
#include "agent/configuration/settings_keys.h"
#include "base/ascii.h"
#include "base/log.h"
#include "toml/toml_reader.h"

namespace sma {
namespace {

constexpr std::string_view kCertificatesTable = "capabilities.acm";
constexpr std::string_view kFlatPrefetchTable = "prefetch";
constexpr std::array<std::string_view, 8> kTables{"capabilities", kCertificatesTable, kLoggingTable,
                                                  kServiceTable,  kCacheTable,        kSecurityTable,
                                                  kPrefetchTable, kFlatPrefetchTable};
constexpr std::size_t kFileLimit = std::size_t{16} << 20;
constexpr std::size_t kMostProblems = 20;

Fault refusal(std::string message) {
  return Fault::of_agent(Fault::Kind::denied, 500, "InvalidConfiguration", std::move(message));
}

std::string message_of(std::string_view key, const NotAllowed& wrong, std::string_view allowed) {
  std::string text = std::string(key) + ": " + wrong.what + " is not allowed; allowed: ";
  text += wrong.allowed.empty() ? allowed : std::string_view(wrong.allowed);
  if (!wrong.nearest.empty()) text += "; the nearest is " + std::string(wrong.nearest);
  return text;
}

/// The flat form, the table for prefetch included, takes its keys in any case, as the AWS agent's versions 1 and 2 do.
bool is_flat(std::string_view place) { return place.empty() || place == kFlatPrefetchTable; }

/// The table of the nested form that holds the keys of this place.
std::string_view nested(std::string_view place) { return place == kFlatPrefetchTable ? kPrefetchTable : place; }

/// Reads the tables of a file into settings, and collects what is wrong.
class FileReader {
 public:
  FileReader(std::string_view name, LoadedSettings& loaded) : name_(name), loaded_(loaded) {}

  /// `place` is the name of the table in the nested form; empty for what is outside of all tables.
  void read_table(const TomlTable& table, const std::string& place) {
    for (const auto& [key, value] : table.entries) {
      std::string below = place;
      if (!below.empty()) below += '.';
      below += key;
      if (to_lower(below) == kFlatPrefetchTable) below = kFlatPrefetchTable;
      if (const SettingKey* setting = find_key(place, key)) {
        read_key(*setting, value);
      } else if (below == kCertificatesTable) {
        read_certificates(value);
      } else if (std::find(kTables.begin(), kTables.end(), below) == kTables.end()) {
        unknown(place, key, value.line);
      } else if (value.kind != TomlValue::Kind::table) {
        problem(value.line, message_of(below, not_allowed(value), "a table"));
      } else {
        read_table(value.table, below);
      }
    }
  }

  /// One line for each, in the order of the file; only the first ones if there are many.
  [[nodiscard]] std::vector<std::string> problems() const {
    std::vector<std::string> all;
    for (const auto& [line, text] : problems_) all.push_back(text);
    return all;
  }

 private:
  void problem(std::size_t line, const std::string& text) {
    problems_.emplace(line, std::string(name_) + ':' + std::to_string(line) + ": " + text);
    if (problems_.size() > kMostProblems) problems_.erase(std::prev(problems_.end()));
  }

  static bool stands_in(const SettingKey& setting, std::string_view place) {
    return place.empty() ? setting.is_flat() : setting.table == nested(place);
  }

  static const SettingKey* find_key(std::string_view place, const std::string& key) {
    const std::string name = is_flat(place) ? to_lower(key) : key;
    const auto keys = setting_keys();
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const SettingKey& setting) {
      return setting.name == name && stands_in(setting, place);
    });
    return found == keys.end() ? nullptr : &*found;
  }

  void read_key(const SettingKey& setting, const TomlValue& value) {
    const auto [first, fresh] = given_.emplace(setting.name, value.line);
    if (!fresh) {
      const std::size_t later = std::max(first->second, value.line);
      const std::size_t earlier = std::min(first->second, value.line);
      return problem(later, std::string(setting.name) + ": given twice; it stands in line " + std::to_string(earlier) +
                                " already");
    }
    if (const auto wrong = setting.read(value, loaded_.settings))
      problem(wrong->line, message_of(setting.name, *wrong, setting.allowed));
  }

  /// What the AWS agent does with certificates is not this agent's job; users share one file between both.
  void read_certificates(const TomlValue& value) {
    if (value.kind != TomlValue::Kind::table)
      return problem(value.line, message_of(kCertificatesTable, not_allowed(value), "a table"));
    loaded_.warnings.push_back(std::string(name_) + ':' + std::to_string(value.line) +
                               ": [capabilities.acm] is ignored: certificates are not this agent's job");
    const auto enabled = value.table.entries.find("enabled");
    if (enabled == value.table.entries.end()) return;
    const auto flag = boolean_in(enabled->second);
    if (!flag)
      return problem(enabled->second.line, message_of("enabled", not_allowed(enabled->second), "true or false"));
    loaded_.settings.acm_enabled = *flag;
  }

  void unknown(std::string_view place, const std::string& key, std::size_t line) {
    std::vector<std::string_view> names;
    std::string elsewhere;
    for (const SettingKey& setting : setting_keys()) {
      if (setting.name == key) elsewhere = setting.table;
      if (stands_in(setting, place)) names.push_back(setting.name);
    }
    for (const std::string_view table : kTables) {
      const std::size_t dot = table.rfind('.');
      if (place == (dot == table.npos ? "" : table.substr(0, dot))) names.push_back(table.substr(dot + 1));
    }
    const std::string name = written_key({&key, 1});
    if (!elsewhere.empty()) return problem(line, name + ": does not belong here, but in [" + elsewhere + "]");
    std::string allowed;
    for (const std::string_view one : names) allowed += (allowed.empty() ? "" : ", ") + std::string(one);
    problem(line, name + ": unknown key; allowed here: " + allowed + "; the nearest is " +
                      std::string(nearest_word(key, names)));
  }

  std::string_view name_;
  LoadedSettings& loaded_;
  std::multimap<std::size_t, std::string> problems_{};
  std::map<std::string_view, std::size_t> given_{};
};

/// The table that a part of a variable's list stands for.
void add_members(const SettingKey& setting, const TomlValue& value, TomlTable& table) {
  const std::size_t end = setting.second_member.empty() ? value.text.npos : value.text.find('=');
  TomlValue member = value;
  member.text = trimmed(std::string_view(value.text).substr(0, end));
  table.entries.emplace(setting.member, member);
  if (end == value.text.npos) return;
  member.text = trimmed(std::string_view(value.text).substr(end + 1));
  table.entries.emplace(setting.second_member, member);
}

/// The value of a variable as a file would hold it.
TomlValue value_of(const SettingKey& setting, std::string_view text) {
  TomlValue value;
  value.line = 1;
  value.text = trimmed(text);
  if (!setting.is_list()) return value;
  TomlValue list;
  list.line = 1;
  list.kind = TomlValue::Kind::array;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    value.text = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    if (value.text.empty()) continue;
    TomlValue& item = list.items.emplace_back(value);
    if (setting.member.empty()) continue;
    item.kind = TomlValue::Kind::table;
    add_members(setting, value, item.table);
  }
  return list;
}

/// What Kubernetes sets for a service whose name begins with "sma": `SMA_SERVICE_HOST`, `SMA_PORT=tcp://…`, and more.
bool is_service_link(std::string_view name, std::string_view value) {
  return name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != name.npos ||
         name.find("_PORT_") != name.npos || (name.ends_with("_PORT") && value.find("://") != value.npos);
}

/// A newer agent, or another program, may know the variable: AWS's own tests set some that only their agent has.
std::string unknown_variable(std::string_view name) {
  std::vector<std::string> variables;
  for (const SettingKey& setting : setting_keys()) variables.push_back(setting.variable());
  const std::vector<std::string_view> names(variables.begin(), variables.end());
  std::string warning;
  append_escaped(warning, name);
  return warning + " is ignored: no setting has this name; the nearest is " + std::string(nearest_word(name, names));
}

/// Returns what is wrong, one line for each.
std::vector<std::string> read_variables(const Environment& environment, LoadedSettings& loaded) {
  std::map<std::string, const SettingKey*> known;
  for (const SettingKey& setting : setting_keys()) known.emplace(setting.variable(), &setting);
  std::vector<std::string> problems;
  for (const auto& [name, value] : environment.all()) {
    const std::string_view text = value.view();
    if (!name.starts_with("SMA_") || !environment.get(name)) continue;
    const auto found = known.find(name);
    if (is_service_link(name, text)) {
      loaded.warnings.push_back(name + " is ignored: it is not a setting but an address that Kubernetes sets");
    } else if (found == known.end()) {
      loaded.warnings.push_back(unknown_variable(name));
    } else if (const auto wrong = found->second->read(value_of(*found->second, text), loaded.settings)) {
      problems.push_back(message_of(name, *wrong, found->second->allowed));
    }
  }
  return problems;
}

std::string extension_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == name.npos ? std::string() : to_lower(name.substr(dot + 1));
}

}  // namespace

Result<LoadedSettings> read_settings(std::string_view name, std::string_view text, const Environment& environment) {
  LoadedSettings loaded;
  FileReader reader(name, loaded);
  const auto root = read_toml(text);
  if (root.ok()) reader.read_table(*root, {});
  for (FileSettings& file : loaded.settings.files) file.place = std::string(name) + ':' + std::to_string(file.line);
  std::vector<std::string> problems =
      root.ok() ? reader.problems() : std::vector{std::string(name) + ':' + root.fault().message};
  for (std::string& wrong : read_variables(environment, loaded)) problems.push_back(std::move(wrong));
  if (problems.empty()) return loaded;
  std::string lines;
  for (const std::string& problem : problems) lines += (lines.empty() ? "" : "\n") + problem;
  return refusal(std::move(lines));
}

Result<LoadedSettings> load_settings(const std::string& path, const Environment& environment, const Files& files,
                                     FileRule rule) {
  if (path.empty()) return read_settings({}, {}, environment);
  constexpr std::array<std::string_view, 6> others{"json", "json5", "yaml", "yml", "ini", "ron"};
  if (std::find(others.begin(), others.end(), extension_of(path)) != others.end())
    return refusal(path + ": the configuration must be a TOML file; its name ends with .toml");
  const std::string other_name = path + ".toml";
  const bool is_there = files.exists(path) && !(files.is_folder(path) && files.exists(other_name));
  const std::string file = is_there ? path : other_name;
  if (!files.exists(file)) {
    for (const std::string_view other : others) {
      const std::string found = path + '.' + std::string(other);
      if (files.exists(found))
        return refusal(found + ": the configuration must be a TOML file; its name ends with .toml");
    }
    return refusal(path + ": the configuration file does not exist, nor does " + file);
  }
  const auto text = files.read_checked(file, rule, kFileLimit);
  if (!text.ok()) return refusal(text.fault().message);
  auto loaded = read_settings(file, text->content.view(), environment);
  if (loaded.ok() && text->in_open_folder) loaded->remarks.push_back(open_folder_remark(file));
  return loaded;
}

}  // namespace sma
