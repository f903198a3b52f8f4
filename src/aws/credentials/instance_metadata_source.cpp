#include "aws/credentials/instance_metadata_source.h"

#include "aws/credentials/json_credentials.h"
#include "base/wall_time.h"

namespace sma {
namespace {

constexpr std::string_view kRoles = "iam/security-credentials/";
// Late enough to leave the service time to come back, early enough that no call waits for it.
constexpr Seconds kTooLateToWait{120};
constexpr Seconds kLeastProlonging{600};
constexpr Seconds kProlongingSpread{300};

std::string first_line(std::string_view text) {
  text = text.substr(0, text.find_first_of("\r\n"));
  return std::string(text);
}

}  // namespace

Task<Result<Credentials>> InstanceMetadataSource::load(TimePoint deadline) {
  auto asking = ask(deadline);
  auto loaded = co_await std::move(asking);
  if (loaded.ok()) {
    last_ = *loaded;
    if (*loaded->expiration <= context_.clock.now())
      co_return prolonged(*loaded, "instance metadata gave expired ones");
    co_return loaded;
  }
  if (last_ && expires_soon(*last_)) co_return prolonged(*last_, loaded.fault().message);
  co_return loaded;
}

Task<Result<Credentials>> InstanceMetadataSource::ask(TimePoint deadline) {
  auto asking_roles = metadata_.get(std::string(kRoles), deadline);
  auto roles = co_await std::move(asking_roles);
  if (!roles.ok()) co_return std::move(roles.fault());
  const std::string role = *roles ? first_line((*roles)->body.view()) : "";
  if (role.empty()) co_return Fault::absent("the instance has no role");
  auto asking = metadata_.get(std::string(kRoles) + role, deadline);
  auto answer = co_await std::move(asking);
  if (!answer.ok()) co_return std::move(answer.fault());
  if (!*answer) co_return Fault::absent("the instance has no role");
  co_return (*answer)->read_body([this](WipedBytes body) { return read(std::move(body)); });
}

Result<Credentials> InstanceMetadataSource::read(WipedBytes body) const {
  const auto answer = JsonDocument::parse(std::move(body));
  if (!answer || !answer->root().is_object())
    return Fault::connection("the credentials of the instance's role are no JSON object");
  const std::string_view code = member_in_any_case(answer->root(), "Code").value_or("Success");
  if (code != "Success")
    return Fault::internal("the instance's role gives no credentials: " + std::string(error_text(code)));
  auto credentials = read_credentials(answer->root(), {}, name());
  if (!credentials.ok()) credentials.fault().set_kind(Fault::Kind::transient);
  return credentials;
}

bool InstanceMetadataSource::expires_soon(const Credentials& credentials) const {
  return bounded_difference(*credentials.expiration, context_.clock.now()) < kTooLateToWait;
}

Credentials InstanceMetadataSource::prolonged(const Credentials& credentials, std::string_view reason) {
  const Nanoseconds more = kLeastProlonging + context_.random.part_of(kProlongingSpread);
  context_.log.warn(
      "expired credentials stay in use",
      {{"source", name()}, {"seconds", std::chrono::duration_cast<Seconds>(more).count()}, {"reason", reason}});
  Credentials longer = credentials;
  longer.expiration = context_.clock.now() + more;
  return longer;
}

}  // namespace sma
