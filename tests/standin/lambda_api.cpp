#include "tests/standin/lambda_api.h"

#include <stdexcept>

#include "tests/standin/encoding.h"
#include "tests/standin/json.h"

namespace sma::standin {

namespace {

constexpr const char* kFunctionArn = "arn:aws:lambda:us-east-1:123456789012:function:demo";

HttpAnswer json(int status, Json::Object body) {
  return {status, "application/json", Json(std::move(body)).to_text(), {}};
}

HttpAnswer refused(const std::string& type, const std::string& message) {
  return json(403, {{"errorType", type}, {"errorMessage", message}});
}

}  // namespace

std::string LambdaApi::operation(const HttpRequest& request) {
  const std::string path(request.path());
  if (path == "/2020-01-01/extension/register") return "lambda:register";
  if (path == "/2020-01-01/extension/event/next") return "lambda:next";
  if (path == "/2020-01-01/extension/init/error") return "lambda:init-error";
  if (path == "/2020-01-01/extension/exit/error") return "lambda:exit-error";
  if (path == "/2018-06-01/runtime/invocation/next") return "lambda:runtime-next";
  if (path.starts_with("/2018-06-01/runtime/invocation/")) return "lambda:runtime-response";
  return "";
}

HttpAnswer LambdaApi::answer(const HttpRequest& request, const std::string& operation) {
  const bool polls = operation == "lambda:next" || operation == "lambda:runtime-next";
  if (request.method != (polls ? "GET" : "POST")) return json(405, {{"errorType", "MethodNotAllowed"}});
  if (operation == "lambda:register") return register_extension(request);
  if (operation == "lambda:runtime-next") return next_invocation();
  if (operation == "lambda:runtime-response") return json(202, {{"status", "OK"}});
  {
    const std::lock_guard lock(mutex_);
    const std::string given = request.header("lambda-extension-identifier").value_or("");
    if (given.empty()) return refused("Extension.MissingHeader", "the identifier is missing");
    if (given != identifier_) return refused("Extension.InvalidExtensionIdentifier", "the identifier is not known");
    if (failed_) return refused("Extension.InvalidExtensionState", "it has failed");
    if (operation != "lambda:next") return report_error(request, operation == "lambda:init-error");
  }
  return next_event();
}

HttpAnswer LambdaApi::register_extension(const HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  const std::string name = request.header("lambda-extension-name").value_or("");
  const auto body = Json::parse(request.body);
  if (name.empty()) return refused("Extension.InvalidExtensionName", "Empty extension name");
  if (!body) return refused("InvalidRequestFormat", "the body is not JSON");
  if (!identifier_.empty()) return refused("Extension.InvalidExtensionState", "it is registered already");
  name_ = name;
  registered_ = (*body)["events"].strings();
  identifier_ = random_uuid();
  HttpAnswer out = json(200, {{"functionName", "demo"}, {"functionVersion", "$LATEST"}, {"handler", "demo.handler"}});
  out.headers.emplace_back("Lambda-Extension-Identifier", identifier_);
  return out;
}

HttpAnswer LambdaApi::report_error(const HttpRequest& request, bool at_init) {
  const std::string type = request.header("lambda-extension-function-error-type").value_or("");
  if (type.empty()) return refused("Extension.MissingHeader", "the error's type is missing");
  if (at_init != (asked_ == 0)) return refused("Extension.InvalidExtensionState", "not in this phase");
  errors_.push_back((at_init ? "init:" : "exit:") + type);
  failed_ = true;
  return json(202, {{"status", "OK"}});
}

HttpAnswer LambdaApi::next_event() {
  std::unique_lock lock(mutex_);
  ++asked_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return stopping_ || !events_.empty(); });
  if (events_.empty()) return json(500, {{"errorType", "Stopped"}, {"errorMessage", "the stand-in stops"}});
  HttpAnswer out{200, "application/json", std::move(events_.front()), {}};
  events_.pop_front();
  out.headers.emplace_back("Lambda-Extension-Event-Identifier", random_uuid());
  return out;
}

HttpAnswer LambdaApi::next_invocation() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !invocations_.empty(); });
  if (invocations_.empty()) return json(500, {{"errorType", "Stopped"}, {"errorMessage", "the stand-in stops"}});
  HttpAnswer out{200, "application/json", "{}", {}};
  out.headers.emplace_back("Lambda-Runtime-Aws-Request-Id", invocations_.front());
  out.headers.emplace_back("Lambda-Runtime-Invoked-Function-Arn", kFunctionArn);
  invocations_.pop_front();
  return out;
}

void LambdaApi::invoke() {
  const std::lock_guard lock(mutex_);
  const std::string id = random_uuid();
  events_.push_back(Json(Json::Object{{"eventType", "INVOKE"},
                                      {"deadlineMs", Json::Number{"4102444800000"}},
                                      {"requestId", id},
                                      {"invokedFunctionArn", kFunctionArn}})
                        .to_text());
  invocations_.push_back(id);
  changed_.notify_all();
}

void LambdaApi::shut_down(const std::string& reason, const std::string& deadline) {
  const std::lock_guard lock(mutex_);
  events_.push_back(
      Json(Json::Object{{"eventType", "SHUTDOWN"}, {"shutdownReason", reason}, {"deadlineMs", Json::Number{deadline}}})
          .to_text());
  changed_.notify_all();
}

void LambdaApi::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void LambdaApi::wait_for_next(std::size_t count) const {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, std::chrono::minutes(1), [&] { return asked_ >= count; })) {
    throw std::runtime_error("the extension did not ask for its next event");
  }
}

std::string LambdaApi::extension_name() const {
  const std::lock_guard lock(mutex_);
  return name_;
}

std::vector<std::string> LambdaApi::registered_events() const {
  const std::lock_guard lock(mutex_);
  return registered_;
}

std::vector<std::string> LambdaApi::reported_errors() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

}  // namespace sma::standin
