#pragma once

#include <optional>
#include <string>

#include "aws/aws_context.h"
#include "aws/credentials/credentials.h"
#include "aws/endpoint.h"
#include "aws/retry_policy.h"
#include "base/result.h"
#include "base/task.h"
#include "http_client/http_client.h"

namespace sma {

/// One operation of an AWS API, ready to be signed and sent.
struct ApiCall {
  std::string service;    ///< signing name
  std::string operation;  ///< `GetSecretValue`; for the log
  std::string subject;    ///< secret id or role; for the log
  Endpoint endpoint;
  std::string content_type;
  std::string target;  ///< `X-Amz-Target`; empty for the Query protocol
  WipedBytes body;
  std::size_t max_answer_bytes = std::size_t{256} << 10;  ///< see ClientRequest
  std::string on_behalf_of{};                             ///< the role it is made for, see ClientRequest; empty: none
  WipedBytes token{};                                     ///< one that the body holds: it is concealed if AWS quotes it
};

/// The caller's terms: how long it waits, and what it wants to know.
struct CallTerms {
  TimePoint deadline;
  std::optional<TimePoint>* first_sent = nullptr;  ///< see ClientRequest
};

/// Calls AWS: signs every attempt, retries as the SDKs' standard mode does, renews refused credentials once,
/// corrects a skewed clock once, and logs one line a call. Source: specification §3.4 to §3.8; AWS SDKs Reference
/// Guide, "Retry behavior".
///
/// Faults: what AWS refused, with its status, code and message; `TimeoutError`; `ConnectionError`.
class ApiClient {
 public:
  /// All must outlive this object and its tasks.
  ApiClient(HttpTransport& transport, const AwsContext& context, RetryPolicy retry_policy)
      : transport_(transport), context_(context), policy_(retry_policy) {}

  /// `credentials` null: the call is not signed. They must outlive the task.
  Task<Result<ClientResponse>> call(ApiCall call, CredentialsProvider* credentials, CallTerms terms);

 private:
  /// What a call has used up so far.
  struct Attempts {
    int count = 0;
    bool renewed = false;
    bool clock_corrected = false;
    bool fresh_connection = false;
  };

  Task<Result<ClientResponse>> attempt_until_done(const ApiCall& call, CredentialsProvider* credentials,
                                                  const CallTerms& terms, Attempts& attempts);
  [[nodiscard]] ClientRequest make_request(const ApiCall& call, const Credentials* credentials, const CallTerms& terms,
                                           bool fresh_connection) const;
  /// True if the answer shows our clock to be wrong and the offset was corrected.
  bool correct_clock(const ApiCall& call, const ClientResponse& answer);
  void log_call(const ApiCall& call, const Result<ClientResponse>& outcome, const Attempts& attempts, TimePoint begun);

  HttpTransport& transport_;
  AwsContext context_;
  RetryPolicy policy_;
  RetryBudget budget_;
};

}  // namespace sma
