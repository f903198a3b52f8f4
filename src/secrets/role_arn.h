#pragma once

#include <string_view>

namespace sma {

/// True for `arn:<partition>:iam::<12 digits>:role/<name>`, the name of letters, digits and `_+=,.@/-`. Source:
/// specification §1.4.
[[nodiscard]] bool is_role_arn(std::string_view text);

}  // namespace sma
