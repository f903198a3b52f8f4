#include "aws/credentials/command_line.h"

namespace sma {

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

}  // namespace sma
