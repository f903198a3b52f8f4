#include "aws/profile_files.h"

namespace sma {
namespace {

std::string path_of(const Environment& environment, std::string_view variable, std::string_view usual) {
  if (const auto path = environment.get(variable)) return expand_home(*path, environment);
  if (!environment.get("HOME")) return {};
  return expand_home(usual, environment);
}

Result<WipedBytes> read_file(const std::string& path, const Files& files) {
  if (path.empty() || !files.exists(path)) return WipedBytes();
  return files.read_trusted(path);
}

Task<Result<WipedBytes>> ask_file(std::string path, const Files* files) {
  Task<Result<WipedBytes>> asking =
      files->ask<WipedBytes>(path, [path](const Files& asked) { return read_file(path, asked); });
  Result<WipedBytes> text = co_await std::move(asking);
  co_return text;
}

/// Which files and which profile.
ProfileFiles name_files(const Environment& environment) {
  ProfileFiles found;
  found.config_path = path_of(environment, "AWS_CONFIG_FILE", "~/.aws/config");
  found.credentials_path = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
  found.profile = environment.get_or("AWS_PROFILE", "default");
  found.profile_named = environment.get("AWS_PROFILE").has_value();
  return found;
}

Result<ProfileFiles> parsed(ProfileFiles found, Result<WipedBytes> config, Result<WipedBytes> credentials) {
  if (!config.ok()) return std::move(config.fault());
  if (!credentials.ok()) return std::move(credentials.fault());
  auto profiles =
      Profiles::parse({found.config_path, std::move(*config)}, {found.credentials_path, std::move(*credentials)});
  if (!profiles.ok()) return std::move(profiles.fault());
  found.profiles = std::move(*profiles);
  return found;
}

}  // namespace

std::optional<std::string_view> ProfileFiles::service(std::string_view service, std::string_view key) const {
  const auto section = get("services");
  return section ? profiles.services(*section, service, key) : std::nullopt;
}

Result<ProfileFiles> read_profile_files(const Environment& environment, const Files& files) {
  ProfileFiles found = name_files(environment);
  Result<WipedBytes> config = read_file(found.config_path, files);
  Result<WipedBytes> credentials = read_file(found.credentials_path, files);
  return parsed(std::move(found), std::move(config), std::move(credentials));
}

Task<Result<ProfileFiles>> ask_profile_files(const Environment* environment, const Files* files) {
  ProfileFiles found = name_files(*environment);
  Task<Result<WipedBytes>> asking = ask_file(found.config_path, files);
  Result<WipedBytes> config = co_await std::move(asking);
  if (!config.ok()) co_return std::move(config.fault());
  asking = ask_file(found.credentials_path, files);
  Result<WipedBytes> credentials = co_await std::move(asking);
  co_return parsed(std::move(found), std::move(config), std::move(credentials));
}

std::string expand_home(std::string_view path, const Environment& environment) {
  const auto home = environment.get("HOME");
  if (!home || !(path == "~" || path.starts_with("~/"))) return std::string(path);
  return std::string(*home) + std::string(path.substr(1));
}

}  // namespace sma
