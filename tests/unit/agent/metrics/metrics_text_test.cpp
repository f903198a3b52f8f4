#include "agent/metrics/metrics_text.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace sma {
namespace {

/// The numbers of an agent that has just been started, for a test to change.
struct Numbers {
  ServerCounts server;
  GuardCounts guard;
  RouteCounts routes;
  SecretCounts secrets;
  Cache cache{10, std::size_t{1} << 20};
  CallRecord calls;
  CredentialLoads loads;
  std::optional<WallTime> credentials_expiry{};
  ProcessUsage process{};
  std::optional<WallTime> process_start{};

  [[nodiscard]] std::string text() const {
    const SharedBytes written = metrics_text({.server = server,
                                              .connections = 3,
                                              .connection_limit = 800,
                                              .guard = guard,
                                              .routes = routes,
                                              .secrets = secrets,
                                              .cache = cache,
                                              .refusals = 7,
                                              .files_written = 8,
                                              .files_stale = 1,
                                              .calls = calls,
                                              .calls_waiting = 2,
                                              .loads = loads,
                                              .credentials_expiry = credentials_expiry,
                                              .ready = true,
                                              .log_lines_dropped = 5,
                                              .process = process,
                                              .process_start = process_start});
    return std::string(written.view());
  }
  [[nodiscard]] bool has(const std::string& line) const { return text().find('\n' + line + '\n') != std::string::npos; }
};

TEST_CASE("each number stands under its name and its labels") {
  Numbers numbers;
  numbers.server.answers[200] = 4;
  numbers.server.answers[429] = 1;
  numbers.server.evicted = 6;
  numbers.guard = {.forwarded = 1, .token = 2};
  numbers.routes = {.malformed = 3, .over_limit = 4};
  numbers.secrets = {.hits = 10, .misses = 11, .stale = 12, .errors = 13, .refreshes_ahead = 14};
  numbers.calls.operations["GetSecretValue"].outcomes = {
      .ok = 1, .throttled = 2, .denied = 3, .transient = 4, .error = 5, .dropped = 6};
  numbers.calls.retries = 9;
  numbers.loads.by_source["container"] = {.ok = 1, .error = 2};
  for (const char* line : {"sma_build_info{version=\"" SMA_VERSION "\"} 1",
                           "sma_ready 1",
                           "sma_http_requests_total{code=\"200\"} 4",
                           "sma_http_requests_total{code=\"429\"} 1",
                           "sma_http_connections 3",
                           "sma_http_connections_limit 800",
                           "sma_http_connections_evicted_total 6",
                           "sma_requests_rejected_total{reason=\"forwarded\"} 1",
                           "sma_requests_rejected_total{reason=\"token\"} 2",
                           "sma_requests_rejected_total{reason=\"malformed\"} 3",
                           "sma_requests_rejected_total{reason=\"limit\"} 4",
                           "sma_secret_answers_total{result=\"hit\"} 10",
                           "sma_secret_answers_total{result=\"miss\"} 11",
                           "sma_secret_answers_total{result=\"stale\"} 12",
                           "sma_secret_answers_total{result=\"error\"} 13",
                           "sma_files_written_total 8",
                           "sma_files_stale 1",
                           "sma_cache_entries 0",
                           "sma_cache_bytes 0",
                           "sma_cache_evictions_total 0",
                           "sma_refreshes_ahead_total 14",
                           "sma_secret_refusals_total 7",
                           "sma_aws_calls_total{operation=\"GetSecretValue\",outcome=\"ok\"} 1",
                           "sma_aws_calls_total{operation=\"GetSecretValue\",outcome=\"throttled\"} 2",
                           "sma_aws_calls_total{operation=\"GetSecretValue\",outcome=\"denied\"} 3",
                           "sma_aws_calls_total{operation=\"GetSecretValue\",outcome=\"transient\"} 4",
                           "sma_aws_calls_total{operation=\"GetSecretValue\",outcome=\"error\"} 5",
                           "sma_aws_calls_total{operation=\"GetSecretValue\",outcome=\"dropped\"} 6",
                           "sma_aws_calls_total{operation=\"AssumeRole\",outcome=\"ok\"} 0",
                           "sma_aws_retries_total 9",
                           "sma_aws_calls_waiting 2",
                           "sma_credentials_renewals_total{source=\"container\",outcome=\"ok\"} 1",
                           "sma_credentials_renewals_total{source=\"container\",outcome=\"error\"} 2",
                           "sma_log_lines_dropped_total 5"})
    CHECK_MESSAGE(numbers.has(line), line);
  CHECK(numbers.text().find("code=\"404\"") == std::string::npos);
}

TEST_CASE("a histogram counts up from bound to bound, in seconds") {
  Numbers numbers;
  numbers.secrets.miss_durations.add(Milliseconds{5});
  numbers.secrets.miss_durations.add(Milliseconds{2500});
  numbers.secrets.miss_durations.add(Seconds{31});
  const std::string name = "sma_secret_answer_duration_seconds";
  for (const char* rest : {"_bucket{le=\"0.005\"} 1", "_bucket{le=\"1\"} 1", "_bucket{le=\"2.5\"} 2",
                           "_bucket{le=\"30\"} 2", "_bucket{le=\"+Inf\"} 3", "_sum 33.505", "_count 3"})
    CHECK_MESSAGE(numbers.has(name + rest), rest);
  numbers.calls.operations["AssumeRole"].durations.add(Milliseconds{11});
  CHECK(numbers.has("sma_aws_call_duration_seconds_bucket{operation=\"AssumeRole\",le=\"0.01\"} 0"));
  CHECK(numbers.has("sma_aws_call_duration_seconds_bucket{operation=\"AssumeRole\",le=\"0.025\"} 1"));
  CHECK(numbers.has("sma_aws_call_duration_seconds_sum{operation=\"AssumeRole\"} 0.011"));
}

TEST_CASE("what is not known has no sample, no type and no help") {
  Numbers numbers;
  const std::vector<std::string> names{"sma_aws_last_success_timestamp_seconds",
                                       "sma_credentials_expiry_timestamp_seconds",
                                       "sma_credentials_renewals_total",
                                       "process_resident_memory_bytes",
                                       "process_open_fds",
                                       "process_max_fds",
                                       "process_start_time_seconds"};
  for (const std::string& name : names) CHECK_MESSAGE(numbers.text().find(name) == std::string::npos, name);
  const WallTime when(Seconds(1'700'000'000) + Milliseconds(250));
  numbers.calls.last_success = numbers.credentials_expiry = numbers.process_start = when;
  numbers.loads.by_source["role"].ok = 1;
  numbers.process = {.cpu_time = Milliseconds(1500), .resident_bytes = 4096, .open_files = 12, .max_open_files = 1024};
  for (const std::string& name : names) CHECK_MESSAGE(numbers.text().find("# TYPE " + name) != std::string::npos, name);
  CHECK(numbers.has("sma_aws_last_success_timestamp_seconds 1700000000.25"));
  CHECK(numbers.has("sma_credentials_expiry_timestamp_seconds 1700000000.25"));
  CHECK(numbers.has("process_cpu_seconds_total 1.5"));
  CHECK(numbers.has("process_resident_memory_bytes 4096"));
  CHECK(numbers.has("process_open_fds 12"));
  CHECK(numbers.has("process_max_fds 1024"));
}

TEST_CASE("each metric has one help and one type, before its samples") {
  const std::string text = Numbers().text();
  std::set<std::string> names;
  std::string name;
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    const std::string line = text.substr(begin, text.find('\n', begin) - begin);
    if (line.starts_with("# HELP ")) {
      name = line.substr(7, line.find(' ', 7) - 7);
      CHECK_MESSAGE(names.insert(name).second, name);
    } else if (line.starts_with("# TYPE ")) {
      CHECK(line.starts_with("# TYPE " + name + " "));
    } else {
      CHECK_MESSAGE(line.starts_with(name), line);
    }
  }
  CHECK(text.ends_with("\n"));
}

}  // namespace
}  // namespace sma
