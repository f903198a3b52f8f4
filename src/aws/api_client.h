#pragma once

#include <optional>
#include <string>

#include "aws/aws_context.h"
#include "aws/call_record.h"
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
  std::string operation;  ///< `GetSecretValue`; for the log and the metrics
  std::string subject;    ///< secret id or role; for the log
  Endpoint endpoint;
  std::string content_type;
  std::string target;  ///< `X-Amz-Target`; empty for the Query protocol
  WipedBytes body;
  std::size_t max_answer_bytes = std::size_t{256} << 10;  ///< see ClientRequest
  std::string on_behalf_of{};                             ///< the role it is made for, see ClientRequest; empty: none
  WipedBytes token{};                                     ///< one that the body holds: it is concealed if AWS quotes it
  Fault::Revoked revokes = Fault::Revoked::nothing;       ///< what a refusal that is AWS's last word revokes
};

/// The caller's terms: how long it waits, and what it wants to know.
struct CallTerms {
  TimePoint deadline;
  std::optional<TimePoint>* first_sent = nullptr;  ///< see ClientRequest
  TimePoint* as_of = nullptr;                      ///< set to when the attempt that succeeded was handed over
};

/// Calls AWS: signs every attempt, retries as the SDKs' standard mode does, renews refused credentials once,
/// corrects a skewed clock once, and logs one line a call. A refusal that revokes something is confirmed on a new
/// connection if it came on a kept one: it may have been the answer to an earlier call. Source: specification §3.4 to
/// §3.9; AWS SDKs Reference Guide, "Retry behavior".
///
/// Faults: what AWS refused, with its status, code and message; `TimeoutError`; `ConnectionError`.
class ApiClient {
 public:
  /// All must outlive this object and its tasks.
  ApiClient(HttpTransport& transport, const AwsContext& context, RetryPolicy retry_policy)
      : transport_(transport), context_(context), policy_(retry_policy) {}

  /// `credentials` null: the call is not signed. They must outlive the task.
  Task<Result<ClientResponse>> call(ApiCall call, CredentialsProvider* credentials, CallTerms terms);

  /// Calls, and reads the answer. If that is the answer to another call, as `is_own` says, its connection is closed,
  /// and the call made once more on a new one; then it is a `ConnectionError`. `is_own` may refer to what outlives the
  /// task.
  template <typename T, typename IsOwn>
  Task<Result<T>> ask(ApiCall call, CredentialsProvider* credentials, CallTerms terms, Result<T> (*read)(WipedBytes),
                      IsOwn is_own) {
    for (bool again = false;; again = true) {
      Task<Result<ClientResponse>> calling = call_once(call, credentials, terms, again);
      Result<ClientResponse> answer = co_await std::move(calling);
      if (!answer.ok()) co_return answer.fault();
      Result<T> value = answer->read_body(read);
      if (!value.ok() || is_own(*value)) co_return value;
      answer->close_connection();
      Fault foreign = answer_to_another_call(call);
      if (again) co_return foreign;
    }
  }

  [[nodiscard]] Log& log() { return context_.log; }

  /// Logs, and returns as a fault, that the answer to this call belongs to another.
  Fault answer_to_another_call(const ApiCall& call);

  [[nodiscard]] const CallRecord& record() const { return record_; }

 private:
  class Recording;

  /// What a call has used up so far.
  struct Attempts {
    TimePoint begun;
    std::optional<TimePoint>* first_sent;  // set when the first is handed over for sending
    int count = 0;
    bool renewed = false;
    bool clock_corrected = false;
    bool fresh_connection = false;
    bool confirming = false;
  };

  Task<Result<ClientResponse>> call_once(const ApiCall& call, CredentialsProvider* credentials, CallTerms terms,
                                         bool fresh_connection);
  Task<Result<ClientResponse>> attempt_until_done(const ApiCall& call, CredentialsProvider* credentials,
                                                  const CallTerms& terms, Attempts& attempts);
  [[nodiscard]] ClientRequest make_request(const ApiCall& call, const Credentials* credentials, TimePoint deadline,
                                           const Attempts& attempts) const;
  /// True if the answer shows our clock to be wrong and the offset was corrected.
  bool correct_clock(const ApiCall& call, const ClientResponse& answer);
  void log_call(const ApiCall& call, const Result<ClientResponse>& outcome, const Attempts& attempts);

  HttpTransport& transport_;
  AwsContext context_;
  RetryPolicy policy_;
  RetryBudget budget_;
  CallRecord record_;
};

}  // namespace sma
