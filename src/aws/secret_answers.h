#pragma once

#include "base/result.h"
#include "base/wiped_bytes.h"
#include "secrets/secret.h"
#include "secrets/secret_source.h"

namespace sma {

/// Reads Secrets Manager's answers. An answer that is not JSON, or not of the kinds the API documents, or holds not
/// exactly one of `SecretString` and `SecretBinary`, is a transient `ConnectionError` (502) that quotes nothing of it.
/// The bodies are wiped; of a secret's bytes only those in the rendered answer stay. Source: AWS Secrets Manager API
/// Reference.

/// GetSecretValue, rendered as clients get it (specification §1.5).
[[nodiscard]] Result<SecretValue> read_secret_value(WipedBytes body);
/// DescribeSecret.
[[nodiscard]] Result<SecretVersions> read_description(WipedBytes body);
/// BatchGetSecretValue.
[[nodiscard]] Result<SecretBatch> read_batch(WipedBytes body);

}  // namespace sma
