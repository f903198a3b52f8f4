#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "toml/toml_value.h"

namespace sma {

/// What is wrong in a TOML file, and where; nothing while `text` is empty.
struct TomlProblem {
  std::size_t line = 0;
  std::string text{};
};

/// In joined lines, the end of a line inside a value.
inline constexpr char kTomlLineEnd = '\x01';

/// Reads keys and values from one joined line. Each `read_…` gives false where that is not possible, and `problem` then
/// says why. Source: TOML 1.0; of 1.1, which version 3 of the AWS agent reads, what users can write: inline tables over
/// several lines and with a comma at the end, `\e` and `\xHH`. Dates are refused: nothing here takes one.
class TomlScanner {
 public:
  /// `line`: the file's line where `text` begins.
  TomlScanner(std::string_view text, std::size_t line, TomlProblem& problem)
      : text_(text), line_(line), problem_(problem) {}

  /// `a."b c".d`
  bool read_key(std::vector<std::string>& key);
  bool read_value(TomlValue& value, std::size_t depth = 0);
  /// Exactly this text; blanks before it are ignored.
  bool read_mark(std::string_view mark);
  /// Nothing more but blanks and a comment.
  bool read_end();

 private:
  bool read_key_part(std::string& part);
  bool read_string(std::string& content);
  bool read_long_string(char quote, std::string& content);
  bool read_escape(std::string& content);
  bool read_code_point(std::size_t digits, std::string& content);
  bool read_line_continuation();
  bool read_array(TomlValue& value, std::size_t depth);
  bool read_inline_table(TomlValue& value, std::size_t depth);
  bool read_bare_value(TomlValue& value);

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char c);
  void skip_blanks();
  void skip_comment();
  /// Blanks, ends of lines and comments: all that may stand between the members of an array.
  void skip_space();
  bool fail(std::string text);
  bool fail_at(std::size_t line, std::string text);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_;
  TomlProblem& problem_;
};

}  // namespace sma
