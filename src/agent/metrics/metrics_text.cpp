#include "agent/metrics/metrics_text.h"

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sma {
namespace {

/// Values need no escape: all are our own words and numbers.
struct Label {
  std::string_view name;
  std::string_view value;
};
using Labels = std::initializer_list<Label>;

class Text {
 public:
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    add({"# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n"});
  }
  void counter(std::string_view name, std::string_view help) { begin(name, "counter", help); }
  void gauge(std::string_view name, std::string_view help) { begin(name, "gauge", help); }

  void sample(Labels labels, std::string_view value, std::string_view suffix = {}) {
    add({name_, suffix});
    char separator = '{';
    for (const Label& label : labels) {
      if (label.name.empty()) continue;
      text_ += separator;
      separator = ',';
      add({label.name, "=\"", label.value, "\""});
    }
    if (separator == ',') text_ += '}';
    add({" ", value, "\n"});
  }
  void sample(Labels labels, std::uint64_t value) { sample(labels, std::to_string(value)); }

  /// A metric with one sample, and one that is left out if it is not known.
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    counter(name, help);
    sample({}, value);
  }
  void gauge(std::string_view name, std::string_view help, std::optional<std::uint64_t> value) {
    if (!value) return;
    gauge(name, help);
    sample({}, *value);
  }
  void moment(std::string_view name, std::string_view help, std::optional<WallTime> when) {
    if (!when) return;
    gauge(name, help);
    sample({}, seconds(when->time_since_epoch()));
  }

  /// Of the metric that was begun. `label`: all its samples have it; no name: none.
  void histogram(Label label, const DurationHistogram& histogram) {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < histogram.buckets().size(); ++i) {
      count += histogram.buckets()[i];
      const bool last = i == DurationHistogram::kBounds.size();
      const std::string bound = last ? "+Inf" : seconds(DurationHistogram::kBounds[i]);
      sample({label, {"le", bound}}, std::to_string(count), "_bucket");
    }
    sample({label}, seconds(histogram.sum()), "_sum");
    sample({label}, std::to_string(count), "_count");
  }

  /// 0 if it is negative.
  static std::string seconds(Nanoseconds time) {
    // In whole numbers: nanoseconds since the epoch have more digits than a `double`.
    constexpr std::uint64_t kSecond = 1'000'000'000;
    const std::uint64_t count = time < Nanoseconds(0) ? 0 : static_cast<std::uint64_t>(time.count());
    std::string text = std::to_string(count / kSecond);
    if (count % kSecond == 0) return text;
    text += '.' + std::to_string(kSecond + count % kSecond).substr(1);
    text.resize(text.find_last_not_of('0') + 1);
    return text;
  }

  [[nodiscard]] std::string_view view() const { return text_; }

 private:
  void add(std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) text_ += part;
  }

  std::string text_;
  std::string_view name_;
};

void write_http(Text& text, const AgentMetrics& from) {
  text.counter("sma_http_requests_total", "Answers to clients, by status code.");
  for (std::size_t code = 0; code < ServerCounts::kStatuses; ++code)
    if (code == 200 || from.server.answers[code] > 0)
      text.sample({{"code", std::to_string(code)}}, from.server.answers[code]);
  text.gauge("sma_http_connections", "Open connections of clients.", from.connections);
  text.gauge("sma_http_connections_limit", "Regular connections that may be open.", from.connection_limit);
  text.counter("sma_http_connections_evicted_total", "Idle connections closed for new clients.", from.server.evicted);
  text.counter("sma_requests_rejected_total", "Requests refused before they were looked at, by reason.");
  text.sample({{"reason", "forwarded"}}, from.guard.forwarded);
  text.sample({{"reason", "token"}}, from.guard.token);
  text.sample({{"reason", "malformed"}}, from.routes.malformed);
  text.sample({{"reason", "limit"}}, from.routes.over_limit);
}

