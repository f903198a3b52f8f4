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
  std::optional<WallTime> deadline{};  ///< the event must have been handled by then
  Nanoseconds waited{0};               ///< how long it was waited for, by the clock that ran further
};

/// The client of AWS Lambda's Extensions API: registers this process as an extension and receives the events of the
/// function. The API is on the same machine; `http` should know no proxy. A call with a transient fault (no connection,
/// an answer that cannot be read) is made up to three times; a refusal is final. Source: AWS Lambda Developer Guide,
/// "Lambda Extensions API" (version 2020-01-01).
class LambdaExtension {
 public:
  /// `api` is a host and a port; `name` is the name of the extension's file, by which Lambda knows it. Both references
  /// must outlive this object and its tasks.
  LambdaExtension(HttpTransport& http, Scheduler& scheduler, std::string_view api, std::string name);

  /// To be called first.
  Task<Result<Done>> enroll();
  /// Tells Lambda that the start, or the event before, has been handled, and waits for the next event without a limit:
  /// between events Lambda freezes the process.
  Task<Result<LambdaEvent>> next();

  /// Reports to Lambda why this process ends, as an error of its start if `next` was never called. Does nothing if this
  /// process is not registered. Lambda's answer is ignored.
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
  bool started_ = false;   // `next` was called
};

}  // namespace sma
