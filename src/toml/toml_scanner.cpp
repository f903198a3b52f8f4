#include "toml/toml_scanner.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "base/whole_number.h"
#include "toml/toml_number.h"

namespace sma {
namespace {

/// Booleans that the AWS agent takes besides those of TOML.
bool is_boolean_word(std::string_view text) {
  constexpr std::array<std::string_view, 6> words{"true", "false", "on", "off", "yes", "no"};
  return std::ranges::any_of(words, [&](std::string_view word) { return equals_ignoring_case(word, text); });
}

bool looks_like_time(std::string_view text) {
  const auto digit = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
  return digit(0) && digit(1) &&
         ((digit(2) && digit(3) && text.substr(4).starts_with('-')) || text.substr(2).starts_with(':'));
}

/// Each `read_…` returns nothing, or false, if it fails; `fault` then says why.
class Scanner {
 public:
  Scanner(std::string_view text, std::size_t line) : text_(text), line_(line) {}

  std::optional<std::vector<std::string>> read_key();
  std::optional<TomlValue> read_value(std::size_t depth = 0);
  /// Exactly this text; blanks before it are skipped.
  bool read_mark(std::string_view mark);
  /// Nothing more but blanks and a comment.
  bool read_end();

  [[nodiscard]] Fault fault() const { return toml_fault(line_, problem_); }

 private:
  std::optional<std::string> read_key_part();
  std::optional<std::string> read_string();
  std::optional<std::string> read_long_string(char quote);
  std::optional<std::uint32_t> read_escape();
  std::optional<std::uint32_t> read_code_point(std::size_t digits);
  bool read_line_continuation();
  std::optional<TomlValue> read_array(std::size_t depth);
  std::optional<TomlValue> read_inline_table(std::size_t depth);
  std::optional<TomlValue> read_bare_value();

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char c);
  void skip_blanks();
  void skip_comment();
  /// Skips blanks, ends of lines and comments: all that is allowed between the members of an array.
  void skip_space();
  /// The problem is in `line`, or in the line that is being read.
  std::nullopt_t fail(std::string problem, std::optional<std::size_t> line = std::nullopt);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_;
  std::string problem_{};
};

std::nullopt_t Scanner::fail(std::string problem, std::optional<std::size_t> line) {
  line_ = line.value_or(line_);
  problem_ = std::move(problem);
  return std::nullopt;
}

bool Scanner::take(char c) {
  if (at_end() || text_[at_] != c) return false;
  if (c == kTomlLineEnd) ++line_;
  ++at_;
  return true;
}

void Scanner::skip_blanks() {
  while (take(' ') || take('\t')) {
  }
}

void Scanner::skip_comment() {
  if (peek() == '#') at_ = std::min(text_.find(kTomlLineEnd, at_), text_.size());
}

void Scanner::skip_space() {
  do {
    skip_blanks();
    skip_comment();
  } while (take(kTomlLineEnd));
}

bool Scanner::read_mark(std::string_view mark) {
  skip_blanks();
  if (text_.substr(at_).starts_with(mark)) {
    at_ += mark.size();
    return true;
  }
  fail("no TOML: expected " + std::string(mark));
  return false;
}

bool Scanner::read_end() {
  skip_blanks();
  skip_comment();
  if (!at_end()) fail("nothing but a comment, which begins with #, may follow here");
  return at_end();
}

std::optional<std::vector<std::string>> Scanner::read_key() {
  std::vector<std::string> key;
  do {
    skip_blanks();
    auto part = read_key_part();
    if (!part) return std::nullopt;
    key.push_back(std::move(*part));
    if (key.size() > kTomlDepth) return fail("a key of more than 64 parts");
    skip_blanks();
  } while (take('.'));
  return key;
}

std::optional<std::string> Scanner::read_key_part() {
  if (peek() == '"' || peek() == '\'') {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("\"\"\"") || rest.starts_with("'''")) return fail("a key cannot be a text of several lines");
    return read_string();
  }
  std::string part;
  while (!at_end() && is_bare_key_character(peek())) part += text_[at_++];
  if (part.empty()) return fail("no TOML: expected a key: letters, digits, _ and -, or a text in quotes");
  return part;
}

std::optional<std::string> Scanner::read_string() {
  const char quote = text_[at_];
  if (text_.substr(at_).starts_with(std::string(3, quote))) return read_long_string(quote);
  std::string content;
  ++at_;
  while (!take(quote)) {
    if (at_end() || peek() == kTomlLineEnd) return fail("a text is not closed on its line");
    if (quote == '"' && peek() == '\\') {
      const auto code = read_escape();
      if (!code) return std::nullopt;
      append_utf8(content, *code);
    } else {
      content += text_[at_++];
    }
  }
  return content;
}

std::optional<std::string> Scanner::read_long_string(char quote) {
  const std::size_t opened = line_;
  std::string content;
  at_ += 3;
  take(kTomlLineEnd);
  while (!at_end()) {
    const std::string_view next = text_.substr(at_, 5);  // two quotes are allowed before the three that close it
    const std::size_t quotes = std::min(next.find_first_not_of(quote), next.size());
    if (quotes >= 3) {
      content.append(quotes - 3, quote);
      at_ += quotes;
      return content;
    }
    if (quote == '"' && peek() == '\\') {
      if (read_line_continuation()) continue;
      const auto code = read_escape();
      if (!code) return std::nullopt;
      append_utf8(content, *code);
    } else if (take(kTomlLineEnd)) {
      content += '\n';
    } else {
      content += text_[at_++];
    }
  }
  return fail("a text is not closed: " + std::string(3, quote) + " is missing", opened);
}

