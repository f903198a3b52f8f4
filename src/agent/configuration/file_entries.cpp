#include "agent/configuration/file_entries.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "agent/configuration/nearest_word.h"
#include "agent/reference/secret_reference.h"
#include "base/whole_number.h"
#include "secrets/role_arn.h"

namespace sma {
namespace {

using Wrong = std::optional<NotAllowed>;

constexpr mode_t kAllPermissions = 0777;
constexpr mode_t kWrittenByOthers = 0002;
constexpr std::int64_t kLongestRefresh = 3600;  // seconds
constexpr int kOctal = 8;

NotAllowed wrong(std::size_t line, std::string what, std::string allowed) {
  return {.line = line, .what = std::move(what), .allowed = std::move(allowed)};
}

NotAllowed not_allowed(std::string_view key, const TomlValue& value, std::string allowed) {
  return wrong(value.line, std::string(key) + " = " + not_allowed(value).what, std::move(allowed));
}

std::string octal_text(mode_t mode) {
  std::string text = "0";
  for (const unsigned shift : {6U, 3U, 0U}) text += static_cast<char>('0' + (mode >> shift & 7U));
  return text;
}

template <std::string FileSettings::*member>
Wrong read_text(std::string_view key, const TomlValue& value, FileSettings& file) {
  auto text = plain_text_in(value);
  if (!text) return not_allowed(key, value, "a text that is not empty");
  file.*member = std::move(*text);
  return std::nullopt;
}

/// One file has one such path.
bool is_file_path(std::string_view path) {
  const auto has = [&](std::string_view part) { return path.find(part) != path.npos; };
  return path.starts_with('/') && !path.ends_with('/') && !has("//") && !has("/./") && !has("/../") &&
         !path.ends_with("/.") && !path.ends_with("/..");
}

Wrong read_path(std::string_view key, const TomlValue& value, FileSettings& file) {
  const auto text = plain_text_in(value);
  if (!text || !is_file_path(*text))
    return not_allowed(key, value, "the absolute path of a file, without . and .. in it");
  file.path = *text;
  return std::nullopt;
}

/// A number would be ambiguous: 440 is written without the quotes by those who mean 0440.
Wrong read_mode(std::string_view key, const TomlValue& value, FileSettings& file) {
  const auto mode = value.kind == TomlValue::Kind::text ? whole_number<mode_t>(value.text, kOctal) : std::nullopt;
  if (!mode || *mode > kAllPermissions || (*mode & kWrittenByOthers) != 0)
    return not_allowed(key, value, "an octal text such as \"0440\", which lets others not write");
  file.mode = *mode;
  return std::nullopt;
}

Wrong read_role(std::string_view key, const TomlValue& value, FileSettings& file) {
  const auto text = plain_text_in(value);
  if (!text || !is_role_arn(*text)) return not_allowed(key, value, "arn:<partition>:iam::<account>:role/<name>");
  file.role_arn = *text;
  return std::nullopt;
}

Wrong read_group(std::string_view key, const TomlValue& value, FileSettings& file) {
  const auto group = whole_in(value);
  if (!group || *group < 0 || *group >= std::int64_t{std::numeric_limits<gid_t>::max()})
    return not_allowed(key, value, "the number of a group");
  file.group = static_cast<gid_t>(*group);
  return std::nullopt;
}

Wrong read_refresh(std::string_view key, const TomlValue& value, FileSettings& file) {
  const auto seconds = whole_in(value);
  if (!seconds || *seconds < 1 || *seconds > kLongestRefresh) return not_allowed(key, value, "1 to 3600");
  file.refresh = Seconds(*seconds);
  return std::nullopt;
}

struct Key {
  std::string_view name;
  Wrong (*read)(std::string_view key, const TomlValue& value, FileSettings& file);
};
constexpr std::array kKeys{
    Key{"path", read_path},
    Key{"secret", read_text<&FileSettings::secret>},
    Key{"key", read_text<&FileSettings::key>},
    Key{"template", read_text<&FileSettings::template_path>},
    Key{"mode", read_mode},
    Key{"group", read_group},
    Key{"role_arn", read_role},
    Key{"refresh_seconds", read_refresh},
};

NotAllowed unknown(const std::string& key, std::size_t line) {
  std::array<std::string_view, kKeys.size()> names;
  std::ranges::transform(kKeys, names.begin(), &Key::name);
  std::string allowed;
  for (const std::string_view name : names) allowed += (allowed.empty() ? "" : ", ") + std::string(name);
  return {line, "the key " + written_key({&key, 1}), nearest_word(key, names), std::move(allowed)};
}

Wrong check_secret(const FileSettings& file) {
  constexpr const char* one_of_both = "one of the two";
  if (file.secret.empty() && file.template_path.empty())
    return wrong(file.line, "a file with neither secret nor template", one_of_both);
  if (!file.secret.empty() && !file.template_path.empty())
    return wrong(file.line, "a file with secret and template", one_of_both);
  if (!file.template_path.empty()) {
    if (file.key.empty()) return std::nullopt;
    return wrong(file.line, "key beside template", "a JSON key in each reference of the template");
  }
  const auto reference = read_reference(file.secret);
  if (!reference.ok())
    return wrong(file.line, "secret, because " + reference.fault().message,
                 "NAME or ARN, :JSON-KEY:VERSION-STAGE:VERSION-ID");
  if (!file.key.empty() && !reference->json_key.empty())
    return wrong(file.line, "key beside a reference with a JSON key", "one of the two");
  return std::nullopt;
}

Wrong read_file(const TomlValue& item, FileSettings& file) {
  if (item.kind != TomlValue::Kind::table) return not_allowed(item);
  file.line = item.line;
  for (const auto& [name, value] : item.table.entries) {
    const auto* const key = std::ranges::find(kKeys, std::string_view(name), &Key::name);
    if (key == kKeys.end()) return unknown(name, value.line);
    if (auto refused = key->read(name, value, file)) return refused;
  }
  if (file.path.empty()) return wrong(file.line, "a file without path", "the absolute path of a file");
  return check_secret(file);
}

}  // namespace

Wrong read_files(const TomlValue& value, std::vector<FileSettings>& files) {
  if (value.kind != TomlValue::Kind::array) return not_allowed(value);
  std::vector<FileSettings> read;
  for (const TomlValue& item : value.items) {
    FileSettings file;
    if (auto refused = read_file(item, file)) return refused;
    if (std::ranges::find(read, file.path, &FileSettings::path) != read.end())
      return wrong(file.line, "a second file with the path " + file.path, "each path once");
    read.push_back(std::move(file));
  }
  files = std::move(read);
  return std::nullopt;
}

std::vector<SettingEntry> entries_of_files(const std::vector<FileSettings>& files) {
  std::vector<SettingEntry> entries;
  for (const FileSettings& file : files) {
    SettingEntry& entry = entries.emplace_back();
    const auto add = [&](std::string_view key, const std::string& text) {
      if (!text.empty()) entry.emplace_back(key, text);
    };
    add("path", file.path);
    add("secret", file.secret);
    add("key", file.key);
    add("template", file.template_path);
    add("mode", octal_text(file.mode));
    if (file.group) entry.emplace_back("group", std::int64_t{*file.group});
    add("role_arn", file.role_arn);
    if (file.refresh) entry.emplace_back("refresh_seconds", std::int64_t{file.refresh->count()});
  }
  return entries;
}

}  // namespace sma
