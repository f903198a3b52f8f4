#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/event.h"
#include "secrets/secret_source.h"

namespace sma {

inline std::string arn_of(std::string_view name) {
  return "arn:aws:secretsmanager:eu-west-1:111122223333:secret:" + std::string(name) + "-AbCdEf";
}

inline SecretValue secret(std::string_view name, std::string_view version_id, std::string_view text) {
  return {.answer = SharedBytes(text),
          .arn = arn_of(name),
          .name = std::string(name),
          .version_id = std::string(version_id)};
}

inline Fault refusal(std::string_view code, std::string_view message = "no") {
  return Fault::of_aws(Fault::Kind::denied, 400, std::string(code), std::string(message));
}

/// What AWS revokes with a refusal of the secret, or of the role that was to read it.
inline Fault revocation(std::string_view code, Fault::Revoked what = Fault::Revoked::secret) {
  Fault fault = refusal(code);
  fault.revoked = what;
  return fault;
}

/// A source whose calls a test sees, sends and answers when it likes.
class FakeSource final : public SecretSource {
 public:
  struct Call {
    Call(Scheduler& on, FetchProgress& of) : scheduler(on), progress(&of), sent_at(on.now()), answered(on) {}

    /// Handed over for sending.
    void send() {
      sent_at = scheduler.now();
      if (!progress->first_sent) progress->first_sent = sent_at;
    }
    void give(Result<SecretValue> result) { finish(value, std::move(result)); }
    void give(Result<SecretVersions> result) { finish(versions, std::move(result)); }
    void give(Result<SecretBatch> result) { finish(batch, std::move(result)); }
    void give(SecretValue result) { give(Result<SecretValue>(std::move(result))); }
    void give(Fault fault) {
      if (operation == "get")
        give(Result<SecretValue>(std::move(fault)));
      else if (operation == "describe")
        give(Result<SecretVersions>(std::move(fault)));
      else
        give(Result<SecretBatch>(std::move(fault)));
    }

    std::string operation;           // get, describe, batch, tagged
    SecretKey key;                   // describe: the ARN is the secret's id; tagged: the tag's key is
    std::vector<std::string> ids{};  // batch
    std::string token{};             // tagged
    Scheduler& scheduler;
    FetchProgress* progress;
    TimePoint sent_at;
    Event answered;
    bool dropped = false;
    std::optional<Result<SecretValue>> value{};
    std::optional<Result<SecretVersions>> versions{};
    std::optional<Result<SecretBatch>> batch{};

   private:
    template <typename T>
    void finish(std::optional<Result<T>>& place, Result<T> result) {
      if (!dropped && result.ok()) progress->as_of = sent_at;
      place.emplace(std::move(result));
      answered.set();
    }
  };

  explicit FakeSource(Scheduler& scheduler) : scheduler_(scheduler) {}

  Task<Result<SecretValue>> get_secret_value(SecretKey key, FetchProgress& progress) override {
    const std::shared_ptr<Call> call = add("get", std::move(key), progress);
    const Guard guard{call};
    co_await call->answered.wait();
    co_return std::move(*call->value);
  }
  Task<Result<SecretVersions>> describe_secret(std::string arn, std::string role_arn,
                                               FetchProgress& progress) override {
    const std::shared_ptr<Call> call = add("describe", {std::move(arn), {}, {}, std::move(role_arn)}, progress);
    const Guard guard{call};
    co_await call->answered.wait();
    co_return std::move(*call->versions);
  }
  Task<Result<SecretBatch>> batch_get(std::vector<std::string> secret_ids, std::string role_arn,
                                      FetchProgress& progress) override {
    const std::shared_ptr<Call> call = add("batch", {{}, {}, {}, std::move(role_arn)}, progress, std::move(secret_ids));
    const Guard guard{call};
    co_await call->answered.wait();
    co_return std::move(*call->batch);
  }
  Task<Result<SecretBatch>> batch_get_tagged(std::string tag_key, std::string next_token, std::string role_arn,
                                             FetchProgress& progress) override {
    const std::shared_ptr<Call> call =
        add("tagged", {std::move(tag_key), {}, {}, std::move(role_arn)}, progress, {}, std::move(next_token));
    const Guard guard{call};
    co_await call->answered.wait();
    co_return std::move(*call->batch);
  }

  [[nodiscard]] Call& last() { return *calls.back(); }
  [[nodiscard]] std::string operations() const {
    std::string text;
    for (const auto& call : calls) text += (text.empty() ? "" : " ") + call->operation;
    return text;
  }

  std::vector<std::shared_ptr<Call>> calls;
  /// Sees each call as it is made; may send and answer it at once.
  std::function<void(const std::shared_ptr<Call>&)> on_call;

 private:
  struct Guard {
    std::shared_ptr<Call> call;
    ~Guard() { call->dropped = !call->answered.is_set(); }
  };

  std::shared_ptr<Call> add(std::string operation, SecretKey key, FetchProgress& progress,
                            std::vector<std::string> ids = {}, std::string token = {}) {
    auto call = std::make_shared<Call>(scheduler_, progress);
    call->operation = std::move(operation);
    call->key = std::move(key);
    call->ids = std::move(ids);
    call->token = std::move(token);
    calls.push_back(call);
    if (on_call) on_call(call);
    return call;
  }

  Scheduler& scheduler_;
};

}  // namespace sma
