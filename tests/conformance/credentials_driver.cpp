#include <iostream>
#include <map>
#include <string>

#include "aws/credentials/default_chain.h"
#include "aws/endpoint.h"
#include "aws/endpoint_settings.h"
#include "aws/profile_files.h"
#include "base/json_document.h"
#include "base/json_text.h"
#include "base/random.h"
#include "os/child_process.h"
#include "os/event_loop.h"

// Reads environments from standard input, a JSON object of variables a line, and prints for each what they lead to:
// {"key":…,"secret":…,"token":…} or {"none":…} or {"error":…}, with the region, each service's override, and the URL
// that it is asked at. Endpoints of credentials and STS are played: the keys they give tell what they were asked.

namespace sma {
namespace {

class PlayedHttp final : public HttpTransport {
 public:
  Task<Result<ClientResponse>> send(ClientRequest request) override {
    std::string proof;
    for (const ClientField& field : request.fields)
      if (field.name == "Authorization" || field.name == "x-amz-sso_bearer_token") proof = field.value.view();
    const bool sso = request.url.find("/federation/credentials") != std::string::npos;
    std::string body = sso ? R"({"roleCredentials":{"accessKeyId":)" : R"({"AccessKeyId":)";
    append_json_string(body, "http " + request.url);
    body += R"(,"SecretAccessKey":)";
    append_json_string(body, "proof " + proof);
    body += sso ? R"(,"sessionToken":"played","expiration":4102444800000}})"
                : R"(,"Token":"played","Expiration":"2100-01-01T00:00:00Z"})";
    ClientResponse response;
    response.status = 200;
    response.body.append(body);
    co_return response;
  }
};

class PlayedSts final : public Sts {
 public:
  Task<Result<CallerIdentity>> get_caller_identity(CredentialsProvider&, TimePoint) override {
    co_return CallerIdentity{};
  }
  Task<Result<Credentials>> assume_role(AssumeRoleRequest request, CredentialsProvider& base,
                                        TimePoint deadline) override {
    auto getting = base.get(deadline);
    const auto keys = co_await std::move(getting);
    co_return give(request, (*keys)->access_key_id);
  }
  Task<Result<Credentials>> assume_role_with_web_identity(AssumeRoleRequest request, WipedBytes token,
                                                          TimePoint) override {
    co_return give(request, std::string(token.view()));
  }

 private:
  static Credentials give(const AssumeRoleRequest& request, const std::string& by) {
    Credentials given;
    given.access_key_id = "role " + request.role_arn + " by " + by;
    const bool own_name = request.session_name.starts_with("secrets-manager-agent-");
    const std::string seconds = request.duration ? std::to_string(request.duration->count()) : "";
    given.secret_access_key =
        SharedBytes((own_name ? "default" : request.session_name) + "|" + request.external_id + "|" + seconds);
    given.session_token = SharedBytes("played");
    return given;
  }
};

class StopLoop final : public Runnable {
 public:
  explicit StopLoop(EventLoop& loop) : loop_(loop) {}
  void run() override { loop_.stop(); }

 private:
  EventLoop& loop_;
};

void append_member(std::string& object, std::string_view name, std::string_view value) {
  object += object == "{" ? "" : ",";
  append_json_string(object, name);
  object += ':';
  append_json_string(object, value);
}

std::string url_of(AwsService service, const std::string& region, const EndpointSettings& settings) {
  const auto endpoint = resolve_endpoint(service, settings.parameters(service, region));
  return endpoint.ok() ? endpoint->url : "error";
}

std::string outcome(const Environment& environment) {
  const SystemClocks clocks;
  EventLoop loop(clocks);
  BlockingCalls calls(loop);
  ChildProcesses processes(loop, calls);
  const SystemFiles files;
  SystemRandom random;
  Log log(nullptr, LogLevel::none);
  AwsClock clock(loop);
  PlayedHttp http;
  PlayedSts sts;
  const Surroundings surroundings{environment, files, http};
  const AwsContext context{loop, clock, random, log};
  InstanceMetadata metadata(surroundings, context);
  DefaultChain chain(surroundings, sts, processes, metadata, context);
  auto loading = chain.load(loop.now() + Seconds(30));
  StopLoop stop(loop);
  loading.start(loop, &stop);
  loop.run();
  const auto credentials = loading.take();

  std::string object = "{";
  if (credentials.ok()) {
    append_member(object, "key", credentials->access_key_id);
    append_member(object, "secret", credentials->secret_access_key.view());
    append_member(object, "token", credentials->session_token.view());
  } else {
    append_member(object, credentials.fault().is_absent() ? "none" : "error", credentials.fault().message);
  }
  if (const auto profile = read_profile_files(environment, files); profile.ok()) {
    const auto region = configured_region({}, environment, *profile);
    const auto endpoints = read_endpoint_settings(environment, *profile);
    append_member(object, "region", region.ok() ? *region : "");
    append_member(object, "secretsmanager", endpoints.ok() ? endpoints->secrets_manager_url : "error");
    append_member(object, "sts", endpoints.ok() ? endpoints->sts_url : "error");
    if (region.ok() && endpoints.ok()) {
      append_member(object, "secretsmanager asked", url_of(AwsService::secrets_manager, *region, *endpoints));
      append_member(object, "sts asked", url_of(AwsService::sts, *region, *endpoints));
    }
  }
  return object + "}";
}

}  // namespace
}  // namespace sma

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto document = sma::JsonDocument::parse(sma::WipedBytes(line));
    if (!document) return 1;
    std::map<std::string, std::string, std::less<>> variables;
    for (const sma::JsonValue variable : document->root())
      variables.emplace(variable.key(), variable.string().value_or(""));
    std::cout << sma::outcome(sma::Environment(std::move(variables))) << '\n';
  }
}
