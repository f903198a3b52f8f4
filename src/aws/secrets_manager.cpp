#include "aws/secrets_manager.h"

#include <algorithm>

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

CallTerms terms_of(FetchProgress& progress) {
  return {.deadline = progress.deadline, .first_sent = &progress.first_sent, .as_of = &progress.as_of};
}

}  // namespace

Task<Result<SecretValue>> SecretsManager::get_secret_value(SecretKey key, FetchProgress& progress) {
  Task<Result<Prepared>> preparing =
      prepare("GetSecretValue", key.secret_id, get_secret_value_body(key), key.role_arn, progress.deadline);
  Result<Prepared> prepared = co_await std::move(preparing);
  if (!prepared.ok()) co_return prepared.fault();
  if (progress.cached) prepared->call.revokes = Fault::Revoked::secret;
  Task<Result<SecretValue>> asking = api_.ask(
      std::move(prepared->call), prepared->credentials, terms_of(progress), read_secret_value,
      [&](const SecretValue& value) {
        return is_of(key.secret_id, value.arn, value.name) &&
               is_of_version({key.version_id, key.version_stage}, {value.version_id, value.version_stages}, named_by());
      });
  Result<SecretValue> value = co_await std::move(asking);
  co_return value;
}

Task<Result<SecretVersions>> SecretsManager::describe_secret(std::string arn, std::string role_arn,
                                                             FetchProgress& progress) {
  Task<Result<Prepared>> preparing =
      prepare("DescribeSecret", arn, describe_secret_body(arn), role_arn, progress.deadline);
  Result<Prepared> prepared = co_await std::move(preparing);
  if (!prepared.ok()) co_return prepared.fault();
  Task<Result<SecretVersions>> asking =
      api_.ask(std::move(prepared->call), prepared->credentials, terms_of(progress), read_description,
               [&](const SecretVersions& versions) { return is_of(arn, versions.arn, versions.name); });
  Result<SecretVersions> versions = co_await std::move(asking);
  co_return versions;
}

Task<Result<SecretBatch>> SecretsManager::batch_get(std::vector<std::string> secret_ids, std::string role_arn,
                                                    FetchProgress& progress) {
  const std::string subject = secret_ids.size() == 1 ? secret_ids[0] : std::to_string(secret_ids.size()) + " secrets";
  WipedBytes body = batch_get_body(secret_ids);
  Task<Result<SecretBatch>> calling =
      call_batch(subject, std::move(body), std::move(secret_ids), std::move(role_arn), progress);
  co_return co_await std::move(calling);
}

Task<Result<SecretBatch>> SecretsManager::batch_get_tagged(std::string tag_key, std::string next_token,
                                                           std::string role_arn, FetchProgress& progress) {
  Task<Result<SecretBatch>> calling =
      call_batch("tag " + tag_key, batch_get_tagged_body(tag_key, next_token), {}, std::move(role_arn), progress);
  co_return co_await std::move(calling);
}

Task<Result<SecretBatch>> SecretsManager::call_batch(std::string subject, WipedBytes body,
                                                     std::vector<std::string> secret_ids, std::string role_arn,
                                                     FetchProgress& progress) {
  const TimePoint asked = scheduler_.now();
  CallPlaces::Place turn(batches_, "");
  co_await turn.granted().wait();
  progress.deadline += scheduler_.now() - asked;
  Task<Result<Prepared>> preparing =
      prepare("BatchGetSecretValue", subject, std::move(body), std::move(role_arn), progress.deadline);
  Result<Prepared> prepared = co_await std::move(preparing);
  if (!prepared.ok()) co_return prepared.fault();
  Task<Result<ClientResponse>> calling =
      api_.call(std::move(prepared->call), prepared->credentials, terms_of(progress));
  Result<ClientResponse> answer = co_await std::move(calling);
  if (!answer.ok()) co_return answer.fault();
  Result<SecretBatch> batch = answer->read_body(read_batch);
  if (batch.ok() && !secret_ids.empty() && remove_unasked(*batch, secret_ids)) {
    answer->close_connection();
    api_.log().warn("secrets in a batch that nobody asked for are ignored", {{"subject", subject}});
  }
  co_return batch;
}

Task<Result<SecretsManager::Prepared>> SecretsManager::prepare(std::string operation, std::string subject,
                                                               WipedBytes body, std::string role_arn,
                                                               TimePoint deadline) {
  std::shared_ptr<RoleCredentials::Role> role;
  if (!role_arn.empty()) {
    Task<Result<std::shared_ptr<RoleCredentials::Role>>> assuming = roles_.assume(role_arn, deadline);
    Result<std::shared_ptr<RoleCredentials::Role>> assumed = co_await std::move(assuming);
    if (!assumed.ok()) co_return assumed.fault();
    role = *assumed;
  }
  CredentialsProvider* credentials = role != nullptr ? &role->credentials : &base_;
  co_return Prepared{.call = {.service = std::string(signing_name(AwsService::secrets_manager)),
                              .operation = operation,
                              .subject = std::move(subject),
                              .endpoint = endpoint_,
                              .content_type = "application/x-amz-json-1.1",
                              .target = "secretsmanager." + operation,
                              .body = std::move(body),
                              .max_answer_bytes = largest_answer(operation),
                              .on_behalf_of = std::move(role_arn)},
                     .role = std::move(role),
                     .credentials = credentials};
}

bool SecretsManager::is_of(std::string_view secret_id, std::string_view arn, std::string_view name) const {
  return is_of_secret(secret_id, {.arn = arn, .name = name}, named_by());
}

NamedBy SecretsManager::named_by() const { return endpoint_.overridden ? NamedBy::emulator : NamedBy::aws; }

bool SecretsManager::remove_unasked(SecretBatch& batch, const std::vector<std::string>& secret_ids) const {
  const std::size_t values = std::erase_if(batch.values, [&](const SecretValue& value) {
    return std::ranges::none_of(secret_ids, [&](const auto& id) { return is_of(id, value.arn, value.name); });
  });
  const std::size_t failures = std::erase_if(batch.failures, [&](const SecretBatch::Failure& failure) {
    return std::ranges::find(secret_ids, failure.secret_id) == secret_ids.end();
  });
  return values + failures > 0;
}

}  // namespace sma
