#pragma once

#include <span>
#include <string>
#include <string_view>

#include "aws/sts.h"
#include "base/wiped_bytes.h"
#include "secrets/secret.h"

namespace sma {

/// Bodies of the calls to AWS.

/// Secrets Manager: JSON 1.1. Source: AWS Secrets Manager API Reference.
[[nodiscard]] WipedBytes get_secret_value_body(const SecretKey& key);
[[nodiscard]] WipedBytes describe_secret_body(std::string_view secret_id);
/// At most 20 ids.
[[nodiscard]] WipedBytes batch_get_body(std::span<const std::string> secret_ids);
/// All secrets that have the tag key; `next_token` is empty for the first page.
[[nodiscard]] WipedBytes batch_get_tagged_body(std::string_view tag_key, std::string_view next_token);

/// STS: a form, as the Query protocol has it. Source: AWS STS API Reference, version 2011-06-15.
[[nodiscard]] WipedBytes get_caller_identity_body();
[[nodiscard]] WipedBytes assume_role_body(const AssumeRoleRequest& request);
[[nodiscard]] WipedBytes web_identity_body(const AssumeRoleRequest& request, const WipedBytes& token);

}  // namespace sma
