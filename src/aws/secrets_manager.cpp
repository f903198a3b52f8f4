#include "aws/secrets_manager.h"

#include "aws/requests.h"
#include "aws/secret_answers.h"

namespace sma {
namespace {

/// In bytes. A secret has at most 64 KiB, of which JSON may make six times as much, and a batch has 20 of them.
std::size_t largest_answer(std::string_view operation) {
  if (operation == "GetSecretValue") return std::size_t{1} << 20;
  if (operation == "BatchGetSecretValue") return std::size_t{8} << 20;
  return std::size_t{256} << 10;
}

}  // namespace

Task<Result<SecretValue>> SecretsManager::get_secret_value(SecretKey key, FetchProgress& progress) {
  Task<Result<ClientResponse>> calling =
      call("GetSecretValue", key.secret_id, get_secret_value_body(key), key.role_arn, progress);
  Result<ClientResponse> answer = co_await std::move(calling);
  if (!answer.ok()) co_return answer.fault();
  co_return answer->read_body(read_secret_value);
}

Task<Result<SecretVersions>> SecretsManager::describe_secret(std::string arn, std::string role_arn,
                                                             FetchProgress& progress) {
  Task<Result<ClientResponse>> calling = call("DescribeSecret", arn, describe_secret_body(arn), role_arn, progress);
  Result<ClientResponse> answer = co_await std::move(calling);
  if (!answer.ok()) co_return answer.fault();
  co_return answer->read_body(read_description);
}

Task<Result<SecretBatch>> SecretsManager::batch_get(std::vector<std::string> secret_ids, std::string role_arn,
                                                    FetchProgress& progress) {
  const std::string subject = secret_ids.size() == 1 ? secret_ids[0] : std::to_string(secret_ids.size()) + " secrets";
  Task<Result<SecretBatch>> calling = call_batch(subject, batch_get_body(secret_ids), std::move(role_arn), progress);
  co_return co_await std::move(calling);
}

Task<Result<SecretBatch>> SecretsManager::batch_get_tagged(std::string tag_key, std::string next_token,
                                                           std::string role_arn, FetchProgress& progress) {
  Task<Result<SecretBatch>> calling =
      call_batch("tag " + tag_key, batch_get_tagged_body(tag_key, next_token), std::move(role_arn), progress);
  co_return co_await std::move(calling);
}

Task<Result<SecretBatch>> SecretsManager::call_batch(std::string subject, WipedBytes body, std::string role_arn,
                                                     FetchProgress& progress) {
  const TimePoint asked = scheduler_.now();
  CallPlaces::Place turn(batches_, "");
  co_await turn.granted().wait();
  progress.deadline += scheduler_.now() - asked;
  Task<Result<ClientResponse>> calling =
      call("BatchGetSecretValue", std::move(subject), std::move(body), std::move(role_arn), progress);
  Result<ClientResponse> answer = co_await std::move(calling);
  if (!answer.ok()) co_return answer.fault();
  co_return answer->read_body(read_batch);
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
                   .max_answer_bytes = largest_answer(operation),
                   .on_behalf_of = std::move(role_arn)};
  CredentialsProvider* credentials = role != nullptr ? &role->credentials : &base_;
  Task<Result<ClientResponse>> calling =
      api_.call(std::move(api_call), credentials, {.deadline = progress.deadline, .first_sent = &progress.first_sent});
  Result<ClientResponse> answer = co_await std::move(calling);
  if (answer.ok()) progress.as_of = answer->sent_at;
  co_return answer;
}

}  // namespace sma
