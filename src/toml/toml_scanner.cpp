#include "toml/toml_scanner.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "toml/toml_number.h"

namespace sma {
namespace {

void append_utf8(std::string& text, std::uint32_t code) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xE0 | code >> 12);
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
    }
    add(0x80 | (code >> 6 & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

/// Booleans as the AWS agent takes them besides TOML's own.
bool is_boolean_word(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::array<std::string_view, 6> words{"true", "false", "on", "off", "yes", "no"};
  return std::find(words.begin(), words.end(), lower) != words.end();
}

bool looks_like_time(std::string_view text) {
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  return digit(0) && digit(1) &&
         ((digit(2) && digit(3) && text.substr(4).starts_with('-')) || text.substr(2).starts_with(':'));
}

}  // namespace

bool TomlScanner::fail(std::string text) {
  if (problem_.text.empty()) problem_ = {line_, std::move(text)};
  return false;
}

bool TomlScanner::fail_at(std::size_t line, std::string text) {
  line_ = line;
  return fail(std::move(text));
}

bool TomlScanner::take(char c) {
  if (at_end() || text_[at_] != c) return false;
  if (c == kTomlLineEnd) ++line_;
  ++at_;
  return true;
}

void TomlScanner::skip_blanks() {
  while (take(' ') || take('\t')) {
  }
}

void TomlScanner::skip_comment() {
  if (peek() == '#') at_ = std::min(text_.find(kTomlLineEnd, at_), text_.size());
}

void TomlScanner::skip_space() {
  do {
    skip_blanks();
    skip_comment();
  } while (take(kTomlLineEnd));
}

bool TomlScanner::read_mark(std::string_view mark) {
  skip_blanks();
  if (!text_.substr(at_).starts_with(mark)) return fail("no TOML: expected " + std::string(mark));
  at_ += mark.size();
  return true;
}

bool TomlScanner::read_end() {
  skip_blanks();
  skip_comment();
  return at_end() || fail("nothing but a comment, which begins with #, may follow here");
}

bool TomlScanner::read_key(std::vector<std::string>& key) {
  do {
    skip_blanks();
    std::string part;
    if (!read_key_part(part)) return false;
    key.push_back(std::move(part));
    if (key.size() > kTomlDepth) return fail("a key of more than 64 parts");
    skip_blanks();
  } while (take('.'));
  return true;
}

bool TomlScanner::read_key_part(std::string& part) {
  if (peek() == '"' || peek() == '\'') {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("\"\"\"") || rest.starts_with("'''")) return fail("a key cannot be a text of several lines");
    return read_string(part);
  }
  while (!at_end() && is_bare_key_character(peek())) part += text_[at_++];
  return !part.empty() || fail("no TOML: expected a key: letters, digits, _ and -, or a text in quotes");
}

bool TomlScanner::read_string(std::string& content) {
  const char quote = text_[at_];
  const std::string three(3, quote);
  if (text_.substr(at_).starts_with(three)) return read_long_string(quote, content);
  ++at_;
  while (!take(quote)) {
    if (at_end() || peek() == kTomlLineEnd) return fail("a text is not closed on its line");
    if (quote == '"' && peek() == '\\') {
      if (!read_escape(content)) return false;
    } else {
      content += text_[at_++];
    }
  }
  return true;
}

bool TomlScanner::read_long_string(char quote, std::string& content) {
  const std::size_t opened = line_;
  at_ += 3;
  take(kTomlLineEnd);
  while (!at_end()) {
    const std::string_view next = text_.substr(at_, 5);  // two quotes may stand before the three that close it
    const std::size_t quotes = std::min(next.find_first_not_of(quote), next.size());
    if (quotes >= 3) {
      content.append(quotes - 3, quote);
      at_ += quotes;
      return true;
    }
    if (quote == '"' && peek() == '\\') {
      if (!read_line_continuation() && !read_escape(content)) return false;
    } else if (take(kTomlLineEnd)) {
      content += '\n';
    } else {
      content += text_[at_++];
    }
  }
  return fail_at(opened, "a text is not closed: " + std::string(3, quote) + " is missing");
}

