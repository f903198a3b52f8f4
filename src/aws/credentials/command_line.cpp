#include "aws/credentials/command_line.h"

#include <algorithm>

#include "base/ascii.h"

namespace sma {
namespace {

/// The `NAME=` that a word begins with if it sets a variable; empty otherwise.
std::string_view assigned_name(std::string_view word) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const bool is_name = equals != word.npos && !name.empty() && !is_digit(name[0]) &&
                       std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '_'; });
  return is_name ? word.substr(0, equals + 1) : std::string_view();
}

}  // namespace

std::optional<std::vector<std::string>> split_command(std::string_view command) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  const auto word = [&]() -> std::string& {
    if (!in_word) words.emplace_back();
    in_word = true;
    return words.back();
  };
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote == '\'' && c != quote) {
      word() += c;
    } else if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (c == '\\') {
      if (++i == command.size()) return std::nullopt;
      const char escaped = command[i];
      const bool kept = quote == '"' && std::string_view("\"\\$`\n").find(escaped) == std::string_view::npos;
      if (kept) word() += '\\';
      if (escaped != '\n' || kept) word() += escaped;
    } else if (quote == '"') {
      word() += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      word();  // '' is a word too
    } else if (c == ' ' || c == '\t' || c == '\n') {
      in_word = false;
    } else {
      word() += c;
    }
  }
  if (quote != '\0') return std::nullopt;
  return words;
}

std::optional<std::string_view> shell_syntax(std::string_view command) {
  const std::string_view assigned = assigned_name(trimmed(command));
  if (!assigned.empty()) return assigned;
  char quote = '\0';
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote != '\'' && c == '\\') {
      ++i;
    } else if (quote != '\0' ? c == quote : c == '\'' || c == '"') {
      quote = quote != '\0' ? '\0' : c;
    } else if (quote != '\'' &&
               std::string_view(quote == '"' ? "$`" : "|&;<>()$`*?~#").find(c) != std::string_view::npos) {
      return command.substr(i, 1);
    }
  }
  return std::nullopt;
}

std::string program_of(std::string_view command) {
  const auto words = split_command(command);
  if (!words) return {};
  const auto program = std::ranges::find_if(*words, [](const auto& word) { return assigned_name(word).empty(); });
  return program == words->end() ? std::string() : *program;
}

}  // namespace sma
