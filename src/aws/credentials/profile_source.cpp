#include "aws/credentials/profile_source.h"

#include "aws/credentials/credential_process.h"
#include "aws/credentials/fixed_credentials.h"
#include "aws/credentials/sts_refusal.h"
#include "aws/credentials/web_identity_source.h"

namespace sma {
namespace {

std::string text_of(const ProfileFiles& files, const std::string& profile, std::string_view key) {
  return std::string(files.profiles.get(profile, key).value_or(""));
}

Credentials static_keys(const ProfileFiles& files, const std::string& profile) {
  Credentials found;
  found.access_key_id = text_of(files, profile, "aws_access_key_id");
  found.secret_access_key = SharedBytes(files.profiles.get(profile, "aws_secret_access_key").value_or(""));
  found.session_token = SharedBytes(files.profiles.get(profile, "aws_session_token").value_or(""));
  return found;
}

std::string_view name_of(ProfileChain::Base base) {
  switch (base) {
    case ProfileChain::Base::credential_source:
      return "credential_source";
    case ProfileChain::Base::web_identity:
      return "web_identity_token_file";
    case ProfileChain::Base::sso:
      return "sso";
    case ProfileChain::Base::credential_process:
      return "credential_process";
    case ProfileChain::Base::static_keys:
      break;
  }
  return "static keys";
}

}  // namespace

Task<Result<Credentials>> ProfileSource::load(TimePoint deadline) {
  auto reading = ask_profile_files(&surroundings_.environment, &surroundings_.files);
  auto read = co_await std::move(reading);
  if (!read.ok()) co_return std::move(read.fault());
  const Shared files = std::make_shared<const ProfileFiles>(std::move(*read));
  log_ignored(*files);
  const auto chain = resolve_profile_chain(*files);
  if (!chain.ok()) co_return chain.fault();
  auto loading = load_base(files, chain->base, chain->base_profile, deadline);
  auto credentials = co_await std::move(loading);
  for (const ProfileRole& role : chain->roles) {
    if (!credentials.ok()) break;
    auto assuming = assume(role, std::move(*credentials), deadline);
    credentials = co_await std::move(assuming);
  }
  if (credentials.ok()) {
    credentials->source = "profile " + files->profile + ", ";
    credentials->source += chain->roles.empty() ? name_of(chain->base) : "role_arn";
  }
  co_return credentials;
}

Task<Result<Credentials>> ProfileSource::load_base(Shared files, ProfileChain::Base base, std::string profile,
                                                   TimePoint deadline) {
  Task<Result<Credentials>> loading;
  switch (base) {
    case ProfileChain::Base::static_keys:
      co_return static_keys(*files, profile);
    case ProfileChain::Base::credential_source:
      loading = load_named(text_of(*files, profile, "credential_source"), deadline);
      break;
    case ProfileChain::Base::web_identity:
      loading = load_web_identity(files, profile, deadline);
      break;
    case ProfileChain::Base::sso:
      loading = load_sso(files, profile, deadline);
      break;
    case ProfileChain::Base::credential_process:
      loading = run_credential_process(&processes_, &surroundings_.files, surroundings_.environment.for_programs(),
                                       &context_.scheduler, text_of(*files, profile, "credential_process"), deadline);
      break;
  }
  auto credentials = co_await std::move(loading);
  if (!credentials.ok()) credentials.fault().message = "profile " + profile + ": " + credentials.fault().message;
  co_return credentials;
}

Task<Result<Credentials>> ProfileSource::load_named(std::string source, TimePoint deadline) {
  CredentialsSource* named = source == "Environment"           ? &named_.environment
                             : source == "Ec2InstanceMetadata" ? &named_.instance_metadata
                             : source == "EcsContainer"        ? &named_.container
                                                               : nullptr;
  if (named == nullptr)
    co_return Fault::internal("credential_source must be Environment, Ec2InstanceMetadata or EcsContainer");
  auto loading = named->load(deadline);
  auto credentials = co_await std::move(loading);
  if (!credentials.ok()) {
    Fault& fault = credentials.fault();
    // It was asked for by name: that nothing is there is a fault; if nothing answered, one that may pass.
    if (fault.is_absent()) fault.set_kind(fault.is_without_answer() ? Fault::Kind::transient : Fault::Kind::internal);
    fault.message = "credential_source " + source + ": " + fault.message;
  }
  co_return credentials;
}

Task<Result<Credentials>> ProfileSource::load_web_identity(Shared files, std::string profile, TimePoint deadline) {
  AssumeRoleRequest request;
  request.role_arn = text_of(*files, profile, "role_arn");
  request.session_name = text_of(*files, profile, "role_session_name");
  if (request.session_name.empty()) request.session_name = default_session_name(context_.clock);
  auto exchanging = exchange_web_identity(
      &surroundings_.files, &sts_, text_of(*files, profile, "web_identity_token_file"), std::move(request), deadline);
  auto credentials = co_await std::move(exchanging);
  co_return credentials;
}

Task<Result<Credentials>> ProfileSource::load_sso(Shared files, std::string profile, TimePoint deadline) {
  auto settings = read_sso_settings(files->profiles, profile);
  if (!settings.ok()) co_return std::move(settings.fault());
  auto url = sso_portal_url(surroundings_.environment, *files, settings->region);
  if (!url.ok()) co_return std::move(url.fault());
  auto loading = sso_.load(std::move(*settings), std::move(*url), deadline);
  auto credentials = co_await std::move(loading);
  co_return credentials;
}

Task<Result<Credentials>> ProfileSource::assume(ProfileRole role, Credentials base, TimePoint deadline) {
  FixedCredentials provider(std::move(base));
  AssumeRoleRequest request{role.role_arn, role.session_name, role.external_id, role.duration};
  if (request.session_name.empty()) request.session_name = default_session_name(context_.clock);
  auto assuming = sts_.assume_role(std::move(request), provider, deadline);
  auto credentials = co_await std::move(assuming);
  if (!credentials.ok())
    co_return while_loading("profile " + role.profile + ": AssumeRole of " + role.role_arn,
                            std::move(credentials.fault()));
  co_return credentials;
}

void ProfileSource::log_ignored(const ProfileFiles& files) {
  if (ignored_logged_) return;
  ignored_logged_ = true;
  for (const std::string& what : files.profiles.ignored()) context_.log.warn(what, {{"source", name()}});
}

}  // namespace sma
