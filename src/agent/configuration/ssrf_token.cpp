#include "agent/configuration/ssrf_token.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/ascii.h"
#include "base/file_descriptor.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/wiped_bytes.h"

namespace sma {
namespace {

constexpr std::string_view kFileScheme = "file://";
constexpr std::size_t kFileLimit = std::size_t{64} << 10;
constexpr std::size_t kTokenSize = 32;
constexpr mode_t kMode = 0640;

/// The PATH of `file://PATH`; none if the variable holds the token itself.
std::optional<std::string> path_of(const std::vector<std::string>& variables, const Environment& environment) {
  const auto variable = ssrf_token_variable(variables, environment);
  if (!variable) return std::nullopt;
  const std::string_view value = trimmed(environment.get_or(*variable, {}));
  if (!value.starts_with(kFileScheme)) return std::nullopt;
  return std::string(value.substr(kFileScheme.size()));
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
  WipedBytes bytes;
  bytes.resize(kTokenSize);
  random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  WipedBytes token;
  token.reserve(2 * kTokenSize);
  append_hex(token, bytes.view());
  return token;
}

/// The fault's message is the reason alone.
Result<Done> fill(int descriptor, std::string_view token, std::optional<gid_t> group) {
  const auto failed = [](int error) { return Fault::internal(std::strerror(error)); };
  if (group && ::fchown(descriptor, static_cast<uid_t>(-1), *group) != 0) return failed(errno);
  if (::fchmod(descriptor, kMode) != 0) return failed(errno);
  const ssize_t written = ::write(descriptor, token.data(), token.size());
  if (written < 0) return failed(errno);
  if (static_cast<std::size_t>(written) != token.size()) return failed(ENOSPC);
  if (::fsync(descriptor) != 0) return failed(errno);
  return Done{};
}

/// Makes `path` by way of a temporary file beside it. The fault's message is the reason alone.
Result<Done> create(const std::string& path, std::string_view token, std::optional<gid_t> group) {
  std::string temporary = path + ".XXXXXX";
  const FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.valid()) return Fault::internal(std::strerror(errno));
  Result<Done> created = fill(file.get(), token, group);
  // link() never replaces a file: if two agents start at the same time, both end with the token of the first one.
  if (created.ok() && ::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST)
    created = Fault::internal(std::strerror(errno));
  ::unlink(temporary.c_str());
  return created;
}

}  // namespace

std::optional<std::string> ssrf_token_variable(const std::vector<std::string>& variables,
                                               const Environment& environment) {
  for (const std::string& variable : variables) {
    if (environment.get(variable)) return variable;
  }
  return std::nullopt;
}

Result<SharedBytes> find_ssrf_token(const std::vector<std::string>& variables, const Environment& environment,
                                    const Files& files) {
  const auto variable = ssrf_token_variable(variables, environment);
  if (!variable) return fault(variables, "none of them is set");
  const auto path = path_of(variables, environment);
  if (!path) {
    const SharedBytes value = environment.share(*variable);
    return value.part(trimmed(value.view()));
  }
  if (path->empty()) return fault(variables, "file:// names no file");
  const auto content = files.read(*path, kFileLimit);
  if (!content.ok()) return fault(variables, content.fault().message);
  const std::string_view token = trimmed(content->view());
  if (token.empty()) return fault(variables, *path + " is empty");
  return SharedBytes(token);
}

Result<Done> create_ssrf_token(const std::vector<std::string>& variables, const Environment& environment,
                               Random& random, std::optional<gid_t> group) {
  const auto path = path_of(variables, environment);
  if (!path || path->empty() || ::access(path->c_str(), F_OK) == 0) return Done{};
  const auto created = create(*path, new_token(random).view(), group);
  if (!created.ok()) return fault(variables, "cannot make " + *path + ": " + created.fault().message);
  return Done{};
}

std::optional<std::string> ssrf_token_folder(const std::vector<std::string>& variables,
                                             const Environment& environment) {
  const auto path = path_of(variables, environment);
  if (!path || path->empty()) return std::nullopt;
  const std::size_t slash = path->rfind('/');
  if (slash == path->npos) return ".";
  return path->substr(0, slash == 0 ? 1 : slash);
}

}  // namespace sma
