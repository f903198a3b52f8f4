#include "aws/credentials/credentials_file_source.h"

#include "aws/profile.h"

namespace sma {

Task<Result<Credentials>> CredentialsFileSource::load(TimePoint /*deadline*/) {
  auto reading = files_.ask<CheckedFile>(
      path_, [path = path_](const Files& files) { return files.read_checked(path, FileRule::not_planted); });
  auto file = co_await std::move(reading);
  if (!file.ok()) co_return std::move(file.fault());
  note_permissions(*file);
  const auto profiles = Profiles::parse({}, {path_, std::move(file->content)});
  if (!profiles.ok()) co_return profiles.fault();

  const std::string profile(environment_.get_or("AWS_PROFILE", "default"));
  const auto fault = [&](const std::string& what) { return Fault::internal(path_ + ": " + what); };
  if (!profiles->has_profile(profile)) co_return fault("there is no [" + profile + "]");
  const auto id = profiles->get(profile, "aws_access_key_id");
  const auto key = profiles->get(profile, "aws_secret_access_key");
  if (!id) co_return fault("[" + profile + "] has no aws_access_key_id");
  if (!key) co_return fault("[" + profile + "] has no aws_secret_access_key");
  Credentials found;
  found.access_key_id = *id;
  found.secret_access_key = SharedBytes(*key);
  found.session_token = SharedBytes(profiles->get(profile, "aws_session_token").value_or(""));
  found.source = "file " + path_;
  warn_of_long_term_keys(found.session_token.empty());
  co_return found;
}

void CredentialsFileSource::warn_of_long_term_keys(bool are_long_term) {
  if (are_long_term && !warned_of_keys_)
    log_.warn("the credentials file holds long-term keys, without aws_session_token; AWS's agent refuses such a file",
              {{"path", path_}});
  warned_of_keys_ = are_long_term;
}

void CredentialsFileSource::note_permissions(const CheckedFile& file) {
  const bool wide = (file.permissions & 0177U) != 0;
  if (wide && !warned_)
    log_.warn("others may read or change the credentials file: its mode should be 0600", {{"path", path_}});
  warned_ = wide;
  if (file.in_open_folder && !remarked_) log_.info(open_folder_remark(path_));
  remarked_ = file.in_open_folder;
}

}  // namespace sma
