#include "agent/lambda/lambda_extension.h"

#include <algorithm>
#include <cstdint>

#include "base/json_document.h"
#include "base/json_writer.h"
#include "base/whole_number.h"

namespace sma {
namespace {

constexpr int kAttempts = 3;
constexpr Milliseconds kPause{100};
constexpr Seconds kAnswerTime{3};
constexpr Seconds kReportTime{1};
constexpr std::string_view kIdentifier = "Lambda-Extension-Identifier";

/// Any status but 200 is final: the states of the API cannot be left again.
Fault refused(std::string_view what, ClientResponse response) {
  std::string message = "Lambda answered " + std::string(what) + " with status " + std::to_string(response.status);
  if (const auto answer = JsonDocument::parse(std::move(response.body))) {
    for (const std::string_view name : {"errorType", "errorMessage"})
      if (const auto text = answer->root()[name].string()) message += ": " + std::string(error_text(*text));
  }
  return Fault::of_agent(Fault::Kind::denied, 502, "ExtensionError", std::move(message));
}

std::optional<WallTime> wall_time(JsonValue milliseconds) {
  const auto number = whole_number<std::int64_t>(milliseconds.number().value_or(""));
  constexpr std::int64_t kLast = std::chrono::duration_cast<Milliseconds>(Nanoseconds::max()).count();
  if (!number || *number < 0 || *number > kLast) return std::nullopt;
  return WallTime(Milliseconds(*number));
}

}  // namespace

LambdaExtension::LambdaExtension(HttpTransport& http, Scheduler& scheduler, std::string_view api, std::string name)
    : http_(http),
      scheduler_(scheduler),
      url_("http://" + std::string(api) + "/2020-01-01/extension/"),
      name_(std::move(name)) {}

Task<Result<Done>> LambdaExtension::enroll() {
  for (int tried = 1;; ++tried) {
    Task<Result<Done>> trying = try_enroll();
    const Result<Done> enrolled = co_await std::move(trying);
    if (enrolled.ok() || !enrolled.fault().is_transient() || tried == kAttempts) co_return enrolled;
    co_await scheduler_.sleep_until(scheduler_.now() + kPause * tried);
  }
}

Task<Result<Done>> LambdaExtension::try_enroll() {
  ClientRequest registration = request("POST", "register");
  registration.fields.push_back({"Lambda-Extension-Name", WipedBytes(name_)});
  registration.body.append(R"({"events":["INVOKE","SHUTDOWN"]})");
  Task<Result<ClientResponse>> sending = http_.send(std::move(registration));
  Result<ClientResponse> response = co_await std::move(sending);
  if (!response.ok()) co_return response.fault();
  if (response->status != 200) co_return refused("the registration of \"" + name_ + "\"", std::move(*response));
  identifier_ = WipedBytes(response->field(kIdentifier));
  if (identifier_.empty()) {
    response->close_connection();
    co_return Fault::connection("Lambda's answer to the registration has no identifier");
  }
  co_return Done{};
}

Task<Result<LambdaEvent>> LambdaExtension::next() {
  started_ = true;
  for (int tried = 1;; ++tried) {
    Task<Result<LambdaEvent>> trying = try_next(tried > 1);
    const Result<LambdaEvent> event = co_await std::move(trying);
    if (event.ok() || !event.fault().is_transient() || tried == kAttempts) co_return event;
    co_await scheduler_.sleep_until(scheduler_.now() + kPause * tried);
  }
}

Task<Result<LambdaEvent>> LambdaExtension::try_next(bool fresh_connection) {
  ClientRequest polling = request("GET", "event/next");
  polling.attempt_time = PhaseLimits::kNone;
  polling.limits.answering = PhaseLimits::kNone;
  polling.fresh_connection = fresh_connection;
  Task<Result<ClientResponse>> sending = http_.send(std::move(polling));
  Result<ClientResponse> response = co_await std::move(sending);
  if (!response.ok()) co_return response.fault();
  if (response->status != 200) co_return refused("the request for the next event", std::move(*response));

  LambdaEvent event;
  event.waited = std::max(response->received_at - response->sent_at,
                          Nanoseconds(response->wall_received_at - response->wall_sent_at));
  const auto answer = JsonDocument::parse(std::move(response->body));
  const std::string_view type = answer ? answer->root()["eventType"].string().value_or("") : "";
  if (type != "INVOKE" && type != "SHUTDOWN") {
    response->close_connection();
    co_return Fault::connection("Lambda sent an event that cannot be read");
  }
  event.kind = type == "INVOKE" ? LambdaEvent::Kind::invoke : LambdaEvent::Kind::shutdown;
  event.deadline = wall_time(answer->root()["deadlineMs"]);
  co_return event;
}

Task<void> LambdaExtension::report(std::string error_type, std::string message) {
  if (identifier_.empty()) co_return;
  ClientRequest telling = request("POST", started_ ? "exit/error" : "init/error");
  telling.fields.push_back({"Lambda-Extension-Function-Error-Type", WipedBytes(error_type)});
  telling.attempt_time = kReportTime;
  telling.body = wiped_json([&](JsonWriter& json) {
    json.begin_object().field("errorType", error_type).field("errorMessage", message);
    json.key("stackTrace").raw("[]").end_object();
  });
  Task<Result<ClientResponse>> sending = http_.send(std::move(telling));
  [[maybe_unused]] const Result<ClientResponse> ignored = co_await std::move(sending);
}

ClientRequest LambdaExtension::request(std::string method, std::string_view path) const {
  ClientRequest made;
  made.method = std::move(method);
  made.url = url_ + std::string(path);
  if (!identifier_.empty()) made.fields.push_back({std::string(kIdentifier), identifier_.copy()});
  if (made.method == "POST") made.fields.push_back({"Content-Type", WipedBytes("application/json")});
  made.attempt_time = kAnswerTime;
  made.queued = false;
  return made;
}

}  // namespace sma
