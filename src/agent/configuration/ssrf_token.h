#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/files.h"
#include "base/random.h"
#include "base/result.h"
#include "base/shared_bytes.h"

namespace sma {

/// The first of `variables` that is set: the token comes from it. None if none of them is set.
[[nodiscard]] std::optional<std::string> ssrf_token_variable(const std::vector<std::string>& variables,
                                                             const Environment& environment);

/// The token that every request must carry: the value of `ssrf_token_variable`, or, if that is `file://PATH`, the
/// content of the file; without the white space around it. It is a fault if no variable is set, or if the file cannot
/// be read or is empty. The fault names the variables, never their values.
[[nodiscard]] Result<SharedBytes> find_ssrf_token(const std::vector<std::string>& variables,
                                                  const Environment& environment, const Files& files);

/// If the token is to come from a file that does not exist, creates that file with a new token of 256 random bits, mode
/// 0640, and group `group` if one is given. The file appears complete or not at all, and never replaces another.
[[nodiscard]] Result<Done> create_ssrf_token(const std::vector<std::string>& variables, const Environment& environment,
                                             Random& random, std::optional<gid_t> group);

/// The folder of the token's file; none if the token comes from no file.
[[nodiscard]] std::optional<std::string> ssrf_token_folder(const std::vector<std::string>& variables,
                                                           const Environment& environment);

}  // namespace sma
