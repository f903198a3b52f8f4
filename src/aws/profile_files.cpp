#include "aws/profile_files.h"

namespace sma {
namespace {

std::string path_of(const Environment& environment, std::string_view variable, std::string_view usual) {
  if (const auto path = environment.get(variable)) return expand_home(*path, environment);
  if (!environment.get("HOME")) return {};
  return expand_home(usual, environment);
}

Result<Profiles::File> read_file(const std::string& path, const Files& files) {
  if (path.empty() || !files.exists(path)) return Profiles::File{path, {}};
  auto text = files.read_trusted(path);
  if (!text.ok()) return std::move(text.fault());
  return Profiles::File{path, std::move(*text)};
}

}  // namespace

std::optional<std::string_view> ProfileFiles::service(std::string_view service, std::string_view key) const {
  const auto section = get("services");
  return section ? profiles.services(*section, service, key) : std::nullopt;
}

Result<ProfileFiles> read_profile_files(const Environment& environment, const Files& files) {
  ProfileFiles found;
  found.config_path = path_of(environment, "AWS_CONFIG_FILE", "~/.aws/config");
  found.credentials_path = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
  found.profile = environment.get_or("AWS_PROFILE", "default");
  found.profile_named = environment.get("AWS_PROFILE").has_value();

  auto config = read_file(found.config_path, files);
  if (!config.ok()) return config.fault();
  auto credentials = read_file(found.credentials_path, files);
  if (!credentials.ok()) return credentials.fault();
  auto profiles = Profiles::parse(std::move(*config), std::move(*credentials));
  if (!profiles.ok()) return profiles.fault();
  found.profiles = std::move(*profiles);
  return found;
}

std::string expand_home(std::string_view path, const Environment& environment) {
  const auto home = environment.get("HOME");
  if (!home || !(path == "~" || path.starts_with("~/"))) return std::string(path);
  return std::string(*home) + std::string(path.substr(1));
}

}  // namespace sma
