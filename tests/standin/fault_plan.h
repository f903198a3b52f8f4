#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "tests/standin/http.h"

namespace sma::standin {

/// Holds requests until the test lets them go: what happens "meanwhile" is then exact, without any sleep.
class Gate {
 public:
  /// Lets all held requests, and all later ones, pass.
  void open();
  /// How many requests have reached it so far.
  [[nodiscard]] std::size_t arrived() const;
  /// Waits until that many did; throws std::runtime_error after a minute.
  void wait_for(std::size_t count) const;
  /// For the stand-in: counts the arrival and waits for open().
  void pass();

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::size_t arrived_ = 0;
  bool open_ = false;
};

/// What goes wrong, with which requests and how often. The first plan that matches a request and is not used up takes
/// it; requests without one are answered properly. Several settings combine: a delay and an error, say.
struct FaultPlan {
  enum class Kind {
    kNone,           // only delays or the gate
    kAnswer,         // `answer` instead of the real one
    kHang,           // no answer until the client gives up
    kReset,          // TCP reset before an answer
    kResetInAnswer,  // TCP reset after half of the body
    kHalfAnswer,     // the connection ends properly after half of the body
    kLongLength,     // Content-Length says more than is sent, then the end
    kShortLength,    // Content-Length says less than is sent
    kNotHttp,        // bytes that are no HTTP at all
    kDrip,           // one byte every `between`
    kHuge,           // a 200 whose body has `bytes` bytes
    kTwice,          // the real answer two times, so that the next request on the connection gets a foreign one
  };

  static constexpr int kAlways = -1;

  // Which requests: operation as in Record (`GetSecretValue`, `metadata:token`, …; `*` for all, `connect` for a
  // connection as soon as it is accepted), and the secret id as sent, empty for any.
  std::string operation = "*";
  std::string secret_id;
  int skip = 0;
  int count = 1;
  int every = 1;  // takes one request in so many

  Kind kind = Kind::kNone;
  HttpAnswer answer;
  std::chrono::milliseconds before{0};   // before the first byte of the answer
  std::chrono::milliseconds between{0};  // between its head and its body, or between bytes (kDrip)
  std::uint64_t bytes = 100'000'000;
  bool close = false;                 // the connection ends after the answer
  std::shared_ptr<Gate> gate;         // held here before anything is looked up
  std::shared_ptr<Gate> answer_gate;  // held here with the answer ready

  [[nodiscard]] FaultPlan on(std::string name) && {
    operation = std::move(name);
    return std::move(*this);
  }
  [[nodiscard]] FaultPlan secret(std::string id) && {
    secret_id = std::move(id);
    return std::move(*this);
  }
  [[nodiscard]] FaultPlan times(int n) && {
    count = n;
    return std::move(*this);
  }
  [[nodiscard]] FaultPlan after(int n) && {
    skip = n;
    return std::move(*this);
  }
  [[nodiscard]] FaultPlan with_header(std::string name, std::string value) &&;

  [[nodiscard]] static FaultPlan of(Kind kind);
  /// An error as Secrets Manager writes it; `message_name` is `message` or `Message`.
  [[nodiscard]] static FaultPlan error(int status, const std::string& code, const std::string& message = "",
                                       const std::string& message_name = "message");
  /// An error as STS writes it.
  [[nodiscard]] static FaultPlan sts_error(int status, const std::string& code, const std::string& message = "");
  /// Any body.
  [[nodiscard]] static FaultPlan body(int status, std::string text, std::string content_type = "text/html");
  [[nodiscard]] static FaultPlan delayed(std::chrono::milliseconds before);
  [[nodiscard]] static FaultPlan held(std::shared_ptr<Gate> gate);
  [[nodiscard]] static FaultPlan held_with_answer(std::shared_ptr<Gate> gate);
};

/// The plans in force, in the order they were added. Not synchronised: Standin's lock guards it.
class FaultPlans {
 public:
  void add(FaultPlan plan) { plans_.push_back(std::move(plan)); }
  void clear();
  /// The plan for this request, used once by this; nothing of `kind` kNone without one.
  [[nodiscard]] FaultPlan take(const std::string& operation, const std::string& secret_id);

 private:
  std::deque<FaultPlan> plans_;
};

}  // namespace sma::standin
