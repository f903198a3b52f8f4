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

/// Where the token comes from.
struct SsrfTokenSource {
  std::string variable;
  std::string path;  ///< the PATH of `file://PATH`; empty if the variable holds the token itself
};

/// A file that holds a token.
struct SsrfTokenFile {
  std::string path{};  ///< empty: none
  FileRule rule = FileRule::any;
};

struct SsrfToken {
  SharedBytes value;
  SsrfTokenFile file{};               ///< that it can be read from again
  std::string origin{};               ///< for a person: `AWS_TOKEN`, or `/run/token (AWS_TOKEN)`
  std::vector<std::string> warnings;  ///< a line each, for a person; without the token
  std::vector<std::string> remarks;   ///< the same, of what is usual in some places
};

/// The first of `variables` that is set: the token comes from it. None if none of them is set.
[[nodiscard]] std::optional<std::string> ssrf_token_variable(const std::vector<std::string>& variables,
                                                             const Environment& environment);

/// Reads `ssrf_token_variable`. Faults: none is set; it is `file://` and nothing more; it names a file in another form
/// (`file:/PATH`, `~/PATH`, or the path of a file that exists), which would else be the token and easy to guess.
[[nodiscard]] Result<SsrfTokenSource> find_ssrf_token_source(const std::vector<std::string>& variables,
                                                             const Environment& environment, const Files& files);

/// The token that every request must carry: the value of `ssrf_token_variable`, or, if that is `file://PATH`, the
/// content of the file; without the white space around it. Faults: those of `find_ssrf_token_source`; the file cannot
/// be read, is empty, or is against `rule`. The fault names the variables, never a token. Warnings: the token is short,
/// or looks like a path; everybody can read or change its file. A remark: everybody can replace the file. Both of the
/// file only if there is a rule.
[[nodiscard]] Result<SsrfToken> find_ssrf_token(const std::vector<std::string>& variables,
                                                const Environment& environment, const Files& files,
                                                FileRule rule = FileRule::any);

/// The token that the file holds now; its origin is the file alone. Faults, without the variables, and warnings as
/// above.
[[nodiscard]] Result<SsrfToken> read_ssrf_token(const SsrfTokenFile& file, const Files& files);

/// As `find_ssrf_token_source`, for `create_ssrf_token`. Another fault: the token comes from no file.
[[nodiscard]] Result<SsrfTokenSource> find_ssrf_token_file(const std::vector<std::string>& variables,
                                                           const Environment& environment, const Files& files);

/// The faults of `create_ssrf_token` for the file `path` that can be known without making anything.
[[nodiscard]] Result<Done> check_ssrf_token_creation(const std::vector<std::string>& variables, const std::string& path,
                                                     std::optional<gid_t> group);

/// If the token's file does not exist, creates it with a new token of 256 random bits, mode 0640, and group `group` if
/// one is given. The file appears complete or not at all, and never replaces another. Faults: those of
/// `find_ssrf_token_file`; the file cannot be made.
[[nodiscard]] Result<Done> create_ssrf_token(const std::vector<std::string>& variables, const Environment& environment,
                                             Random& random, std::optional<gid_t> group);

}  // namespace sma
