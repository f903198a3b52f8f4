#include "aws/sts_client.h"

#include "aws/answer_identity.h"
#include "aws/requests.h"
#include "aws/sts_answers.h"

namespace sma {

ApiCall StsClient::make_call(std::string operation, std::string subject, WipedBytes body) const {
  return {.service = std::string(signing_name(AwsService::sts)),
          .operation = std::move(operation),
          .subject = std::move(subject),
          .endpoint = endpoint_,
          .content_type = "application/x-www-form-urlencoded; charset=utf-8",
          .target = "",
          .body = std::move(body)};
}

Task<Result<CallerIdentity>> StsClient::get_caller_identity(CredentialsProvider& credentials, TimePoint deadline) {
  Task<Result<ClientResponse>> calling =
      api_.call(make_call("GetCallerIdentity", "", get_caller_identity_body()), &credentials, {.deadline = deadline});
  Result<ClientResponse> answer = co_await std::move(calling);
  if (!answer.ok()) co_return answer.fault();
  co_return answer->read_body(read_caller_identity);
}

Task<Result<Credentials>> StsClient::assume_role(AssumeRoleRequest request, CredentialsProvider& base,
                                                 TimePoint deadline) {
  ApiCall call = make_call("AssumeRole", request.role_arn, assume_role_body(request));
  call.on_behalf_of = request.on_behalf_of;
  if (request.assumed_before) call.revokes = Fault::Revoked::role;
  return assume(std::move(request), std::move(call), &base, deadline);
}

Task<Result<Credentials>> StsClient::assume_role_with_web_identity(AssumeRoleRequest request, WipedBytes token,
                                                                   TimePoint deadline) {
  ApiCall call = make_call("AssumeRoleWithWebIdentity", request.role_arn, web_identity_body(request, token));
  call.token = std::move(token);
  return assume(std::move(request), std::move(call), nullptr, deadline);
}

Task<Result<Credentials>> StsClient::assume(AssumeRoleRequest request, ApiCall call, CredentialsProvider* credentials,
                                            TimePoint deadline) {
  Task<Result<AssumedRole>> asking =
      api_.ask(std::move(call), credentials, {.deadline = deadline}, read_assumed_role, [&](const AssumedRole& role) {
        return is_of_role(request.role_arn, request.session_name, role.user_arn,
                          endpoint_.overridden ? NamedBy::emulator : NamedBy::aws);
      });
  Result<AssumedRole> role = co_await std::move(asking);
  if (!role.ok()) co_return role.fault();
  co_return std::move(role->credentials);
}

}  // namespace sma
