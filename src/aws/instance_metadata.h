#pragma once

#include <optional>
#include <string>

#include "aws/aws_context.h"
#include "base/result.h"
#include "base/task.h"
#include "base/wiped_bytes.h"

namespace sma {

/// The EC2 instance metadata service, version 2 only: a token is asked for, kept, and sent with each question.
/// `AWS_EC2_METADATA_DISABLED`; `AWS_EC2_METADATA_SERVICE_ENDPOINT`, else `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE`
/// (IPv4, IPv6), each also as `ec2_metadata_service_endpoint…` of the profile. Source: EC2 User Guide, "Use IMDSv2".
class InstanceMetadata {
 public:
  InstanceMetadata(const Surroundings& surroundings, const AwsContext& context)
      : surroundings_(surroundings), context_(context) {}

  /// The text at `path` below `/latest/meta-data/`; none if there is no such entry (404). Faults: `absent` if the
  /// service is disabled, or if nothing answers at its usual address (no EC2 instance); else as `HttpTransport` has
  /// them.
  Task<Result<std::optional<ClientResponse>>> get(std::string path, TimePoint deadline);

  /// The instance's region.
  Task<Result<std::string>> region(TimePoint deadline);

 private:
  struct Endpoint {
    std::string url;          // without a trailing slash
    bool configured = false;  // named by the user, or IPv6 asked for
  };
  Task<Result<Endpoint>> endpoint() const;
  [[nodiscard]] bool has_token() const { return !token_.empty() && context_.scheduler.now() < token_end_; }
  Task<Result<ClientResponse>> attempt(Endpoint endpoint, std::string path, TimePoint deadline);
  Task<Result<ClientResponse>> ask_for_token(Endpoint endpoint, TimePoint deadline);
  Task<Result<ClientResponse>> send(ClientRequest request, TimePoint deadline);

  Surroundings surroundings_;
  AwsContext context_;
  WipedBytes token_;
  TimePoint token_end_{};
};

}  // namespace sma
