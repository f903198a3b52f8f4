#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "tests/standin/http.h"

namespace sma::standin {

/// AWS Lambda's Extensions API, and the Runtime API as far as an extension's tests need it. One extension, once: what
/// it may not do in its state is refused with 403, as Lambda does. Source: "Lambda Extensions API", "Using the Lambda
/// runtime API". Has a lock of its own: `next` waits for an event.
class LambdaApi {
 public:
  /// The operation's name (`lambda:register`, `lambda:next`, …), empty where the request is none of these.
  [[nodiscard]] static std::string operation(const HttpRequest& request);
  /// May wait for an event or for stop().
  [[nodiscard]] HttpAnswer answer(const HttpRequest& request, const std::string& operation);

  /// Hands one event to the extension and one to the runtime.
  void invoke();
  /// `deadline` is in milliseconds since the epoch.
  void shut_down(const std::string& reason = "SPINDOWN", const std::string& deadline = "4102444800000");
  /// Lets all that wait go.
  void stop();

  /// Waits until the extension asked for its next event that many times; throws std::runtime_error after a minute.
  void wait_for_next(std::size_t count) const;
  [[nodiscard]] std::string extension_name() const;
  /// The events it registered for.
  [[nodiscard]] std::vector<std::string> registered_events() const;
  /// What it reported, `init:` or `exit:` and the type (Lambda-Extension-Function-Error-Type).
  [[nodiscard]] std::vector<std::string> reported_errors() const;

 private:
  HttpAnswer register_extension(const HttpRequest& request);
  HttpAnswer report_error(const HttpRequest& request, bool at_init);
  HttpAnswer next_event();
  HttpAnswer next_invocation();

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<std::string> events_;       // bodies for the extension
  std::deque<std::string> invocations_;  // request ids for the runtime
  std::vector<std::string> registered_;
  std::vector<std::string> errors_;
  std::string name_;
  std::string identifier_;
  std::size_t asked_ = 0;
  bool failed_ = false;  // it reported an error: nothing it asks for succeeds any more
  bool stopping_ = false;
};

}  // namespace sma::standin
