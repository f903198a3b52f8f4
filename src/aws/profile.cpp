#include "aws/profile.h"

#include <algorithm>
#include <cstring>

#include "base/ascii.h"

namespace sma {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_comment_mark(char c) { return c == '#' || c == ';'; }

std::string_view without_blanks(std::string_view text) { return trimmed(text, is_blank); }

enum class CommentNeeds { nothing, blank_before };

std::string_view without_comment(std::string_view line, CommentNeeds needs) {
  line = without_blanks(line);
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins = needs == CommentNeeds::nothing || (i > 0 && is_blank(line[i - 1]));
    if (is_comment_mark(line[i]) && begins) return without_blanks(line.substr(0, i));
  }
  return line;
}

bool is_identifier(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return is_letter_or_digit(c) || std::string_view("_-/.%@:+").find(c) != std::string_view::npos;
  });
}

/// Lower case in place: the text is ours.
void lower(std::string_view text) {
  for (char* c = const_cast<char*>(text.data()); c != text.data() + text.size(); ++c) *c = to_lower(*c);
}

struct KeyValue {
  std::string_view key;
  std::string_view value;
};

/// Null if there is no `=`.
std::optional<KeyValue> split_at_equals(std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  return KeyValue{without_blanks(line.substr(0, equals)), without_blanks(line.substr(equals + 1))};
}

/// `[PREFIX NAME]` or `[NAME]`.
struct Header {
  std::string_view prefix;
  std::string_view name;
};

Header split_header(std::string_view text) {
  const std::size_t blank = text.find_first_of(" \t");
  if (blank == std::string_view::npos) return {{}, text};
  return {text.substr(0, blank), without_blanks(text.substr(blank))};
}

/// Takes the next line off `text`, without its end.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Moves `line` right after `value`, with a line end between them. It comes after it already, further away.
std::string_view joined(std::string_view value, std::string_view line) {
  char* end = const_cast<char*>(value.data()) + value.size();
  *end = '\n';
  std::memmove(end + 1, line.data(), line.size());
  return {value.data(), value.size() + 1 + line.size()};
}

Fault malformed(const std::string& file, std::size_t line, std::string_view why) {
  return Fault::internal(file + ":" + std::to_string(line) + ": " + std::string(why));
}

}  // namespace

Result<Profiles> Profiles::parse(File config, File credentials) {
  Profiles profiles;
  Sections sections;
  if (auto fault = profiles.read(config, sections)) return *fault;
  profiles.merge(sections, Kind::config);
  sections.clear();
  if (auto fault = profiles.read(credentials, sections)) return *fault;
  profiles.merge(sections, Kind::credentials);
  profiles.config_text_ = std::move(config.text);
  profiles.credentials_text_ = std::move(credentials.text);
  return profiles;
}

std::optional<Fault> Profiles::read(const File& file, Sections& sections) {
  std::string_view text = file.text.view();
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Keys* section = nullptr;
  std::string_view* value = nullptr;  // of the last key, which further lines may continue
  bool nested = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = next_line(text);
    const std::string_view content = without_blanks(line);
    if (content.empty() || is_comment_mark(line[0])) continue;
    if (line[0] == '[') {
      const std::string_view header = without_comment(line, CommentNeeds::nothing);
      if (!header.ends_with(']')) return malformed(file.name, number, "a section's name must end with ]");
      section = &sections[std::string(without_blanks(header.substr(1, header.size() - 2)))];
      value = nullptr;
      continue;
    }
    if (section == nullptr) return malformed(file.name, number, "a section such as [default] must come first");
    if (line.data() != content.data()) {
      if (value == nullptr)
        return malformed(file.name, number, "an indented line must continue a key of the same section");
      if (nested && is_comment_mark(content[0])) continue;
      if (nested && !split_at_equals(content)) return malformed(file.name, number, "an indented key needs a =");
      *value = joined(*value, content);
      continue;
    }
    const auto pair = split_at_equals(without_comment(line, CommentNeeds::blank_before));
    if (!pair) return malformed(file.name, number, "a key needs a =");
    if (pair->key.empty()) return malformed(file.name, number, "there is no key before the =");
    lower(pair->key);
    value = &(*section)[pair->key];
    *value = pair->value;
    nested = pair->value.empty();
  }
  return std::nullopt;
}

void Profiles::merge(const Sections& sections, Kind kind) {
  const bool prefixed_default = kind == Kind::config && std::ranges::any_of(sections, [](const auto& section) {
                                  const Header header = split_header(section.first);
                                  return header.prefix == "profile" && header.name == "default";
                                });
  for (const auto& [header, keys] : sections) {
    if (prefixed_default && header == "default") {
      ignored_.push_back("[default] is ignored: [profile default] takes its place");
    } else {
      merge_section(header, keys, kind);
    }
  }
}

void Profiles::merge_section(const std::string& header, const Keys& keys, Kind kind) {
  const auto [prefix, name] = split_header(header);
  const auto ignore = [&](std::string_view why) {
    ignored_.push_back("[" + header + "] is ignored: " + std::string(why));
  };
  if (!is_identifier(name)) return ignore("the name holds characters that are not allowed");
  if (kind == Kind::credentials) {
    if (!prefix.empty())
      return ignore("names in the credentials file have no prefix; all else belongs into the config file");
    return merge_keys(profiles_[std::string(name)], header, keys);
  }
  if (prefix == "profile" || header == "default") return merge_keys(profiles_[std::string(name)], header, keys);
  if (prefix.empty()) return ignore("profiles in the config file, other than [default], are written [profile NAME]");
  if (prefix == "sso-session") return merge_keys(sso_sessions_[std::string(name)], header, keys);
  if (prefix == "services") return merge_keys(services_[std::string(name)], header, keys);
}

void Profiles::merge_keys(Keys& target, const std::string& header, const Keys& keys) {
  for (const auto& [key, value] : keys) {
    if (is_identifier(key)) {
      target[key] = value;
    } else {
      ignored_.push_back("a key of [" + header + "] is ignored: its name holds characters that are not allowed");
    }
  }
}

std::optional<std::string_view> Profiles::get(std::string_view profile, std::string_view key) const {
  const auto section = profiles_.find(profile);
  if (section == profiles_.end()) return std::nullopt;
  const auto found = section->second.find(key);
  if (found == section->second.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::optional<std::string_view> Profiles::sso_session(std::string_view session, std::string_view key) const {
  const auto section = sso_sessions_.find(session);
  if (section == sso_sessions_.end()) return std::nullopt;
  const auto found = section->second.find(key);
  if (found == section->second.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::optional<std::string_view> Profiles::services(std::string_view name, std::string_view service,
                                                   std::string_view key) const {
  const auto section = services_.find(name);
  if (section == services_.end()) return std::nullopt;
  const auto found = section->second.find(service);
  if (found == section->second.end()) return std::nullopt;
  std::optional<std::string_view> value;
  for (std::string_view block = found->second; !block.empty();) {
    const auto pair = split_at_equals(next_line(block));
    if (pair && pair->key == key) value = pair->value;
  }
  return value && !value->empty() ? value : std::nullopt;
}

}  // namespace sma