bool Scanner::read_line_continuation() {
  const std::size_t next = text_.find_first_not_of(" \t", at_ + 1);
  if (next == std::string_view::npos || text_[next] != kTomlLineEnd) return false;
  at_ = next;
  while (take(kTomlLineEnd) || take(' ') || take('\t')) {
  }
  return true;
}

std::optional<std::uint32_t> Scanner::read_escape() {
  ++at_;
  constexpr std::string_view names = "btnfre\"\\";
  constexpr std::string_view meanings = "\b\t\n\f\r\x1B\"\\";
  const char name = peek();
  if (at_end()) return fail("an unfinished \\ in a text");
  ++at_;
  if (name == 'x' || name == 'u' || name == 'U') return read_code_point(name == 'x' ? 2 : name == 'u' ? 4 : 8);
  const std::size_t found = names.find(name);
  if (found == std::string_view::npos)
    return fail("unknown escape in a text; allowed are \\b \\t \\n \\f \\r \\e \\\" \\\\ \\xHH \\uHHHH \\UHHHHHHHH");
  return static_cast<unsigned char>(meanings[found]);
}

std::optional<std::uint32_t> Scanner::read_code_point(std::size_t digits) {
  const std::string_view text = text_.substr(at_, digits);
  const auto code = whole_number<std::uint32_t>(text, 16);
  if (!code || text.size() != digits || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
    return fail("\\x, \\u and \\U take 2, 4 and 8 hexadecimal digits of a Unicode character");
  at_ += digits;
  return code;
}

std::optional<TomlValue> Scanner::read_value(std::size_t depth) {
  if (depth > kTomlDepth) return fail("lists and tables inside each other, more than 64 deep");
  const std::size_t line = line_;
  std::optional<TomlValue> value;
  if (peek() == '"' || peek() == '\'') {
    auto text = read_string();
    if (text) value.emplace().text = std::move(*text);
  } else {
    value = peek() == '[' ? read_array(depth) : peek() == '{' ? read_inline_table(depth) : read_bare_value();
  }
  if (value) value->line = line;
  return value;
}

std::optional<TomlValue> Scanner::read_array(std::size_t depth) {
  const std::size_t opened = line_;
  TomlValue value;
  value.kind = TomlValue::Kind::array;
  ++at_;
  for (skip_space(); !take(']'); skip_space()) {
    if (at_end()) return fail("a list is not closed: ] is missing", opened);
    auto item = read_value(depth + 1);
    if (!item) return std::nullopt;
    value.items.push_back(std::move(*item));
    skip_space();
    if (!at_end() && !take(',') && peek() != ']') return fail("expected , or ] in a list");
  }
  return value;
}

std::optional<TomlValue> Scanner::read_inline_table(std::size_t depth) {
  const std::size_t opened = line_;
  TomlValue value;
  value.kind = TomlValue::Kind::table;
  value.table.origin = TomlTable::Origin::inlined;
  ++at_;
  for (skip_space(); !take('}'); skip_space()) {
    if (at_end()) return fail("a table is not closed: } is missing", opened);
    const auto key = read_key();
    if (!key || !read_mark("=")) return std::nullopt;
    skip_blanks();
    auto member = read_value(depth + key->size());
    if (!member) return std::nullopt;
    const auto inserted = insert_value(value.table, *key, std::move(*member));
    if (!inserted.ok()) return fail(inserted.fault().message);
    skip_space();
    if (!at_end() && !take(',') && peek() != '}') return fail("expected , or } in a table");
  }
  return value;
}

std::optional<TomlValue> Scanner::read_bare_value() {
  constexpr std::string_view ends = " \t,]}#\x01";
  const std::string_view word = text_.substr(at_, text_.find_first_of(ends, at_) - at_);
  std::optional<TomlValue> value;
  if (word == "true" || word == "false") {
    value.emplace().kind = TomlValue::Kind::boolean;
    value->boolean = word == "true";
  } else if (is_boolean_word(word)) {
    value.emplace().kind = TomlValue::Kind::word;
    value->text = word;
  } else if (word.empty()) {
    return fail("a value is missing");
  } else if (looks_like_time(word)) {
    return fail("no setting takes a date or a time");
  } else if (value = read_toml_number(word); !value) {
    return fail("no TOML value: a text needs quotes, a whole number at most 64 bits");
  }
  at_ += word.size();
  return value;
}

}  // namespace

Result<TomlHeader> read_toml_header(std::string_view text, std::size_t line) {
  const bool is_array = text.starts_with('[');
  if (is_array) text.remove_prefix(1);
  Scanner scanner(text, line);
  auto path = scanner.read_key();
  if (!path || !scanner.read_mark(is_array ? "]]" : "]") || !scanner.read_end()) return scanner.fault();
  return TomlHeader{std::move(*path), is_array};
}

Result<std::vector<std::string>> read_toml_key(std::string_view text, std::size_t line) {
  const std::string with_end = std::string(text) + '=';
  Scanner scanner(with_end, line);
  auto key = scanner.read_key();
  if (!key || !scanner.read_mark("=")) return scanner.fault();
  return std::move(*key);
}

Result<TomlValue> read_toml_value(std::string_view text, std::size_t line) {
  Scanner scanner(text, line);
  auto value = scanner.read_value();
  if (!value || !scanner.read_end()) return scanner.fault();
  return std::move(*value);
}

}  // namespace sma
