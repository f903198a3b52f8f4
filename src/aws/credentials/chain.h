#pragma once

#include <vector>

#include "aws/credentials/credentials.h"
#include "base/log.h"

namespace sma {

/// Asks its sources in order. One that has nothing configured (`absent`) is skipped; the first other answer,
/// credentials or fault, ends the search: a broken pod must not turn into its node's role. After a source has returned
/// credentials, it alone is asked. A fault names its source; if no source has anything, it lists what each looked for.
class ChainSource final : public CredentialsSource {
 public:
  /// The sources must outlive this object.
  ChainSource(std::vector<CredentialsSource*> sources, Log& log) : sources_(std::move(sources)), log_(log) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return winner_ ? winner_->name() : "chain"; }

 private:
  std::vector<CredentialsSource*> sources_;
  CredentialsSource* winner_ = nullptr;
  Log& log_;
};

}  // namespace sma
