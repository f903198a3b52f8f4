#include "agent/status.h"

#include "base/ascii.h"
#include "base/json_writer.h"
#include "base/whole_number.h"

namespace sma {
namespace {

std::uint64_t kilobytes(std::string_view text, std::string_view name) {
  const std::size_t begin = text.find(name);
  if (begin == text.npos) return 0;
  std::string_view line = text.substr(begin + name.size());
  line = line.substr(0, line.find('\n'));
  if (line.ends_with("kB")) line.remove_suffix(2);
  return whole_number<std::uint64_t>(trimmed(line)).value_or(0);
}

std::optional<std::string_view> text_or_none(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

template <typename Integer>
void number(JsonWriter& json, std::string_view name, Integer value) {
  json.key(name).raw(std::to_string(value));
}

void write_secret(JsonWriter& json, const SecretStatus& secret) {
  json.begin_object().field("id", secret.id);
  json.key("role_arn").string_or_null(text_or_none(secret.role_arn));
  json.key("version_id").string_or_null(text_or_none(secret.version_id));
  number(json, "age_seconds", secret.age.count());
  number(json, "fresh_for_seconds", secret.fresh_for.count());
  number(json, "uses", secret.uses);
  json.key("last_error").string_or_null(text_or_none(secret.last_error)).end_object();
}

void write_file(JsonWriter& json, const FileStatus& file) {
  json.begin_object().field("path", file.path);
  json.key("age_seconds").raw(file.age ? std::to_string(file.age->count()) : "null");
  json.key("last_error").string_or_null(text_or_none(file.last_error)).end_object();
}

void write_credentials(JsonWriter& json, const AgentStatus& status) {
  json.key("credentials").begin_object();
  json.key("source").string_or_null(text_or_none(status.credentials_source));
  json.key("identity").string_or_null(text_or_none(status.identity));
  json.key("expires_in_seconds").raw(status.expires_in ? std::to_string(status.expires_in->count()) : "null");
  json.end_object();
}

void write_calls(JsonWriter& json, const CallCounts& calls) {
  json.key("aws_calls").begin_object();
  number(json, "ok", calls.ok);
  number(json, "throttled", calls.throttled);
  number(json, "denied", calls.denied);
  number(json, "transient", calls.transient);
  number(json, "error", calls.error);
  json.end_object();
}

void write(JsonWriter& json, const AgentStatus& status) {
  json.begin_object();
  number(json, "version", 1);
  json.field("agent", SMA_VERSION);
  number(json, "uptime_seconds", status.uptime.count());
  json.field("region", status.region);
  json.key("endpoints").begin_object();
  json.field("secretsmanager", status.secrets_manager_url).field("sts", status.sts_url).end_object();
  json.key("listening").strings(status.addresses);
  write_credentials(json, status);
  json.key("secrets").begin_array();
  for (const SecretStatus& secret : status.secrets) write_secret(json, secret);
  json.end_array().key("files").begin_array();
  for (const FileStatus& file : status.files) write_file(json, file);
  json.end_array().key("connections").begin_object();
  number(json, "open", status.connections);
  number(json, "limit", status.connection_limit);
  json.end_object();
  write_calls(json, status.calls);
  json.key("memory").begin_object();
  number(json, "anonymous_bytes", status.memory.anonymous);
  number(json, "file_bytes", status.memory.file);
  json.end_object().end_object();
}

}  // namespace

MemoryUse memory_use(std::string_view proc_status) {
  return {.anonymous = kilobytes(proc_status, "\nRssAnon:") * 1024,
          .file = kilobytes(proc_status, "\nRssFile:") * 1024};
}

SharedBytes status_json(const AgentStatus& status) {
  return shared_json([&](JsonWriter& json) { write(json, status); });
}

}  // namespace sma
