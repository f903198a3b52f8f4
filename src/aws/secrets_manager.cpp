#include "aws/secrets_manager.h"

#include "aws/requests.h"
#include "aws/secret_answers.h"

namespace sma {

Task<Result<SecretValue>> SecretsManager::get_secret_value(SecretKey key, FetchProgress& progress) {
  Task<Result<ClientResponse>> calling =
      call("GetSecretValue", key.secret_id, get_secret_value_body(key), key.role_arn, progress);
  Result<ClientResponse> answer = co_await std::move(calling);
  if (!answer.ok()) co_return answer.fault();
  co_return read_secret_value(std::move(answer->body));
}

Task<Result<SecretVersions>> SecretsManager::describe_secret(std::string arn, std::string role_arn,
                                                             FetchProgress& progress) {
  Task<Result<ClientResponse>> calling = call("DescribeSecret", arn, describe_secret_body(arn), role_arn, progress);
  Result<ClientResponse> answer = co_await std::move(calling);
  if (!answer.ok()) co_return answer.fault();
  co_return read_description(std::move(answer->body));
}

Task<Result<SecretBatch>> SecretsManager::batch_get(std::vector<std::string> secret_ids, std::string role_arn,
                                                    FetchProgress& progress) {
  const std::string subject = secret_ids.size() == 1 ? secret_ids[0] : std::to_string(secret_ids.size()) + " secrets";
  Task<Result<ClientResponse>> calling =
      call("BatchGetSecretValue", subject, batch_get_body(secret_ids), role_arn, progress);
  Result<ClientResponse> answer = co_await std::move(calling);
  if (!answer.ok()) co_return answer.fault();
  co_return read_batch(std::move(answer->body));
}

Task<Result<SecretBatch>> SecretsManager::batch_get_tagged(std::string tag_key, std::string next_token,
                                                           std::string role_arn, FetchProgress& progress) {
  Task<Result<ClientResponse>> calling =
      call("BatchGetSecretValue", "tag " + tag_key, batch_get_tagged_body(tag_key, next_token), role_arn, progress);
  Result<ClientResponse> answer = co_await std::move(calling);
  if (!answer.ok()) co_return answer.fault();
  co_return read_batch(std::move(answer->body));
}

Task<Result<ClientResponse>> SecretsManager::call(std::string operation, std::string subject, WipedBytes body,
                                                  std::string role_arn, FetchProgress& progress) {
  std::shared_ptr<RoleCredentials::Role> role;
  if (!role_arn.empty()) {
    Task<Result<std::shared_ptr<RoleCredentials::Role>>> assuming = roles_.assume(role_arn, progress.deadline);
    Result<std::shared_ptr<RoleCredentials::Role>> assumed = co_await std::move(assuming);
    if (!assumed.ok()) co_return assumed.fault();
    role = *assumed;
  }
  ApiCall api_call{.service = std::string(signing_name(AwsService::secrets_manager)),
                   .operation = operation,
                   .subject = std::move(subject),
                   .endpoint = endpoint_,
                   .content_type = "application/x-amz-json-1.1",
                   .target = "secretsmanager." + operation,
                   .body = std::move(body),
                   .on_behalf_of = std::move(role_arn)};
  CredentialsProvider* credentials = role != nullptr ? &role->credentials : &base_;
  Task<Result<ClientResponse>> calling =
      api_.call(std::move(api_call), credentials,
                {.deadline = progress.deadline, .first_sent = &progress.first_sent, .last_sent = &progress.last_sent});
  co_return co_await std::move(calling);
}

}  // namespace sma
