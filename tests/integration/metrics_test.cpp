#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/wait_until.h"
#include "tests/standin/listener.h"

namespace sma::integration {

namespace {

/// The sample of that name and those labels, as text; empty: there is none.
std::string sample(const std::string& metrics, const std::string& name) {
  const std::size_t at = metrics.find('\n' + name + ' ');
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size() + 2;
  return metrics.substr(begin, metrics.find('\n', begin) - begin);
}

Answer ask(std::uint16_t port, const std::string& path, bool six = false) {
  HttpConnection connection(port, six);
  connection.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n");
  return connection.read_answer();
}

/// Of `metrics_address`, with port 0, as the log tells it.
std::uint16_t metrics_port(AgentProcess& agent) {
  const std::string text = "metrics are served at http://";
  CHECK(agent.logs(text));
  const std::string log = agent.log();
  const std::size_t end = log.find("/metrics", log.find(text));
  return static_cast<std::uint16_t>(std::stoi(log.substr(log.rfind(':', end) + 1)));
}

}  // namespace

TEST_CASE("/metrics counts what clients got and what AWS was asked, without a token") {
  AgentWithAws scene;
  scene.aws.put("metrics/plain", "a secret to be counted");
  AgentProcess& agent = scene.agent();
  CHECK(agent.get_secret("metrics/plain").header("x-cache") == "MISS");
  CHECK(agent.get_secret("metrics/plain").header("x-cache") == "HIT");
  CHECK(agent.get_secret("metrics/none").status == 400);
  HttpConnection connection = agent.connect();
  connection.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const Answer answer = connection.read_answer();
  CHECK(answer.status == 200);
  CHECK(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(answer.header("x-cache").empty());
  const auto is = [&](const std::string& name, const std::string& value) {
    CHECK_MESSAGE(sample(answer.body, name) == value, name);
  };
  is("sma_http_requests_total{code=\"200\"}", "2");
  is("sma_http_requests_total{code=\"400\"}", "1");
  is("sma_secret_answers_total{result=\"hit\"}", "1");
  is("sma_secret_answers_total{result=\"miss\"}", "1");
  is("sma_secret_answers_total{result=\"error\"}", "1");
  is("sma_secret_refusals_total", "1");
  is("sma_cache_entries", "1");
  is("sma_aws_calls_total{operation=\"GetSecretValue\",outcome=\"ok\"}", "1");
  is("sma_aws_calls_total{operation=\"GetSecretValue\",outcome=\"error\"}", "1");
  is("sma_aws_calls_total{operation=\"GetCallerIdentity\",outcome=\"ok\"}", "1");
  is("sma_credentials_renewals_total{source=\"environment\",outcome=\"ok\"}", "1");
  is("sma_ready", "1");
  for (const char* name : {"process_resident_memory_bytes", "process_open_fds", "process_max_fds",
                           "process_start_time_seconds", "process_cpu_seconds_total"})
    CHECK_MESSAGE(!sample(answer.body, name).empty(), name);
  CHECK(ask(agent.port(), "/metrics").status == 400);
}

TEST_CASE("files are counted when they are written, and as long as they do not follow their secrets") {
  const TempFolder folder;
  const std::string path = (folder.path() / "files").string();
  AgentWithAws scene(Variables{{"SMA_FILES", path + "/right=metrics/plain," + path + "/wrong=metrics/none"}});
  scene.aws.put("metrics/plain", "a secret of a file");
  AgentProcess& agent = scene.agent();
  const auto counted = [&](const std::string& name) { return sample(agent.get("/metrics").body, name); };
  wait_until("one file was written", [&] { return counted("sma_files_written_total") == "1"; });
  wait_until("the other does not follow", [&] { return counted("sma_files_stale") == "1"; });
}

TEST_CASE("metrics_address serves metrics and probes to all addresses, and nothing else") {
  AgentWithAws scene(Variables{{"SMA_METRICS_ADDRESS", "[::]:0"}});
  scene.aws.put("metrics/plain", "a secret that is not to be had there");
  AgentProcess& agent = scene.agent();
  const std::uint16_t port = metrics_port(agent);
  CHECK(ask(port, "/metrics").body.find("sma_build_info") != std::string::npos);
  CHECK(ask(port, "/ping", true).body == "healthy");
  CHECK(ask(port, "/ready").status == 200);
  CHECK(ask(port, "/status").status == 404);
  CHECK(ask(port, "/secretsmanager/get?secretId=metrics/plain").status == 404);
  // What came there is no request of a client.
  const std::string metrics = ask(port, "/metrics").body;
  CHECK(sample(metrics, "sma_http_requests_total{code=\"200\"}") == "0");
  CHECK(sample(metrics, "sma_http_connections") == "0");
}

TEST_CASE("metrics_address serves metrics if path_prefix takes the path from clients") {
  AgentWithAws scene(Variables{{"SMA_METRICS_ADDRESS", "127.0.0.1:0"}, {"SMA_PATH_PREFIX", "/"}});
  AgentProcess& agent = scene.agent();
  CHECK(agent.logs("/metrics is not served, because path_prefix takes its path"));
  CHECK(agent.get("/metrics").status == 400);
  CHECK(ask(metrics_port(agent), "/metrics").status == 200);
}

TEST_CASE("if the port of metrics_address is taken, the agent does not start") {
  const standin::Listener taken("127.0.0.1:0");
  const std::string address = "127.0.0.1:" + std::to_string(taken.port());
  AgentSettings settings;
  settings.environment = {{"SMA_METRICS_ADDRESS", address}};
  const Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("cannot listen on " + address + ": Address already in use (metrics_address)") !=
        std::string::npos);
}

}  // namespace sma::integration
