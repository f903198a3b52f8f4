#include "agent/reference/secret_reference.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "base/ascii.h"
#include "base/log.h"

namespace sma {
namespace {

constexpr std::string_view kPrefix = "secretsmanager:";
constexpr std::size_t kArnParts = 7;   // arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME
constexpr std::size_t kMoreParts = 3;  // :JSON-KEY:VERSION-STAGE:VERSION-ID
constexpr std::size_t kAccountDigits = 12;

/// Up to the first colon, which is taken away with it.
std::string_view take_part(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find(':'));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

bool is_account(std::string_view text) { return text.size() == kAccountDigits && std::ranges::all_of(text, is_digit); }

/// Why `arn`, which has all its parts or fewer, is not the ARN of a secret.
std::optional<const char*> arn_problem(std::string_view arn) {
  const auto colons = static_cast<std::size_t>(std::ranges::count(arn, ':'));
  std::array<std::string_view, kArnParts> parts;
  for (std::string_view& part : parts) part = take_part(arn);
  if (parts[2] == "ssm") return "parameters of Systems Manager are not served, only secrets";
  if (colons != kArnParts - 1)
    return "an ARN of a secret has seven parts: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME";
  if (parts[2] != "secretsmanager" || parts[5] != "secret") return "this is not the ARN of a secret";
  if (parts[1].empty() || parts[3].empty()) return "the ARN has no partition or no region";
  if (!is_account(parts[4])) return "the account of the ARN is not a number of 12 digits";
  return std::nullopt;
}

/// How much of `text` is its ARN.
std::size_t arn_length(std::string_view text) {
  std::size_t colons = 0;
  const auto* end = std::ranges::find_if(text, [&](char c) { return c == ':' && ++colons == kArnParts; });
  return static_cast<std::size_t>(end - text.begin());
}

std::optional<const char*> id_problem(std::string_view id, bool is_arn) {
  if (id.empty()) return "the secret's name is missing";
  if (is_white_space(id.front()) || is_white_space(id.back())) return "there is white space around the secret's name";
  if (!is_arn) return std::nullopt;
  if (id.ends_with(':')) return "the secret's name is missing";
  return arn_problem(id);
}

std::optional<const char*> fill(SecretReference& reference, std::string_view text) {
  if (std::ranges::any_of(text, is_control)) return "it has a control character";
  if (text.starts_with("ssm:"))
    return "ssm: is reserved, and parameters of Systems Manager are not served; a secret of that name is written "
           "secretsmanager:ssm:…";
  const bool is_arn = text.starts_with("arn:");
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());

  const std::string_view id = text.substr(0, is_arn ? arn_length(text) : text.find(':'));
  if (const auto problem = id_problem(id, is_arn)) return problem;
  std::string_view rest = text.substr(std::min(text.size(), id.size() + 1));
  if (static_cast<std::size_t>(std::ranges::count(rest, ':')) >= kMoreParts)
    return "too many parts; after the name come JSON-KEY:VERSION-STAGE:VERSION-ID at most";
  reference.secret_id = id;
  reference.json_key = take_part(rest);
  reference.version_stage = take_part(rest);
  reference.version_id = take_part(rest);
  if (!reference.version_stage.empty() && !reference.version_id.empty())
    return "a version stage and a version id exclude each other";
  return std::nullopt;
}

}  // namespace

Result<SecretReference> read_reference(std::string_view text) {
  SecretReference reference;
  if (const auto problem = fill(reference, text)) {
    std::string message = "the reference ";
    append_escaped(message, text);
    return Fault::denied(message + ": " + *problem);
  }
  return reference;
}

}  // namespace sma
