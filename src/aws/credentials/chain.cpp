#include "aws/credentials/chain.h"

#include <string>

namespace sma {
namespace {

Fault failed(const CredentialsSource& source, Fault fault) {
  fault.message.insert(0, std::string(source.name()) + ": ");
  return fault;
}

}  // namespace

Task<Result<Credentials>> ChainSource::load(TimePoint deadline) {
  if (winner_ != nullptr) {
    auto renewing = winner_->load(deadline);
    auto renewed = co_await std::move(renewing);
    if (renewed.ok()) co_return renewed;
    // It had credentials once: having none now is a fault, and may pass.
    if (renewed.fault().is_absent()) renewed.fault().set_kind(Fault::Kind::transient);
    co_return failed(*winner_, std::move(renewed.fault()));
  }
  std::string looked_at;
  for (CredentialsSource* source : sources_) {
    auto asking = source->load(deadline);
    auto asked = co_await std::move(asking);
    if (asked.ok()) {
      winner_ = source;
      co_return asked;
    }
    Fault& fault = asked.fault();
    if (!fault.is_absent()) co_return failed(*source, std::move(fault));
    log_.debug("credentials source has nothing", {{"source", source->name()}, {"reason", fault.message}});
    if (!looked_at.empty()) looked_at += "; ";
    looked_at += std::string(source->name()) + ": " + fault.message;
  }
  co_return Fault::absent("no credentials were found: " + looked_at);
}

}  // namespace sma
