#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sma {

/// Splits a command as a POSIX shell would, without one: blanks separate; single quotes take all as it is; in double
/// quotes a backslash escapes `"`, `\`, `$`, `` ` ``; elsewhere it escapes any character. Nothing is expanded. None
/// if a quote or an escape is left open. Source: POSIX Shell Command Language, §2.2.
[[nodiscard]] std::optional<std::vector<std::string>> split_command(std::string_view command);

/// What in `command` only a shell understands: `FOO=` for a variable that is set before the program, or one of
/// ``|&;<>()$`*?~#`` outside of quotes; `$` and `` ` `` in double quotes too. None if `split_command` and a shell read
/// the command alike. Source: POSIX Shell Command Language, §2.2, §2.9.1.
[[nodiscard]] std::optional<std::string_view> shell_syntax(std::string_view command);

/// The program that `command` runs first, for messages: its first word that sets no variable. Empty if it has none.
[[nodiscard]] std::string program_of(std::string_view command);

}  // namespace sma
