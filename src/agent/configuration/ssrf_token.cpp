#include "agent/configuration/ssrf_token.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/ascii.h"
#include "base/file_descriptor.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/wiped_bytes.h"
#include "os/write_access.h"

namespace sma {
namespace {

constexpr std::string_view kFileScheme = "file://";
constexpr std::size_t kFileLimit = std::size_t{64} << 10;
constexpr std::size_t kTokenSize = 32;
constexpr mode_t kMode = 0640;
constexpr std::size_t kShortToken = 16;  // characters
constexpr std::string_view kCreateIt = "start the agent with --create-token if no other program writes that file";

Fault fault(const std::vector<std::string>& variables, const std::string& reason) {
  std::string names;
  for (const std::string& variable : variables) {
    names += names.empty() ? "" : ", ";
    append_escaped(names, variable);
  }
  return Fault::internal("Could not read SSRF token variable(s) " + names + ": " + reason);
}

bool starts_ignoring_case(std::string_view text, std::string_view start) {
  return equals_ignoring_case(text.substr(0, start.size()), start);
}

/// If `value` names a file in another form than `file://PATH`: the right form. Env files of containers keep quotes.
std::optional<std::string> path_in_wrong_form(std::string_view value, const Files& files) {
  constexpr const char* kWholePath = "file:///PATH, with the whole path";
  const std::string_view bare = trimmed(value, [](char c) { return c == '"' || c == '\''; });
  if (bare.starts_with("~/") || starts_ignoring_case(bare, "file:~")) return kWholePath;
  if (starts_ignoring_case(bare, "file:")) {
    const std::string_view path = bare.substr(5);
    const std::size_t name = path.find_first_not_of('/');
    if (name == path.npos) return "file:///PATH";
    return std::string(kFileScheme).append(path.substr(name < 2 ? 0 : name - 1));
  }
  if (bare.find('/') != bare.npos && files.exists(std::string(bare))) return std::string(kFileScheme).append(bare);
  return std::nullopt;
}

void note_permissions(SsrfToken& token, const std::string& path, const CheckedFile& file) {
  if ((file.permissions & 0006U) != 0)
    token.warnings.push_back("everybody can read or change the SSRF token in " + path + ": its mode should be 0640");
  if (file.in_open_folder) token.remarks.push_back(open_folder_remark(path));
}

void warn_of_shortness(SsrfToken& token, const std::string& place) {
  if (token.value.size() < kShortToken)
    token.warnings.push_back("the SSRF token in " + place + " has fewer than 16 characters: it is easy to guess");
}

/// Why no client can send `token` in a header field; none if one can. Source: RFC 9110 §5.5.
std::optional<std::string> why_not_sendable(std::string_view token) {
  const auto cannot_be_in_field = [](char c) { return is_control(c) && c != '\t'; };
  if (std::ranges::none_of(token, cannot_be_in_field)) return std::nullopt;
  return "the token has a control character or several lines, which no header field can carry";
}

SsrfToken token_in(const std::string& variable, const Environment& environment) {
  const SharedBytes value = environment.share(variable);
  SsrfToken token;
  token.value = value.part(trimmed(value.view()));
  token.origin = variable;
  warn_of_shortness(token, variable);
  if (token.value.view().starts_with('/'))
    token.warnings.push_back("the SSRF token in " + variable +
                             " begins with a slash: if it is the path of a file, write file:///PATH");
  return token;
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

std::string folder_of(const std::string& path) {
  std::string folder = path.substr(0, path.rfind('/') + 1);
  return folder.empty() ? "." : folder;
}

/// The fault's message is the reason alone.
Result<Done> fill(int descriptor, std::string_view token, std::optional<gid_t> group) {
  const auto failed = [](int error) { return Fault::internal(std::strerror(error)); };
  if (group && ::fchown(descriptor, static_cast<uid_t>(-1), *group) != 0) return group_refused(*group, errno);
  if (::fchmod(descriptor, kMode) != 0) return failed(errno);
  const ssize_t written = ::write(descriptor, token.data(), token.size());
  if (written < 0) return failed(errno);
  if (static_cast<std::size_t>(written) != token.size()) return failed(ENOSPC);
  if (::fsync(descriptor) != 0) return failed(errno);
  return Done{};
}

/// Never replaces a file: if two agents start at the same time, both end with the token of the first one.
Result<Done> put_in_place(const std::string& temporary, const std::string& path) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return Done{};
  // Some file systems (NFS) do not have that.
  if (errno == EINVAL && ::link(temporary.c_str(), path.c_str()) == 0) return Done{};
  if (errno == EEXIST) return Done{};
  return Fault::internal(std::strerror(errno));
}

/// Makes `path` by way of a temporary file beside it. The fault's message is the reason alone.
Result<Done> create(const std::string& path, std::string_view token, std::optional<gid_t> group) {
  std::string temporary = path + ".XXXXXX";
  const FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.valid()) return folder_refused(folder_of(path), errno);
  Result<Done> created = fill(file.get(), token, group);
  if (created.ok()) created = put_in_place(temporary, path);
  ::unlink(temporary.c_str());
  return created;
}

Fault cannot_make(const std::vector<std::string>& variables, const std::string& path, const Fault& why) {
  return fault(variables, "cannot make " + path + ": " + why.message);
}

}  // namespace

