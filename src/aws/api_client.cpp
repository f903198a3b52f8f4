#include "aws/api_client.h"

#include <algorithm>

#include "aws/error_answers.h"
#include "aws/sigv4.h"
#include "base/time_text.h"
#include "base/wall_time.h"

namespace sma {
namespace {

constexpr Nanoseconds kTolerableSkew = std::chrono::minutes(4);

bool is_success(const ClientResponse& answer) { return answer.status >= 200 && answer.status < 300; }

/// The text that is to be concealed may be cut off at the end of `text`; it is concealed there too if enough of it is
/// left to be of use.
constexpr std::size_t kTellingPart = 8;

void conceal(std::string& text, std::string_view secret, std::string_view instead) {
  if (secret.empty()) return;
  std::string shown;
  std::size_t done = 0;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, done)) {
    shown.append(text, done, at - done).append(instead);
    done = at + secret.size();
  }
  shown.append(text, done);
  for (std::size_t size = std::min(secret.size() - 1, shown.size()); size >= kTellingPart; --size) {
    if (!shown.ends_with(secret.substr(0, size))) continue;
    shown.replace(shown.size() - size, size, instead);
    break;
  }
  text = std::move(shown);
}

void conceal_signatures(std::string& text) {
  constexpr std::string_view kSignature = "Signature=";
  std::string shown;
  std::size_t done = 0;
  for (auto at = text.find(kSignature); at != std::string::npos; at = text.find(kSignature, done)) {
    shown.append(text, done, at + kSignature.size() - done);
    done = std::min(text.find_first_not_of("0123456789abcdef", at + kSignature.size()), text.size());
  }
  text = shown.append(text, done);
}

/// AWS explains a refusal by what it was sent: an `Authorization` field it cannot read, or the text that should have
/// been signed, session token included.
void conceal_all(std::string& text, const ApiCall& call, const Credentials* keys) {
  conceal(text, call.token.view(), "(token)");
  if (keys == nullptr) return;
  conceal(text, keys->session_token.view(), "(session token)");
  conceal_signatures(text);
}

}  // namespace

