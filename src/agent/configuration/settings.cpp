#include "agent/configuration/settings.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/json_text.h"

namespace sma {
namespace {

/// A basic string of TOML: no setting holds what it escapes in another way than JSON.
std::string quoted_text(std::string_view text) {
  std::string written;
  append_json_string(written, text);
  return written;
}

std::string list(const std::vector<std::string>& texts) {
  std::string written;
  for (const std::string& text : texts) written += (written.empty() ? "" : ", ") + quoted_text(text);
  return '[' + written + ']';
}

std::string real(double number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const std::string written(digits.data(), end);
  return written.find_first_of(".e") == written.npos ? written + ".0" : written;
}

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::info:
      return "INFO";
    case LogLevel::warn:
      return "WARN";
    case LogLevel::error:
      return "ERROR";
    case LogLevel::none:
      break;
  }
  return "NONE";
}

/// Writes `key = value` lines under headers.
class Writer {
 public:
  void header(std::string_view name) { text_ += (text_.empty() ? "" : "\n") + std::string(name) + '\n'; }
  void line(std::string_view key, const std::string& value) { text_ += std::string(key) + " = " + value + '\n'; }
  void flag(std::string_view key, bool value) { line(key, value ? "true" : "false"); }
  void number(std::string_view key, std::size_t value) { line(key, std::to_string(value)); }
  void optional(std::string_view key, const std::string& value, std::string_view otherwise = {}) {
    if (!value.empty()) return line(key, quoted_text(value));
    if (!otherwise.empty()) text_ += "# " + std::string(key) + " is not set: " + std::string(otherwise) + '\n';
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_{};
};

void write_prefetch(Writer& out, const PrefetchSettings& prefetch) {
  out.header("[capabilities.secrets_manager.prefetch]");
  out.line("cache_buffer_ratio", real(prefetch.cache_buffer_ratio));
  out.number("max_jitter_seconds", static_cast<std::size_t>(prefetch.max_jitter.count()));
  if (prefetch.secrets.empty()) out.line("secrets", "[]");
  if (prefetch.filter_tags.empty()) out.line("filter_tags", "[]");
  for (const PrefetchSettings::Secret& secret : prefetch.secrets) {
    out.header("[[capabilities.secrets_manager.prefetch.secrets]]");
    out.line("secret_id", quoted_text(secret.secret_id));
    out.optional("role_arn", secret.role_arn);
  }
  for (const PrefetchSettings::Tag& tag : prefetch.filter_tags) {
    out.header("[[capabilities.secrets_manager.prefetch.filter_tags]]");
    out.line("key", quoted_text(tag.key));
    out.optional("role_arn", tag.role_arn);
  }
}

std::string_view flag(bool value) { return value ? "true" : "false"; }

std::string with_commas(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ",") + text;
  return joined;
}

}  // namespace

std::string render_settings(const Settings& settings) {
  Writer out;
  out.header("[logging]");
  out.line("log_level", quoted_text(level_name(settings.log_level)));
  out.flag("log_to_file", settings.log_to_file);
  out.header("[capabilities.secrets_manager]");
  out.flag("enabled", settings.enabled);
  out.number("http_port", settings.http_port);
  out.optional("region", settings.region, "found in the environment, the profile or instance metadata");
  out.line("path_prefix", quoted_text(settings.path_prefix));
  out.number("max_conn", settings.max_conn);
  out.number("max_roles", settings.max_roles);
  out.flag("ignore_transient_errors", settings.ignore_transient_errors);
  out.flag("validate_credentials", settings.validate_credentials);
  out.optional("credentials_file_path", settings.credentials_file_path, "credentials are found as the AWS SDKs do");
  out.flag("sandbox", settings.sandbox);
  out.header("[capabilities.secrets_manager.cache]");
  out.number("ttl_seconds", static_cast<std::size_t>(settings.ttl.count()));
  out.number("cache_size", settings.cache_size);
  out.number("cache_bytes", settings.cache_bytes);
  out.header("[capabilities.secrets_manager.security]");
  out.line("ssrf_headers", list(settings.ssrf_headers));
  out.line("ssrf_env_variables", list(settings.ssrf_env_variables));
  write_prefetch(out, settings.prefetch);
  if (settings.acm_enabled) {
    out.header("[capabilities.acm]");
    out.flag("enabled", true);
  }
  return out.take();
}

void log_settings(Log& log, const Settings& settings) {
  const PrefetchSettings& prefetch = settings.prefetch;
  log.info("settings", {{"log_level", level_name(settings.log_level)},
                        {"log_to_file", flag(settings.log_to_file)},
                        {"http_port", settings.http_port},
                        {"region", settings.region},
                        {"path_prefix", settings.path_prefix},
                        {"max_conn", settings.max_conn},
                        {"max_roles", settings.max_roles},
                        {"ignore_transient_errors", flag(settings.ignore_transient_errors)},
                        {"validate_credentials", flag(settings.validate_credentials)},
                        {"credentials_file_path", settings.credentials_file_path},
                        {"sandbox", flag(settings.sandbox)},
                        {"ttl_seconds", settings.ttl.count()},
                        {"cache_size", settings.cache_size},
                        {"cache_bytes", settings.cache_bytes},
                        {"ssrf_headers", with_commas(settings.ssrf_headers)},
                        {"ssrf_env_variables", with_commas(settings.ssrf_env_variables)},
                        {"prefetch_secrets", prefetch.secrets.size()},
                        {"prefetch_filter_tags", prefetch.filter_tags.size()},
                        {"prefetch_cache_buffer_ratio", real(prefetch.cache_buffer_ratio)},
                        {"prefetch_max_jitter_seconds", prefetch.max_jitter.count()}});
}

}  // namespace sma
