#pragma once

#include "aws/credentials/credentials.h"

namespace sma {

/// Credentials that were loaded a moment ago and serve one call: the base of a role that a profile names.
class FixedCredentials final : public CredentialsProvider {
 public:
  explicit FixedCredentials(Credentials credentials)
      : credentials_(std::make_shared<const Credentials>(std::move(credentials))) {}

  Task<Result<SharedCredentials>> get(TimePoint /*deadline*/) override { co_return credentials_; }
  Task<Result<SharedCredentials>> renew(SharedCredentials refused, TimePoint /*deadline*/) override {
    co_return Fault::expired("the credentials of " + refused->source + " are no longer accepted");
  }

 private:
  SharedCredentials credentials_;
};

}  // namespace sma