/// Counts one call when it is over. One whose task is destroyed counts if it was sent.
class ApiClient::Recording {
 public:
  Recording(ApiClient& client, const ApiCall& call, const Attempts& attempts)
      : client_(client), call_(call), attempts_(attempts) {}
  ~Recording() {
    if (!ended_ && !*attempts_.first_sent) return;
    if (!ended_) ++operation().outcomes.dropped;
    if (attempts_.count > 1) client_.record_.retries += static_cast<std::uint64_t>(attempts_.count - 1);
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  void end(const Result<ClientResponse>& outcome) {
    ended_ = true;
    const Scheduler& scheduler = client_.context_.scheduler;
    operation().outcomes.add(outcome.ok() ? nullptr : &outcome.fault());
    operation().durations.add(scheduler.now() - attempts_.begun);
    if (outcome.ok()) client_.record_.last_success = scheduler.wall_now();
  }

 private:
  CallRecord::Operation& operation() { return client_.record_.operations[call_.operation]; }

  ApiClient& client_;
  const ApiCall& call_;
  const Attempts& attempts_;
  bool ended_ = false;
};

Task<Result<ClientResponse>> ApiClient::call(ApiCall call, CredentialsProvider* credentials, CallTerms terms) {
  Task<Result<ClientResponse>> calling = call_once(call, credentials, terms, false);
  Result<ClientResponse> answer = co_await std::move(calling);
  co_return answer;
}

Task<Result<ClientResponse>> ApiClient::call_once(const ApiCall& call, CredentialsProvider* credentials,
                                                  CallTerms terms, bool fresh_connection) {
  std::optional<TimePoint> sent;
  // The caller's own may hold the moment of an earlier call.
  const bool is_first = terms.first_sent != nullptr && !*terms.first_sent;
  Attempts attempts{.begun = context_.scheduler.now(),
                    .first_sent = is_first ? terms.first_sent : &sent,
                    .fresh_connection = fresh_connection};
  Recording recording(*this, call, attempts);
  Task<Result<ClientResponse>> work = attempt_until_done(call, credentials, terms, attempts);
  Result<ClientResponse> outcome = co_await std::move(work);
  recording.end(outcome);
  log_call(call, outcome, attempts);
  if (outcome.ok() && terms.as_of != nullptr) *terms.as_of = outcome->sent_at;
  co_return outcome;
}

Fault ApiClient::answer_to_another_call(const ApiCall& call) {
  context_.log.warn("the answer belongs to another call: its connection is closed",
                    {{"operation", call.operation}, {"subject", call.subject}});
  return Fault::connection("what came from " + call.endpoint.host_field + " is the answer to another call");
}

Task<Result<ClientResponse>> ApiClient::attempt_until_done(const ApiCall& call, CredentialsProvider* credentials,
                                                           const CallTerms& terms, Attempts& attempts) {
  RetryState retries;
  SharedCredentials keys;
  if (credentials != nullptr) {
    Task<Result<SharedCredentials>> load = credentials->get(terms.deadline);
    Result<SharedCredentials> loaded = co_await std::move(load);
    if (!loaded.ok()) co_return loaded.fault();
    keys = *loaded;
  }
  for (;;) {
    ++attempts.count;
    Task<Result<ClientResponse>> sending = transport_.send(make_request(call, keys.get(), terms.deadline, attempts));
    Result<ClientResponse> answer = co_await std::move(sending);
    if (answer.ok() && is_success(*answer)) {
      budget_.give_back(retries);
      co_return answer;
    }
    std::optional<ClientResponse> refusal;
    if (answer.ok()) refusal = std::move(*answer);
    Fault fault = refusal ? read_error(*refusal) : answer.fault();
    conceal_all(fault.message, call, keys.get());
    conceal_all(fault.code, call, keys.get());
    if (refusal && !attempts.clock_corrected && may_be_clock_skew(fault) && correct_clock(call, *refusal)) {
      attempts.clock_corrected = true;
      continue;
    }
    if (keys != nullptr && !attempts.renewed && fault.is_expired()) {
      attempts.renewed = true;
      Task<Result<SharedCredentials>> renewal = credentials->renew(keys, terms.deadline);
      Result<SharedCredentials> renewed = co_await std::move(renewal);
      // If the source has no others, AWS's own words say it best; else the reason why none could be had, which may
      // pass.
      if (!renewed.ok()) co_return renewed.fault().is_expired() ? fault : renewed.fault();
      keys = *renewed;
      continue;
    }
    if (refusal && is_last_word_on(call.revokes, fault)) {
      if (refusal->on_kept_connection && !attempts.confirming) {
        refusal->close_connection();
        attempts.confirming = attempts.fresh_connection = true;
        continue;
      }
      fault.revoked = call.revokes;
    }
    Fault judged = fault;
    if (may_be_too_early(fault)) judged.set_kind(Fault::Kind::transient);
    const std::optional<Nanoseconds> wait = policy_.wait_before_retry(retries, judged, budget_, context_.random);
    // A wait that ends too late is no wait: the client learns at once.
    if (!wait || context_.scheduler.now() + *wait >= terms.deadline) co_return fault;
    // A connection that failed may not be the only one of the pool that is dead.
    attempts.fresh_connection = fault.is_without_answer();
    co_await context_.scheduler.sleep_until(context_.scheduler.now() + *wait);
    if (credentials != nullptr) {
      Task<Result<SharedCredentials>> load = credentials->get(terms.deadline);
      Result<SharedCredentials> loaded = co_await std::move(load);
      if (loaded.ok()) keys = *loaded;
    }
  }
}

ClientRequest ApiClient::make_request(const ApiCall& call, const Credentials* credentials, TimePoint deadline,
                                      const Attempts& attempts) const {
  const Endpoint& endpoint = call.endpoint;
  const std::string path = endpoint.path.empty() ? "/" : sigv4::normalised_path(endpoint.path);
  ClientRequest request;
  request.method = "POST";
  request.url = endpoint.scheme + "://" + endpoint.host_field + path;
  request.body = call.body.copy();
  request.max_answer_bytes = call.max_answer_bytes;
  request.on_behalf_of = call.on_behalf_of;
  request.deadline = deadline;
  request.fresh_connection = attempts.fresh_connection;
  request.first_sent = attempts.first_sent;
  request.fields.push_back({"Host", WipedBytes(endpoint.host_field)});
  request.fields.push_back({"Content-Type", WipedBytes(call.content_type)});
  if (!call.target.empty()) request.fields.push_back({"X-Amz-Target", WipedBytes(call.target)});
  if (credentials == nullptr) return request;

  sigv4::SignableRequest signable{.method = "POST", .host = endpoint.host_field, .path = path};
  signable.fields.emplace_back("content-type", call.content_type);
  if (!call.target.empty()) signable.fields.emplace_back("x-amz-target", call.target);
  signable.payload = request.body.view();
  const WallTime when = context_.clock.now_at(endpoint.host_field);
  sigv4::Signature signature =
      sigv4::sign(signable, {.region = endpoint.signing_region, .service = call.service}, *credentials, when);
  request.fields.push_back({"X-Amz-Date", WipedBytes(signature.amz_date)});
  if (!signature.security_token.empty())
    request.fields.push_back({"X-Amz-Security-Token", std::move(signature.security_token)});
  request.fields.push_back({"Authorization", std::move(signature.authorization)});
  return request;
}

bool ApiClient::correct_clock(const ApiCall& call, const ClientResponse& answer) {
  if (!answer.field("Age").empty()) return false;  // an old answer from a cache shows no time
  const auto date = parse_http_date(answer.field("Date"));
  if (!date) return false;
  const Nanoseconds took = bounded_difference(answer.wall_received_at, answer.wall_sent_at);
  const Nanoseconds offset = bounded_difference(*date, bounded_sum(answer.wall_sent_at, took / 2));
  const std::string& host = call.endpoint.host_field;
  if (std::chrono::abs(offset - context_.clock.offset_at(host)) <= kTolerableSkew) return false;
  context_.clock.set_offset(host, offset);
  context_.log.warn(
      "the clock is wrong: signing with a correction",
      {{"endpoint", call.endpoint.host}, {"seconds", std::chrono::duration_cast<Seconds>(offset).count()}});
  return true;
}

void ApiClient::log_call(const ApiCall& call, const Result<ClientResponse>& outcome, const Attempts& attempts) {
  const auto milliseconds = std::chrono::duration_cast<Milliseconds>(context_.scheduler.now() - attempts.begun).count();
  if (outcome.ok()) {
    context_.log.info("call to AWS", {{"operation", call.operation},
                                      {"subject", call.subject},
                                      {"status", outcome->status},
                                      {"milliseconds", milliseconds},
                                      {"attempts", attempts.count}});
  } else {
    const Fault& fault = outcome.fault();
    context_.log.info("call to AWS", {{"operation", call.operation},
                                      {"subject", call.subject},
                                      {"status", fault.http_status},
                                      {"milliseconds", milliseconds},
                                      {"attempts", attempts.count},
                                      {"error", fault.code},
                                      {"reason", fault.message}});
  }
}

}  // namespace sma
