#pragma once

#include <string>

#include "aws/credentials/credentials.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"

namespace sma {

/// The file that `credentials_file_path` names, in the form of the shared credentials file: profile `AWS_PROFILE`, else
/// `[default]`; static keys, with or without a session token. Read again at each load. Permissions wider than 0600,
/// and long-term keys, are a warning each. A file that another user put there is refused (`FileRule::not_planted`).
class CredentialsFileSource final : public CredentialsSource {
 public:
  CredentialsFileSource(std::string path, const Environment& environment, const Files& files, Log& log)
      : path_(std::move(path)), environment_(environment), files_(files), log_(log) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return "credentials file"; }

 private:
  void note_permissions(const CheckedFile& file);
  void warn_of_long_term_keys(bool are_long_term);

  std::string path_;
  const Environment& environment_;
  const Files& files_;
  Log& log_;
  bool warned_ = false;
  bool warned_of_keys_ = false;
  bool remarked_ = false;
};

}  // namespace sma