bool TomlScanner::read_line_continuation() {
  const std::size_t next = text_.find_first_not_of(" \t", at_ + 1);
  if (next == std::string_view::npos || text_[next] != kTomlLineEnd) return false;
  at_ = next;
  while (take(kTomlLineEnd) || take(' ') || take('\t')) {
  }
  return true;
}

bool TomlScanner::read_escape(std::string& content) {
  ++at_;
  constexpr std::string_view names = "btnfre\"\\";
  constexpr std::string_view meanings = "\b\t\n\f\r\x1B\"\\";
  const char name = peek();
  if (at_end()) return fail("an unfinished \\ in a text");
  if (name == 'x' || name == 'u' || name == 'U') {
    ++at_;
    return read_code_point(name == 'x' ? 2 : name == 'u' ? 4 : 8, content);
  }
  const std::size_t found = names.find(name);
  if (found == std::string_view::npos)
    return fail("unknown escape in a text; allowed are \\b \\t \\n \\f \\r \\e \\\" \\\\ \\xHH \\uHHHH \\UHHHHHHHH");
  content += meanings[found];
  ++at_;
  return true;
}

bool TomlScanner::read_code_point(std::size_t digits, std::string& content) {
  const std::string_view hex = text_.substr(at_, digits);
  std::uint32_t code = 0;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
  const bool whole = hex.size() == digits && error == std::errc() && end == hex.data() + hex.size();
  if (!whole || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
    return fail("\\x, \\u and \\U take 2, 4 and 8 hexadecimal digits of a Unicode character");
  append_utf8(content, code);
  at_ += digits;
  return true;
}

bool TomlScanner::read_value(TomlValue& value, std::size_t depth) {
  if (depth > kTomlDepth) return fail("lists and tables inside each other, more than 64 deep");
  value.line = line_;
  switch (peek()) {
    case '"':
    case '\'':
      value.kind = TomlValue::Kind::text;
      return read_string(value.text);
    case '[':
      return read_array(value, depth);
    case '{':
      return read_inline_table(value, depth);
    default:
      return read_bare_value(value);
  }
}

bool TomlScanner::read_array(TomlValue& value, std::size_t depth) {
  value.kind = TomlValue::Kind::array;
  ++at_;
  for (skip_space(); !take(']'); skip_space()) {
    if (at_end()) return fail_at(value.line, "a list is not closed: ] is missing");
    TomlValue item;
    if (!read_value(item, depth + 1)) return false;
    value.items.push_back(std::move(item));
    skip_space();
    if (!at_end() && !take(',') && peek() != ']') return fail("expected , or ] in a list");
  }
  return true;
}

bool TomlScanner::read_inline_table(TomlValue& value, std::size_t depth) {
  value.kind = TomlValue::Kind::table;
  value.table.origin = TomlTable::Origin::inlined;
  ++at_;
  for (skip_space(); !take('}'); skip_space()) {
    if (at_end()) return fail_at(value.line, "a table is not closed: } is missing");
    std::vector<std::string> key;
    TomlValue member;
    if (!read_key(key) || !read_mark("=")) return false;
    skip_blanks();
    if (!read_value(member, depth + key.size())) return false;
    if (std::string wrong = insert_value(value.table, key, std::move(member)); !wrong.empty())
      return fail(std::move(wrong));
    skip_space();
    if (!at_end() && !take(',') && peek() != '}') return fail("expected , or } in a table");
  }
  return true;
}

bool TomlScanner::read_bare_value(TomlValue& value) {
  constexpr std::string_view ends = " \t,]}#\x01";
  const std::string_view word = text_.substr(at_, text_.find_first_of(ends, at_) - at_);
  if (word == "true" || word == "false") {
    value.kind = TomlValue::Kind::boolean;
    value.boolean = word == "true";
  } else if (is_boolean_word(word)) {
    value.kind = TomlValue::Kind::word;
    value.text = word;
  } else if (word.empty()) {
    return fail("a value is missing");
  } else if (looks_like_time(word)) {
    return fail("dates and times are not taken by any setting");
  } else if (!read_toml_number(word, value)) {
    return fail("no TOML value: a text needs quotes, a whole number at most 64 bits");
  }
  at_ += word.size();
  return true;
}

}  // namespace sma
