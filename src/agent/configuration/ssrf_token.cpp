#include "agent/configuration/ssrf_token.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/log.h"
#include "toml/white_space.h"

namespace sma {
namespace {

constexpr std::string_view kFileScheme = "file://";
constexpr std::size_t kFileLimit = std::size_t{64} << 10;
constexpr std::size_t kTokenSize = 32;
constexpr mode_t kMode = 0640;

std::string_view value_of(const std::vector<std::string>& variables, const Environment& environment) {
  for (const std::string& variable : variables) {
    if (const auto value = environment.get(variable)) return trimmed(*value);
  }
  return {};
}

/// The path behind `file://`; empty where the token itself is the value.
std::string path_of(const std::vector<std::string>& variables, const Environment& environment) {
  const std::string_view value = value_of(variables, environment);
  return std::string(value.starts_with(kFileScheme) ? value.substr(kFileScheme.size()) : std::string_view());
}

Fault fault(const std::vector<std::string>& variables, const std::string& reason) {
  std::string names;
  for (const std::string& variable : variables) {
    names += names.empty() ? "" : ", ";
    append_escaped(names, variable);
  }
  return Fault::internal("Could not read SSRF token variable(s) " + names + ": " + reason);
}

WipedBytes new_token(Random& random) {
  constexpr std::string_view digits = "0123456789abcdef";
  WipedBytes bytes;
  bytes.resize(kTokenSize);
  random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  WipedBytes token;
  token.reserve(2 * kTokenSize);
  for (const std::uint8_t byte : bytes.bytes()) {
    token.push_back(digits[byte >> 4]);
    token.push_back(digits[byte & 15]);
  }
  return token;
}

/// Gives 0, or the errno of what did not work.
int fill(int descriptor, std::string_view token, std::optional<gid_t> group) {
  if (group && ::fchown(descriptor, static_cast<uid_t>(-1), *group) != 0) return errno;
  if (::fchmod(descriptor, kMode) != 0) return errno;
  const ssize_t written = ::write(descriptor, token.data(), token.size());
  if (written < 0) return errno;
  if (static_cast<std::size_t>(written) != token.size()) return ENOSPC;
  return ::fsync(descriptor) == 0 ? 0 : errno;
}

}  // namespace

Result<WipedBytes> find_ssrf_token(const std::vector<std::string>& variables, const Environment& environment,
                                   const Files& files) {
  const std::string_view value = value_of(variables, environment);
  if (value.empty()) return fault(variables, "none of them is set");
  if (!value.starts_with(kFileScheme)) return WipedBytes(value);
  const std::string path = path_of(variables, environment);
  if (path.empty()) return fault(variables, "file:// names no file");
  const auto content = files.read(path, kFileLimit);
  if (!content.ok()) return fault(variables, content.fault().message);
  const std::string_view token = trimmed(content->view());
  if (token.empty()) return fault(variables, path + " is empty");
  return WipedBytes(token);
}

Result<Done> create_ssrf_token(const std::vector<std::string>& variables, const Environment& environment,
                               Random& random, std::optional<gid_t> group) {
  const std::string path = path_of(variables, environment);
  if (path.empty() || ::access(path.c_str(), F_OK) == 0) return Done{};
  std::string temporary = path + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return fault(variables, "cannot make " + path + ": " + std::strerror(errno));
  int error = fill(descriptor, new_token(random).view(), group);
  ::close(descriptor);
  // A link never takes another file's place: of two agents that start at once both end with the first one's token.
  if (error == 0 && ::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) error = errno;
  ::unlink(temporary.c_str());
  if (error != 0) return fault(variables, "cannot make " + path + ": " + std::strerror(error));
  return Done{};
}

std::string ssrf_token_folder(const std::vector<std::string>& variables, const Environment& environment) {
  const std::string path = path_of(variables, environment);
  const std::size_t slash = path.rfind('/');
  if (path.empty() || slash == path.npos) return path.empty() ? std::string() : ".";
  return path.substr(0, slash == 0 ? 1 : slash);
}

}  // namespace sma