void write_secrets(Text& text, const AgentMetrics& from) {
  const SecretCounts& counts = from.secrets;
  text.counter("sma_secret_answers_total", "Answers to requests for secrets, by where they came from.");
  text.sample({{"result", "hit"}}, counts.hits);
  text.sample({{"result", "miss"}}, counts.misses);
  text.sample({{"result", "stale"}}, counts.stale);
  text.sample({{"result", "error"}}, counts.errors);
  text.begin("sma_secret_answer_duration_seconds", "histogram", "How long clients waited for answers from AWS.");
  text.histogram({}, counts.miss_durations);
  text.gauge("sma_cache_entries", "Secrets in the cache.", from.cache.entries());
  text.gauge("sma_cache_bytes", "Memory that the cache takes.", from.cache.bytes());
  text.counter("sma_cache_evictions_total", "Secrets that left the cache for others.", from.cache.evictions());
  text.counter("sma_refreshes_ahead_total", "Fetches begun before a secret expired.", counts.refreshes_ahead);
  text.counter("sma_secret_refusals_total", "Fetches that AWS refused for good.", from.refusals);
  text.counter("sma_files_written_total", "Files that were written because their secrets changed.", from.files_written);
  text.gauge("sma_files_stale", "Files that do not follow their secrets now.", from.files_stale);
}

void write_calls(Text& text, const AgentMetrics& from) {
  text.counter("sma_aws_calls_total", "Calls to AWS, by operation and outcome.");
  for (const auto& [operation, record] : from.calls.operations) {
    const CallCounts& counts = record.outcomes;
    const std::array<std::pair<std::string_view, std::uint64_t>, 6> outcomes{{{"ok", counts.ok},
                                                                              {"throttled", counts.throttled},
                                                                              {"denied", counts.denied},
                                                                              {"transient", counts.transient},
                                                                              {"error", counts.error},
                                                                              {"dropped", counts.dropped}}};
    for (const auto& [outcome, count] : outcomes) text.sample({{"operation", operation}, {"outcome", outcome}}, count);
  }
  text.begin("sma_aws_call_duration_seconds", "histogram", "How long calls to AWS took, with all their attempts.");
  for (const auto& [operation, record] : from.calls.operations)
    text.histogram({"operation", operation}, record.durations);
  text.counter("sma_aws_retries_total", "Attempts of calls to AWS after the first.", from.calls.retries);
  text.gauge("sma_aws_calls_waiting", "Calls to AWS that wait for others to end.", from.calls_waiting);
  text.moment("sma_aws_last_success_timestamp_seconds", "When a call to AWS last succeeded.", from.calls.last_success);
}

void write_credentials(Text& text, const AgentMetrics& from) {
  text.moment("sma_credentials_expiry_timestamp_seconds", "When the credentials expire.", from.credentials_expiry);
  if (from.loads.by_source.empty()) return;
  text.counter("sma_credentials_renewals_total", "Loads of credentials, the first ones included.");
  for (const auto& [source, counts] : from.loads.by_source) {
    text.sample({{"source", source}, {"outcome", "ok"}}, counts.ok);
    text.sample({{"source", source}, {"outcome", "error"}}, counts.error);
  }
}

void write_process(Text& text, const AgentMetrics& from) {
  text.counter("process_cpu_seconds_total", "CPU time used, user and system.");
  text.sample({}, Text::seconds(from.process.cpu_time));
  text.gauge("process_resident_memory_bytes", "Memory in RAM.", from.process.resident_bytes);
  text.gauge("process_open_fds", "Open file descriptors.", from.process.open_files);
  text.gauge("process_max_fds", "File descriptors that may be open.", from.process.max_open_files);
  text.moment("process_start_time_seconds", "When the process was started.", from.process_start);
}

}  // namespace

SharedBytes metrics_text(const AgentMetrics& metrics) {
  Text text;
  text.gauge("sma_build_info", "Always 1; the label is the version of the agent.");
  text.sample({{"version", SMA_VERSION}}, std::uint64_t{1});
  text.gauge("sma_ready", "1 if GET /ready is answered with 200.", metrics.ready ? 1 : 0);
  write_http(text, metrics);
  write_secrets(text, metrics);
  write_calls(text, metrics);
  write_credentials(text, metrics);
  text.counter("sma_log_lines_dropped_total", "Lines that the log could not keep.", metrics.log_lines_dropped);
  write_process(text, metrics);
  return SharedBytes(text.view());
}

}  // namespace sma
