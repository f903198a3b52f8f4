#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/scheduler.h"
#include "base/task.h"
#include "base/wiped_bytes.h"
#include "http_client/http_client.h"

namespace sma {

struct LambdaEvent {
  enum class Kind { invoke, shutdown };
  Kind kind = Kind::invoke;
  std::optional<WallTime> deadline{};  ///< by when Lambda wants to be done with it
  Nanoseconds waited{0};               ///< until it came, by the clock that ran further
};

/// AWS Lambda's Extensions API: tells Lambda that this process is an extension, and is told what happens to the
/// function. The API is on the same machine; `http` should know no proxy. What may pass (no connection, an answer that
/// cannot be read) is tried three times in all; a refusal is final. Source: AWS Lambda Developer Guide, "Lambda
/// Extensions API" (version 2020-01-01).
class LambdaExtension {
 public:
  /// `api` is a host and a port; `name` that of the extension's file, by which Lambda knows it. Both references must
  /// outlive this object and its tasks.
  LambdaExtension(HttpTransport& http, Scheduler& scheduler, std::string_view api, std::string name);

  /// First of all.
  Task<Result<Done>> enroll();
  /// Tells Lambda that the start, or the event before, is done with, and waits for the next event, however long: in
  /// between Lambda freezes the process.
  Task<Result<LambdaEvent>> next();

  /// Says why this process ends, as an error of its start where nothing was waited for yet; nothing where it is not
  /// registered. What Lambda answers does not matter any more.
  Task<void> report(std::string error_type, std::string message);

 private:
  Task<Result<Done>> try_enroll();
  Task<Result<LambdaEvent>> try_next(bool fresh_connection);
  [[nodiscard]] ClientRequest request(std::string method, std::string_view path) const;

  HttpTransport& http_;
  Scheduler& scheduler_;
  std::string url_;
  std::string name_;
  WipedBytes identifier_;  // empty until registered
  bool started_ = false;   // Lambda was asked for an event
};

}  // namespace sma
