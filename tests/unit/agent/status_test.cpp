#include "agent/status.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

std::string json_of(const AgentStatus& status) { return std::string(status_json(status).view()); }

TEST_CASE("the status is one JSON object, without what is not known") {
  AgentStatus status;
  status.uptime = Seconds{61};
  status.region = "eu-central-1";
  status.secrets_manager_url = "https://secretsmanager.eu-central-1.amazonaws.com";
  status.sts_url = "https://sts.eu-central-1.amazonaws.com";
  status.addresses = {"http://127.0.0.1:2773", "unix:/run/agent.sock"};
  status.connections = 3;
  status.connection_limit = 800;
  CHECK(json_of(status) ==
        R"({"version":1,"agent":")" SMA_VERSION R"(","uptime_seconds":61,"region":"eu-central-1","endpoints":{)"
        R"("secretsmanager":"https://secretsmanager.eu-central-1.amazonaws.com",)"
        R"("sts":"https://sts.eu-central-1.amazonaws.com"},)"
        R"("listening":["http://127.0.0.1:2773","unix:/run/agent.sock"],)"
        R"("credentials":{"source":null,"identity":null,"expires_in_seconds":null},"secrets":[],"files":[],)"
        R"("connections":{"open":3,"limit":800},)"
        R"("aws_calls":{"ok":0,"throttled":0,"denied":0,"transient":0,"error":0},)"
        R"("memory":{"anonymous_bytes":0,"file_bytes":0}})");
}

TEST_CASE("the status tells credentials, secrets, calls and memory") {
  AgentStatus status;
  status.credentials_source = "container";
  status.identity = "arn:aws:sts::123456789012:assumed-role/R/s";
  status.expires_in = Seconds{-5};
  status.secrets.push_back(
      {.id = "a \"b\"", .version_id = "v", .age = Seconds{4}, .fresh_for = Seconds{296}, .uses = 7});
  status.secrets.push_back({.id = "c", .role_arn = "arn:r", .last_error = "TimeoutError"});
  status.calls = {.ok = 1, .throttled = 2, .denied = 3, .transient = 4, .error = 5};
  status.memory = {.anonymous = 1024, .file = 2048};
  const std::string json = json_of(status);
  const auto has = [&](const char* part) { return json.find(part) != std::string::npos; };
  CHECK(has(R"("credentials":{"source":"container","identity":"arn:aws:sts::123456789012:assumed-role/R/s",)"
            R"("expires_in_seconds":-5})"));
  CHECK(has(R"({"id":"a \"b\"","role_arn":null,"version_id":"v","age_seconds":4,"fresh_for_seconds":296,"uses":7,)"
            R"("last_error":null},{"id":"c","role_arn":"arn:r","version_id":null,"age_seconds":0,)"
            R"("fresh_for_seconds":0,"uses":0,"last_error":"TimeoutError"})"));
  CHECK(has(R"("aws_calls":{"ok":1,"throttled":2,"denied":3,"transient":4,"error":5})"));
  CHECK(has(R"("memory":{"anonymous_bytes":1024,"file_bytes":2048})"));
}

TEST_CASE("the memory of the process is read from what the kernel says of it") {
  CHECK(memory_use("Name:\tx\nVmRSS:\t 9 kB\nRssAnon:\t    1612 kB\nRssFile:\t    4096 kB\n") ==
        MemoryUse{1612 * 1024, 4096 * 1024});
  CHECK(memory_use("") == MemoryUse{});
  CHECK(memory_use("Name:\tRssAnon: 5 kB\nRssAnon:\t? kB\n") == MemoryUse{});
}

}  // namespace
}  // namespace sma