std::optional<std::string> ssrf_token_variable(const std::vector<std::string>& variables,
                                               const Environment& environment) {
  for (const std::string& variable : variables) {
    if (environment.get(variable)) return variable;
  }
  return std::nullopt;
}

Result<SsrfTokenSource> find_ssrf_token_source(const std::vector<std::string>& variables,
                                               const Environment& environment, const Files& files) {
  const auto variable = ssrf_token_variable(variables, environment);
  if (!variable)
    return fault(variables,
                 "none of them is set; set " + variables.front() + "=file://PATH, and " + std::string(kCreateIt));
  const std::string_view value = trimmed(environment.get_or(*variable, {}));
  if (value.starts_with(kFileScheme)) {
    if (value.size() == kFileScheme.size()) return fault(variables, "file:// names no file");
    return SsrfTokenSource{*variable, std::string(value.substr(kFileScheme.size()))};
  }
  if (const auto right_form = path_in_wrong_form(value, files))
    return fault(variables, *variable + " names a file in a form that is not known: write " + *right_form);
  if (const auto problem = why_not_sendable(value)) return fault(variables, *variable + ": " + *problem);
  return SsrfTokenSource{*variable, {}};
}

Result<SsrfToken> read_ssrf_token(const SsrfTokenFile& file, const Files& files) {
  const auto read = files.read_checked(file.path, file.rule, kFileLimit);
  if (!read.ok()) return Fault::internal(read.fault().message);
  const std::string_view value = trimmed(read->content.view());
  if (value.empty()) return Fault::internal(file.path + " is empty");
  if (const auto problem = why_not_sendable(value)) return Fault::internal(file.path + ": " + *problem);
  SsrfToken token;
  token.value = SharedBytes(value);
  token.origin = file.path;
  if (read->is_regular) token.file = file;
  if (file.rule != FileRule::any) note_permissions(token, file.path, *read);
  warn_of_shortness(token, file.path);
  return token;
}

Result<SsrfToken> find_ssrf_token(const std::vector<std::string>& variables, const Environment& environment,
                                  const Files& files, FileRule rule) {
  const auto source = find_ssrf_token_source(variables, environment, files);
  if (!source.ok()) return source.fault();
  if (source->path.empty()) return token_in(source->variable, environment);
  auto token = read_ssrf_token({source->path, rule}, files);
  if (token.ok()) {
    token->origin += " (" + source->variable + ')';
    return token;
  }
  std::string reason = token.fault().message;
  if (rule != FileRule::own && !files.exists(source->path)) reason += "; " + std::string(kCreateIt);
  return fault(variables, reason);
}

Result<SsrfTokenSource> find_ssrf_token_file(const std::vector<std::string>& variables, const Environment& environment,
                                             const Files& files) {
  auto source = find_ssrf_token_source(variables, environment, files);
  if (source.ok() && source->path.empty())
    return fault(variables, "with --create-token " + source->variable + " must be file://PATH");
  return source;
}

Result<Done> check_ssrf_token_creation(const std::vector<std::string>& variables, const std::string& path,
                                       std::optional<gid_t> group) {
  Result<Done> possible = check_write_access(folder_of(path), group);
  if (!possible.ok()) return cannot_make(variables, path, possible.fault());
  return possible;
}

Result<Done> create_ssrf_token(const std::vector<std::string>& variables, const Environment& environment,
                               Random& random, std::optional<gid_t> group) {
  const auto source = find_ssrf_token_file(variables, environment, SystemFiles());
  if (!source.ok()) return source.fault();
  const std::string& path = source->path;
  struct stat there {};
  // A link that leads nowhere is there, too.
  if (::lstat(path.c_str(), &there) == 0) return Done{};
  const auto created = create(path, new_token(random).view(), group);
  if (!created.ok()) return cannot_make(variables, path, created.fault());
  return Done{};
}

}  // namespace sma
