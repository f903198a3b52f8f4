#include "toml/toml_lines.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "toml/toml_scanner.h"
#include "toml/toml_value.h"

namespace sma {
namespace {

constexpr char kEqualsInQuotes = '\x02';
constexpr char kClosingBracket = '\x03';

/// The text with LF alone at the end of each line, and without a byte order mark. It is a fault if it holds what TOML
/// forbids everywhere.
Result<std::string> clean(std::string_view file) {
  if (file.starts_with("\xEF\xBB\xBF")) file.remove_prefix(3);
  std::string text;
  text.reserve(file.size());
  std::size_t line = 1;
  while (!file.empty()) {
    if (file.starts_with("\r\n")) file.remove_prefix(1);
    const char c = file.front();
    const std::size_t size = utf8_length(file);
    if (size == 0) return toml_fault(line, "not UTF-8");
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n') || c == '\x7F')
      return toml_fault(line, "a control character; in a text write it as an escape, for example \\u0000");
    if (c == '\n') ++line;
    text.append(file.substr(0, size));
    file.remove_prefix(size);
  }
  return text;
}

/// Finds the ends of values, and nothing else: what is wrong in them is found when they are read.
class LineJoiner {
 public:
  explicit LineJoiner(std::string_view file) : file_(file) {
    lines_.text.reserve(file.size() + 16);
    // inih skips a byte order mark at the start of its first line. An empty first line keeps ours from being skipped.
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

  /// inih ends a section at the first `]`: it gets a single one, at the end of the line.
  void header() {
    const std::size_t begin = lines_.text.size();
    copy_line();
    std::replace(lines_.text.begin() + static_cast<std::ptrdiff_t>(begin), lines_.text.end(), ']', kClosingBracket);
    lines_.text += ']';
  }

  /// inih ends a name at the first `=`: those inside quotes are replaced.
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
    const std::string_view quotes =
        file_.substr(std::min(at_, file_.size()), 5);  // two more are allowed before the end
    copy(std::min(quotes.find_first_not_of(quote), quotes.size()));
  }

  std::string_view file_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  TomlLines lines_{};
};

}  // namespace

Result<TomlLines> TomlLines::join(std::string_view file) {
  const auto text = clean(file);
  if (!text.ok()) return text.fault();
  return LineJoiner(*text).join();
}

std::string TomlLines::restore(std::string_view encoded) {
  std::string text(encoded);
  std::replace(text.begin(), text.end(), kEqualsInQuotes, '=');
  std::replace(text.begin(), text.end(), kClosingBracket, ']');
  return text;
}

}  // namespace sma
