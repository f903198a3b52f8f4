#include "agent/configuration/settings.h"

#include <doctest/doctest.h>

#include "agent/configuration/settings_keys.h"
#include "agent/configuration/settings_reader.h"
#include "tests/unit/base/log_lines.h"

namespace sma {
namespace {

std::string read_and_rendered(const std::string& text) {
  auto loaded = read_settings("rendered", text, Environment(std::map<std::string, std::string, std::less<>>{}));
  if (!loaded.ok()) FAIL(loaded.fault().message);
  return render_settings(loaded->settings);
}

TEST_CASE("settings that were written out are read back the same") {
  Settings settings;
  CHECK(read_and_rendered(render_settings(settings)) == render_settings(settings));

  settings.log_level = LogLevel::none;
  settings.log_to_file = false;
  settings.log_format = LogFormat::json;
  settings.enabled = false;
  settings.http_port = 0;
  settings.unix_socket = "/run/agent.sock";
  settings.metrics_address = "[::]:9772";
  settings.region = "eu-central-1";
  settings.path_prefix = "/\"quoted\" \\ = [x] # \xC3\xA9/";
  settings.max_conn = 1;
  settings.max_roles = 2;
  settings.cache.ignore_transient_errors = false;
  settings.validate_credentials = false;
  settings.credentials_file_path = "/tmp/with 'quotes'";
  settings.sandbox = false;
  settings.post_quantum = false;
  settings.cache.ttl = Seconds{0};
  settings.cache.max_stale = Seconds{31'536'000};
  settings.cache.cache_size = 0;
  settings.cache.cache_bytes = std::size_t{1} << 20;
  settings.ssrf_headers = {"X-One", "X-Two"};
  settings.ssrf_env_variables = {"A"};
  settings.prefetch.cache_buffer_ratio = 1;
  settings.prefetch.max_jitter = Seconds{7};
  settings.prefetch.secrets = {{"a/b", ""}, {"c", "arn:aws:iam::123456789012:role/R"}};
  settings.prefetch.filter_tags = {{"Team", "r"}};
  settings.acm_enabled = true;
  const std::string text = render_settings(settings);
  CHECK(read_and_rendered(text) == text);
  CHECK(text.find("cache_buffer_ratio = 1.0\n") != std::string::npos);
  CHECK(text.find("role_arn = \"arn:aws:iam::123456789012:role/R\"\n") != std::string::npos);
}

TEST_CASE("settings that are not set are written out as comments, and empty lists as such") {
  const std::string text = render_settings({});
  CHECK(text.find("\n# region is not set: ") != std::string::npos);
  CHECK(text.find("\n# unix_socket is not set: ") != std::string::npos);
  CHECK(text.find("\n# metrics_address is not set: ") != std::string::npos);
  CHECK(text.find("\n# credentials_file_path is not set: ") != std::string::npos);
  CHECK(text.find("\nsecrets = []\nfilter_tags = []\n") != std::string::npos);
  for (const SettingKey& key : setting_keys()) CHECK_MESSAGE(text.find(key.name) != std::string::npos, key.name);
}

TEST_CASE("settings are logged as one line at INFO, prefetched secrets as a number") {
  LogLines lines;
  Settings settings;
  settings.prefetch.secrets = {{"a/b", ""}};
  Log log(&lines, LogLevel::info);
  log_settings(log, settings);
  REQUIRE(lines.lines.size() == 1);
  const std::string& line = lines.lines.front();
  CHECK(line.find("INFO settings log_level=INFO") != std::string::npos);
  CHECK(line.find("ttl_seconds=300") != std::string::npos);
  CHECK(line.find("ssrf_headers=X-Aws-Parameters-Secrets-Token,X-Vault-Token") != std::string::npos);
  CHECK(line.find("prefetch_secrets=1") != std::string::npos);
  for (const SettingKey& key : setting_keys())
    if (key.name != "enabled") CHECK_MESSAGE(line.find(key.name) != std::string::npos, key.name);
}

}  // namespace
}  // namespace sma
