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

}  // namespace sma
