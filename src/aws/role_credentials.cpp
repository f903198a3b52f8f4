#include "aws/role_credentials.h"

namespace sma {
namespace {

// To the client every refusal of STS is a 403, whatever its code. That it may pass is kept.
Fault refusal(Fault fault) {
  if (!fault.came_from_aws()) return fault;
  fault.message = fault.code + ": " + fault.message;
  fault.code = "AccessDeniedException";
  fault.http_status = 403;
  return fault;
}

}  // namespace

Task<Result<Credentials>> AssumeRoleSource::load(TimePoint deadline) {
  // First, so that a fault of the base's source is not taken for an answer to this assumption.
  Task<Result<SharedCredentials>> keys = base_.get(deadline);
  const Result<SharedCredentials> base = co_await std::move(keys);
  if (!base.ok()) co_return base.fault();
  Task<Result<Credentials>> call = sts_.assume_role(request_, base_, deadline);
  Result<Credentials> credentials = co_await std::move(call);
  if (!credentials.ok()) co_return refusal(credentials.fault());
  request_.assumed_before = true;
  credentials->source = "role " + request_.role_arn;
  co_return credentials;
}

RoleCredentials::Role::Role(RoleCredentials& roles, const std::string& role_arn)
    : source(roles.sts_, roles.base_,
             {.role_arn = role_arn, .session_name = roles.limits_.session_name, .on_behalf_of = "AssumeRole"}),
      credentials(source, roles.context_, {.after_first_fault = Nanoseconds{0}}) {}

Task<Result<std::shared_ptr<RoleCredentials::Role>>> RoleCredentials::assume(std::string role_arn, TimePoint deadline) {
  std::shared_ptr<Role> role;
  if (const auto known = counted_.find(role_arn); known != counted_.end()) {
    role = known->second;
  } else {
    if (counted_.size() >= limits_.max_roles) co_return too_many();
    std::erase_if(being_assumed_, [](const auto& entry) { return entry.second.expired(); });
    if (const auto pending = being_assumed_.find(role_arn); pending != being_assumed_.end())
      role = pending->second.lock();
    if (role == nullptr) {
      role = std::make_shared<Role>(*this, role_arn);
      being_assumed_[role_arn] = role;
    }
  }

  Task<Result<SharedCredentials>> load = role->credentials.get(deadline);
  const Result<SharedCredentials> keys = co_await std::move(load);
  if (!role->counted) {
    if (!keys.ok()) co_return keys.fault();
    if (counted_.size() >= limits_.max_roles) co_return too_many();
    role->counted = true;
    counted_.emplace(role_arn, role);
    being_assumed_.erase(role_arn);
  }
  if (!keys.ok()) co_return keys.fault();
  co_return role;
}

Fault RoleCredentials::too_many() const {
  return Fault::of_agent(
      Fault::Kind::denied, 400, "MaxRolesExceeded",
      "at most " + std::to_string(limits_.max_roles) + " roles can be assumed by this agent (max_roles)");
}

}  // namespace sma
