#include "agent/client/secret_fetch.h"

#include <algorithm>
#include <ctime>
#include <deque>
#include <span>
#include <utility>

#include "agent/client/agent_token.h"
#include "agent/client/loopback_client.h"
#include "base/percent.h"

namespace sma {
namespace {

constexpr Seconds kAnswerTime{65};  // a little longer than the agent lets a client wait
constexpr Milliseconds kFirstPause{100};
constexpr Milliseconds kLongestPause{800};
/// The agent makes as many calls to AWS at the same time.
constexpr std::size_t kAtOnce = 16;

void pause(Nanoseconds time) {
  const timespec wanted{0, time.count()};  // less than a second
  nanosleep(&wanted, nullptr);
}

/// What one secret has so far.
struct Attempt {
  Result<WipedBytes> result = Fault::connection("not asked yet");
  bool is_final = false;
};

Attempt judged(Result<LoopbackAnswer> answer, const AgentToken& token) {
  if (!answer.ok()) return {answer.fault(), false};
  if (answer->status == 200) return {std::move(answer->body), true};
  return {Fault::denied(token.words_of(*answer)), !may_change(answer->status)};
}

/// All are there, or one of them never will be.
bool is_decided(std::span<const Attempt> attempts) {
  return std::ranges::all_of(attempts, &Attempt::is_final) ||
         std::ranges::any_of(attempts, [](const Attempt& one) { return one.is_final && !one.result.ok(); });
}

/// Asks once for each secret that is not there yet.
class Round {
 public:
  Round(const AgentAccess& access, AgentToken& token, const Clocks& clocks)
      : address_(access), token_(token), clocks_(clocks) {}

  void ask(std::span<const SecretKey> secrets, std::span<Attempt> attempts) {
    const auto field = token_.read();
    for (std::size_t i = 0; i < secrets.size(); ++i) {
      if (attempts[i].is_final) continue;
      if (!field.ok()) {
        attempts[i].result = field.fault();
        continue;
      }
      if (calls_.size() == kAtOnce) receive_first();
      send(secrets[i], *field, attempts[i]);
    }
    while (!calls_.empty()) receive_first();
  }

 private:
  struct Call {
    AgentCall call;
    Attempt* attempt;
  };

  void send(const SecretKey& secret, TokenField field, Attempt& attempt) {
    AgentCall call(address_, clocks_, clocks_.boot_now() + kAnswerTime);
    const Result<Done> sent = call.send(secret_target(secret), field);
    if (sent.ok()) {
      calls_.push_back({std::move(call), &attempt});
    } else {
      attempt.result = sent.fault();
    }
  }

  void receive_first() {
    *calls_.front().attempt = judged(calls_.front().call.receive(), token_);
    calls_.pop_front();
  }

  AgentAddress address_;
  AgentToken& token_;
  const Clocks& clocks_;
  std::deque<Call> calls_{};
};

}  // namespace

std::string secret_target(const SecretKeyView& key) {
  std::string target = "/secretsmanager/get?secretId=" + percent_encoded(key.secret_id);
  if (!key.version_id.empty()) target += "&versionId=" + percent_encoded(key.version_id);
  if (!key.version_stage.empty()) target += "&versionStage=" + percent_encoded(key.version_stage);
  if (!key.role_arn.empty()) target += "&roleArn=" + percent_encoded(key.role_arn);
  return target;
}

std::vector<Result<WipedBytes>> fetch_secrets(const std::vector<SecretKey>& secrets, const AgentAccess& access,
                                              Seconds wait) {
  const SystemClocks clocks;
  const TimePoint end = clocks.boot_now() + wait;
  AgentToken token(access);
  std::vector<Attempt> attempts(secrets.size());
  for (Nanoseconds time = kFirstPause;; time = std::min<Nanoseconds>(2 * time, kLongestPause)) {
    Round(access, token, clocks).ask(secrets, attempts);
    if (is_decided(attempts) || clocks.boot_now() + time > end) break;
    pause(time);
  }
  std::vector<Result<WipedBytes>> results;
  results.reserve(attempts.size());
  for (Attempt& attempt : attempts) results.push_back(std::move(attempt.result));
  return results;
}

}  // namespace sma
