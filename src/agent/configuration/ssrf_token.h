#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/files.h"
#include "base/random.h"
#include "base/result.h"
#include "base/wiped_bytes.h"

namespace sma {

/// The token that every request must carry: the value of the first of `variables` that is set, or where that is
/// `file://PATH`, what the file holds, without white space around it. A fault names the variables, and never what they
/// hold, where none is set, or the file is unreadable or empty.
[[nodiscard]] Result<WipedBytes> find_ssrf_token(const std::vector<std::string>& variables,
                                                 const Environment& environment, const Files& files);

/// Where the token is to come from a file that does not exist, makes that file with a new token of 256 random bits:
/// mode 0640, of `group` where one is given. It appears whole or not at all, and never takes another's place.
[[nodiscard]] Result<Done> create_ssrf_token(const std::vector<std::string>& variables, const Environment& environment,
                                             Random& random, std::optional<gid_t> group);

/// The folder of the token's file; empty where the token comes from no file.
[[nodiscard]] std::string ssrf_token_folder(const std::vector<std::string>& variables, const Environment& environment);

}  // namespace sma
