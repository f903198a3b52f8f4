#pragma once

#include "aws/answer_identity.h"
#include "aws/api_client.h"
#include "aws/endpoint.h"
#include "aws/role_credentials.h"
#include "http_client/call_places.h"
#include "secrets/secret_source.h"

namespace sma {

/// Secrets from AWS Secrets Manager. The answer of each operation has its own bound. The largest are those of batches:
/// one batch is under way at a time, and the time that another waits for its turn does not count. Source: AWS Secrets
/// Manager API Reference (JSON 1.1).
class SecretsManager final : public SecretSource {
 public:
  /// All must outlive this object and its tasks.
  SecretsManager(Scheduler& scheduler, ApiClient& api, Endpoint endpoint, CredentialsProvider& base,
                 RoleCredentials& roles)
      : scheduler_(scheduler), api_(api), endpoint_(std::move(endpoint)), base_(base), roles_(roles) {}

  Task<Result<SecretValue>> get_secret_value(SecretKey key, FetchProgress& progress) override;
  Task<Result<SecretVersions>> describe_secret(std::string arn, std::string role_arn, FetchProgress& progress) override;
  Task<Result<SecretBatch>> batch_get(std::vector<std::string> secret_ids, std::string role_arn,
                                      FetchProgress& progress) override;
  Task<Result<SecretBatch>> batch_get_tagged(std::string tag_key, std::string next_token, std::string role_arn,
                                             FetchProgress& progress) override;

 private:
  /// `secret_ids`: those asked for; empty if the batch is one of a tag.
  Task<Result<SecretBatch>> call_batch(std::string subject, WipedBytes body, std::vector<std::string> secret_ids,
                                       std::string role_arn, FetchProgress& progress);
  /// A call that is ready to be made, and whose keys sign it.
  struct Prepared {
    ApiCall call;
    std::shared_ptr<RoleCredentials::Role> role;
    CredentialsProvider* credentials;
  };
  Task<Result<Prepared>> prepare(std::string operation, std::string subject, WipedBytes body, std::string role_arn,
                                 TimePoint deadline);
  [[nodiscard]] NamedBy named_by() const;
  [[nodiscard]] bool is_of(std::string_view secret_id, std::string_view arn, std::string_view name) const;
  /// Removes entries that were not asked for. Returns whether there were any.
  bool remove_unasked(SecretBatch& batch, const std::vector<std::string>& secret_ids) const;

  Scheduler& scheduler_;
  ApiClient& api_;
  Endpoint endpoint_;
  CredentialsProvider& base_;
  RoleCredentials& roles_;
  CallPlaces batches_{scheduler_, 1};
};

}  // namespace sma
