#include "toml/toml_lines.h"

#include <algorithm>
#include <cstdint>

namespace sma {
namespace {

constexpr char kEqualsInQuotes = '\x02';
constexpr char kClosingBracket = '\x03';

/// How many bytes the UTF-8 character at the front takes; 0 where it is none. Source: RFC 3629 §4.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U; };
  const auto within = [&](std::size_t i, unsigned low, unsigned high) { return byte(i) >= low && byte(i) <= high; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return within(1, 0x80, 0xBF) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second = within(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && within(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = within(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && within(2, 0x80, 0xBF) && within(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

/// The text with every line ended by LF alone, and nothing in it that TOML forbids everywhere.
std::string clean(std::string_view file, TomlProblem& problem) {
  if (file.starts_with("\xEF\xBB\xBF")) file.remove_prefix(3);
  std::string text;
  text.reserve(file.size());
  std::size_t line = 1;
  while (!file.empty()) {
    if (file.starts_with("\r\n")) file.remove_prefix(1);
    const char c = file.front();
    const std::size_t size = character_size(file);
    if (size == 0) {
      problem = {line, "not UTF-8"};
      return {};
    }
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n') || c == '\x7F') {
      problem = {line, "a control character; in a text write it as an escape, for example \\u0000"};
      return {};
    }
    if (c == '\n') ++line;
    text.append(file.substr(0, size));
    file.remove_prefix(size);
  }
  return text;
}

/// Finds out where values end, and nothing else: what is wrong in them is found by who reads them.
class LineJoiner {
 public:
  explicit LineJoiner(std::string_view file) : file_(file) {
    lines_.text.reserve(file.size() + 16);
    // Where indentation is gone, inih could find a byte order mark at the start of its first line, and pass over it.
    lines_.numbers.push_back(line_);
    lines_.text += '\n';
  }

  TomlLines join() {
    while (!at_end()) {
      lines_.numbers.push_back(line_);
      at_ = std::min(file_.find_first_not_of(" \t", at_), file_.size());
      switch (peek()) {
        case '[':
          header();
          break;
        case '#':
          copy_line();
          break;
        default:
          key();
      }
      lines_.text += '\n';
      ++line_;
      ++at_;
    }
    return std::move(lines_);
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= file_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\n' : file_[at_]; }
  [[nodiscard]] bool starts_with(std::string_view text) const { return file_.substr(at_).starts_with(text); }

  void copy(std::size_t count = 1) {
    for (; count > 0 && !at_end(); --count, ++at_) {
      const bool line_end = file_[at_] == '\n';
      lines_.text += line_end ? kTomlLineEnd : file_[at_];
      if (line_end) ++line_;
    }
  }
  void copy_line() { copy(std::min(file_.find('\n', at_), file_.size()) - at_); }

  /// inih ends a section at the first `]`: it gets the only one behind all of the line.
  void header() {
    const std::size_t begin = lines_.text.size();
    copy_line();
    std::replace(lines_.text.begin() + static_cast<std::ptrdiff_t>(begin), lines_.text.end(), ']', kClosingBracket);
    lines_.text += ']';
  }

  /// inih ends a name at the first `=`: it gets none before the one outside quotes.
  void key() {
    while (peek() != '\n') {
      const char c = peek();
      if (c == '=') return value();
      if (c != '"' && c != '\'') {
        copy();
        continue;
      }
      const std::size_t begin = lines_.text.size();
      short_string(c);
      std::replace(lines_.text.begin() + static_cast<std::ptrdiff_t>(begin), lines_.text.end(), '=', kEqualsInQuotes);
    }
  }

  void value() {
    for (std::size_t depth = 0; !at_end();) {
      const char c = peek();
      if (c == '\n' && depth == 0) return;
      if (c == '#') {
        copy_line();
      } else if (c == '"' || c == '\'') {
        starts_with(std::string(3, c)) ? long_string(c) : short_string(c);
      } else {
        if (c == '[' || c == '{') ++depth;
        if ((c == ']' || c == '}') && depth > 0) --depth;
        copy();
      }
    }
  }

  void short_string(char quote) {
    copy();
    while (peek() != '\n' && peek() != quote) {
      if (quote == '"' && peek() == '\\' && !starts_with("\\\n")) copy();
      copy();
    }
    if (peek() == quote) copy();
  }

  void long_string(char quote) {
    const std::string end(3, quote);
    copy(3);
    while (!at_end() && !starts_with(end)) {
      if (quote == '"' && peek() == '\\') copy();
      copy();
    }
    const std::string_view quotes = file_.substr(std::min(at_, file_.size()), 5);  // two more may stand before the end
    copy(std::min(quotes.find_first_not_of(quote), quotes.size()));
  }

  std::string_view file_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  TomlLines lines_{};
};

}  // namespace

TomlLines TomlLines::join(std::string_view file, TomlProblem& problem) {
  const std::string text = clean(file, problem);
  return LineJoiner(text).join();
}

std::string TomlLines::restore(std::string_view encoded) {
  std::string text(encoded);
  std::replace(text.begin(), text.end(), kEqualsInQuotes, '=');
  std::replace(text.begin(), text.end(), kClosingBracket, ']');
  return text;
}

}  // namespace sma
