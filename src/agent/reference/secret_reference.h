#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sma {

/// A secret, or a part of it, as one text names it. Empty members: not given.
struct SecretReference {
  std::string secret_id{};  ///< a name or an ARN
  std::string json_key{};   ///< as json_field.h reads a path
  std::string version_stage{};
  std::string version_id{};

  friend bool operator==(const SecretReference&, const SecretReference&) = default;
};

/// Reads `ARN[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]`, which is what a task definition of Amazon ECS has as
/// `valueFrom`, or the same with a secret's name in place of the ARN. Each part after the first may be empty. A name
/// may follow `secretsmanager:`, which only tells it from the reserved `arn:` and `ssm:`. Source: Amazon ECS, "Pass
/// Secrets Manager secrets through Amazon ECS environment variables".
///
/// Faults, which quote the text: no name, white space around it, a control character, too many parts, a stage and an id
/// together, an ARN that is not one of a secret, and `ssm:`.
[[nodiscard]] Result<SecretReference> read_reference(std::string_view text);

}  // namespace sma
