#include "agent/configuration/settings_reader.h"

#include <doctest/doctest.h>

#include <map>

namespace sma {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

Result<LoadedSettings> read(std::string_view text, const Variables& variables = {}) {
  return read_settings("agent.toml", text, Environment(variables));
}

Settings settings_of(std::string_view text, const Variables& variables = {}) {
  auto loaded = read(text, variables);
  CAPTURE(text);
  if (!loaded.ok()) FAIL(loaded.fault().message);
  return std::move(loaded->settings);
}

/// What is wrong; empty where nothing is.
std::string wrong(std::string_view text, const Variables& variables = {}) {
  const auto loaded = read(text, variables);
  return loaded.ok() ? std::string() : loaded.fault().message;
}

/// Files by their path.
class SomeFiles final : public Files {
 public:
  explicit SomeFiles(Variables files) : files_(std::move(files)) {}
  Result<WipedBytes> read(const std::string& path, std::size_t) const override {
    const auto found = files_.find(path);
    if (found == files_.end() || found->second == "unreadable")
      return Fault::internal("cannot read " + path + ": Permission denied");
    return WipedBytes(found->second);
  }
  bool exists(const std::string& path) const override { return files_.contains(path); }
  bool is_folder(const std::string& path) const override { return path.ends_with("folder"); }

 private:
  Variables files_;
};

TEST_CASE("an empty configuration means the defaults") {
  const Settings settings = settings_of("");
  CHECK(settings.http_port == 2773);
  CHECK(settings.cache.ttl == Seconds{300});
  CHECK(settings.ssrf_headers.size() == 2);
  CHECK(settings.ssrf_env_variables.size() == 3);
  CHECK(settings.prefetch.secrets.empty());
  CHECK(render_settings(settings) == render_settings(Settings{}));
}

TEST_CASE("the flat form takes its keys in any case") {
  const Settings settings = settings_of(R"(
    LOG_LEVEL = "DEBUG"
    Log_To_File = false
    log_format = "JSON"
    http_port = "65535"
    ttl_seconds = 0
    Max_Stale_Seconds = 86_400
    cache_size = '10'
    cache_bytes = 1_048_576
    max_conn = 0x0a
    max_roles = 2.0
    region = "us-west-2"
    path_prefix = "/other/"
    ssrf_headers = ["X-One"]
    ssrf_env_variables = [ # comment
      "MY_TOKEN",
    ]
    ignore_transient_errors = "off"
    validate_credentials = 0
    credentials_file_path = "/tmp/credentials"
    sandbox = no
    post_quantum = no
    prefetch = { cache_buffer_ratio = 0.5, secrets = [{ secret_id = "a" }] }
  )");
  CHECK(settings.log_level == LogLevel::debug);
  CHECK_FALSE(settings.log_to_file);
  CHECK(settings.log_format == LogFormat::json);
  CHECK(settings.http_port == 65535);
  CHECK(settings.cache.ttl == Seconds{0});
  CHECK(settings.cache.max_stale == Seconds{86'400});
  CHECK(settings.cache.cache_size == 10);
  CHECK(settings.cache.cache_bytes == 1048576);
  CHECK(settings.max_conn == 10);
  CHECK(settings.max_roles == 2);
  CHECK(settings.region == "us-west-2");
  CHECK(settings.path_prefix == "/other/");
  CHECK(settings.ssrf_headers == std::vector<std::string>{"X-One"});
  CHECK(settings.ssrf_env_variables == std::vector<std::string>{"MY_TOKEN"});
  CHECK_FALSE(settings.cache.ignore_transient_errors);
  CHECK_FALSE(settings.validate_credentials);
  CHECK(settings.credentials_file_path == "/tmp/credentials");
  CHECK_FALSE(settings.sandbox);
  CHECK_FALSE(settings.post_quantum);
  CHECK(settings.prefetch.cache_buffer_ratio == 0.5);
  CHECK(settings.prefetch.secrets.at(0).secret_id == "a");
}

TEST_CASE("the nested form, with prefetch as lists of tables") {
  const Settings settings = settings_of(R"(
[logging]
log_level = "warn"
[capabilities.secrets_manager]
enabled = false
http_port = 0
[capabilities.secrets_manager.cache]
ttl_seconds = 3600
[capabilities.secrets_manager.security]
ssrf_headers = ["A", "B"]
[capabilities.secrets_manager.prefetch]
max_jitter_seconds = 10
cache_buffer_ratio = 1
[[capabilities.secrets_manager.prefetch.secrets]]
secret_id = "one"
[[capabilities.secrets_manager.prefetch.secrets]]
secret_id = "two"
role_arn = "arn:aws:iam::123456789012:role/R"
[[capabilities.secrets_manager.prefetch.filter_tags]]
key = "Team"
)");
  CHECK(settings.log_level == LogLevel::warn);
  CHECK_FALSE(settings.enabled);
  CHECK(settings.http_port == 0);
  CHECK(settings.cache.ttl == Seconds{3600});
  CHECK(settings.ssrf_headers == std::vector<std::string>{"A", "B"});
  CHECK(settings.prefetch.max_jitter == Seconds{10});
  CHECK(settings.prefetch.cache_buffer_ratio == 1.0);
  REQUIRE(settings.prefetch.secrets.size() == 2);
  CHECK(settings.prefetch.secrets[1].role_arn == "arn:aws:iam::123456789012:role/R");
  CHECK(settings.prefetch.filter_tags.at(0).key == "Team");
}

TEST_CASE("both forms may be mixed; a key in both is a duplicate") {
  CHECK(settings_of("max_conn = 7\n[capabilities.secrets_manager]\nmax_roles = 3\n").max_conn == 7);
  CHECK(wrong("max_conn = 7\n\n[capabilities.secrets_manager]\nmax_conn = 8\n") ==
        "agent.toml:4: max_conn: given twice; it stands in line 1 already");
  CHECK(wrong("max_conn = 7\nMax_Conn = 7\n") == "agent.toml:2: max_conn: given twice; it stands in line 1 already");
  CHECK(wrong("[prefetch]\nmax_jitter_seconds = 1\n[capabilities.secrets_manager.prefetch]\nmax_jitter_seconds = 1\n")
            .starts_with("agent.toml:4: max_jitter_seconds"));
}

TEST_CASE("prefetch of the flat form takes its keys in any case, the nested form takes none but its own") {
  CHECK(settings_of("[Prefetch]\nMax_Jitter_Seconds = 3\n").prefetch.max_jitter == Seconds{3});
  CHECK(settings_of("PREFETCH.SECRETS = [{secret_id = 'a'}]").prefetch.secrets.size() == 1);
  CHECK(
      wrong("[prefetch]\nmax_jitter_seconds = 1\n[PREFETCH]\nMAX_JITTER_SECONDS = 1\n").starts_with("agent.toml:4: "));
  CHECK(wrong("[prefetch]\nsecrets = [{Secret_Id = 'a'}]\n").starts_with("agent.toml:2: "));
  CHECK(wrong("[prefetch]\nratio = 1\n") ==
        "agent.toml:2: ratio: unknown key; allowed here: cache_buffer_ratio, max_jitter_seconds, secrets, filter_tags; "
        "the nearest is cache_buffer_ratio");
  for (const char* other : {"[Logging]", "[logging]\nLog_Level = 'INFO'", "[Capabilities.secrets_manager]",
                            "[capabilities.secrets_manager]\nMax_Conn = 1", "[capabilities.secrets_manager.Prefetch]",
                            "[capabilities]\nprefetch = {}"})
    CHECK_MESSAGE(wrong(other).find("unknown key") != std::string::npos, other);
}

TEST_CASE("booleans are taken as the AWS agent takes them") {
  for (const char* yes : {"true", "\"true\"", "'TRUE'", "on", "\"on\"", "yes", "\"Yes\"", "1", "\"1\"", "1.0"})
    CHECK_MESSAGE(settings_of("validate_credentials = " + std::string(yes)).validate_credentials, yes);
  for (const char* no : {"false", "\"false\"", "'FALSE'", "off", "\"off\"", "no", "\"No\"", "0", "\"0\""})
    CHECK_MESSAGE(!settings_of("validate_credentials = " + std::string(no)).validate_credentials, no);
  for (const char* neither : {"2", "\"\"", "\"maybe\"", "[]", "{}", "0.5", "nan"})
    CHECK(wrong("validate_credentials = " + std::string(neither)).find("is not allowed; allowed: true or false") !=
          std::string::npos);
}

TEST_CASE("numbers keep to their ranges") {
  const auto check = [](const std::string& key, const std::vector<std::string>& right,
                        const std::vector<std::string>& other) {
    for (const std::string& value : right) CHECK_MESSAGE(wrong(key + " = " + value) == "", key << value);
    for (const std::string& value : other)
      CHECK_MESSAGE(wrong(key + " = " + value).starts_with("agent.toml:1: " + key + ": "), key << value);
  };
  check("http_port", {"0", "1024", "65535", "\"0\"", "2773.0", "\"+2773\""},
        {"1", "1023", "65536", "-1", "\"no number\"", "2773.5", "true", "\"\"", "\" 2773\"", "nan", "[2773]", "1e300"});
  check("max_conn", {"1", "1000"}, {"0", "1001", "on"});
  check("max_roles", {"1", "20"}, {"0", "21"});
  check("ttl_seconds", {"0", "3600"}, {"-1", "3601"});
  check("max_stale_seconds", {"0", "31536000"}, {"-1", "31536001"});
  check("cache_size", {"0", "1000"}, {"-1", "1001", "9223372036854775807"});
  check("cache_bytes", {"1048576", "1073741824"}, {"1048575", "1073741825"});
  CHECK(wrong("prefetch.cache_buffer_ratio = 0.1") == "");
  CHECK(wrong("prefetch.cache_buffer_ratio = \"0.1\"") == "");
  for (const char* ratio : {"0.09", "1.1", "nan", "0", "\"half\"", "true"})
    CHECK(wrong("prefetch.cache_buffer_ratio = " + std::string(ratio)).ends_with("allowed: 0.1 to 1.0"));
  CHECK(wrong("prefetch.max_jitter_seconds = 11") ==
        "agent.toml:1: max_jitter_seconds: 11 is not allowed; allowed: 0 to 10");
  CHECK(wrong("max_conn = 2.5") == "agent.toml:1: max_conn: 2.5 is not allowed; allowed: 1 to 1000");
  CHECK(wrong("max_conn = -inf") == "agent.toml:1: max_conn: -inf is not allowed; allowed: 1 to 1000");
  CHECK(wrong("max_conn = true") == "agent.toml:1: max_conn: true is not allowed; allowed: 1 to 1000");
  CHECK(wrong("max_conn = [1]") == "agent.toml:1: max_conn: a list is not allowed; allowed: 1 to 1000");
}

TEST_CASE("texts and lists hold what they can mean") {
  CHECK(
      wrong("log_level = 'non'") ==
      "agent.toml:1: log_level: \"non\" is not allowed; allowed: DEBUG, INFO, WARN, ERROR, NONE; the nearest is NONE");
  CHECK(wrong("log_level = 'wran'").ends_with("; the nearest is WARN"));
  CHECK(wrong("sandbox = 'ture'") ==
        "agent.toml:1: sandbox: \"ture\" is not allowed; allowed: true or false; the nearest is true");
  CHECK(wrong("path_prefix = 'v1/'") ==
        "agent.toml:1: path_prefix: \"v1/\" is not allowed; allowed: a text that begins with /");
  CHECK(wrong("path_prefix = \"a\\u001b\\\"b\"")
            .starts_with("agent.toml:1: path_prefix: \"a\\x1b\\\"b\" is not allowed"));
  CHECK(wrong("region = 'us " + std::string(1000, 'x') + "'").size() < 200);
  CHECK(wrong("path_prefix = 1").starts_with("agent.toml:1: path_prefix: 1 is not allowed"));
  for (const char* region : {"''", "'us east'", "'evil.com/'", "'-a'", "5"})
    CHECK(wrong("region = " + std::string(region)) != "");
  CHECK(wrong("credentials_file_path = \"a\\u0000b\"") != "");
  CHECK(wrong("metrics_address = '0.0.0.0:9772'") == "");
  CHECK(wrong("metrics_address = 'localhost:9772'")
            .starts_with("agent.toml:1: metrics_address: \"localhost:9772\" is not allowed; allowed: an IP address"));
  CHECK(wrong("unix_socket = '/run/agent.sock'") == "");
  CHECK(wrong("unix_socket = 'agent.sock'")
            .starts_with("agent.toml:1: unix_socket: \"agent.sock\" is not allowed; allowed: an absolute path"));
  for (const std::string& path : {std::string("/run/"), "/" + std::string(107, 'x')})
    CHECK(wrong("unix_socket = '" + path + "'") != "");
  for (const char* list : {"[]", "'X'", "['']", "[1]", "['a b']", "['a', ['b']]", "{}"})
    CHECK_MESSAGE(wrong("ssrf_headers = " + std::string(list)).ends_with("allowed: a list of at least one header name"),
                  list);
  CHECK(wrong("ssrf_headers = [\n'ok',\n'a:b']") ==
        "agent.toml:3: ssrf_headers: \"a:b\" is not allowed; "
        "allowed: a list of at least one header name");
  CHECK(wrong("ssrf_headers = []").starts_with("agent.toml:1: ssrf_headers: an empty list is not allowed"));
}

TEST_CASE("prefetch entries name what they need and nothing else") {
  for (const char* entries : {"1", "['a']", "[{}]", "[{secret_id = ''}]", "[{role_arn = 'r'}]", "[{secret_id = 1}]",
                              "[{secret_id = 'a', role = 'r'}]", "[{key = 'a'}]", "[{secret_id = 'a', role_arn = ''}]"})
    CHECK_MESSAGE(wrong("[prefetch]\nsecrets = " + std::string(entries)).starts_with("agent.toml:2: secrets: "),
                  entries);
  CHECK(wrong("[prefetch]\nfilter_tags = [{key = 'a'}, {kye = 'b'}]") != "");
  CHECK(settings_of("prefetch.secrets = [{secret_id = 'a', role_arn = 'malformed'}]").prefetch.secrets.at(0).role_arn ==
        "malformed");
}

TEST_CASE("what is wrong in an entry of prefetch is named") {
  CHECK(wrong("[prefetch]\nsecrets = [{secret_name = 'a'}]") ==
        "agent.toml:2: secrets: the key secret_name is not allowed; "
        "allowed: a list of tables, each with secret_id and maybe role_arn, both texts; the nearest is secret_id");
  CHECK(wrong("[prefetch]\nfilter_tags = [{role_arn = 'a'}]")
            .starts_with("agent.toml:2: filter_tags: a table without key is"));
  CHECK(wrong("[prefetch]\nsecrets = [{secret_id = 5}]").starts_with("agent.toml:2: secrets: 5 is not allowed"));
}

TEST_CASE("unknown keys are refused with what may stand there, all of them in the file's order") {
  CHECK(wrong("[logging]\nlevel = 1") ==
        "agent.toml:2: level: unknown key; allowed here: log_level, log_to_file, log_format; the nearest is log_level");
  CHECK(wrong("[capabilities]\nx = 1").find("allowed here: acm, secrets_manager") != std::string::npos);
  CHECK(wrong("[capabilities.secrets_manager]\nttl_seconds = 1") ==
        "agent.toml:2: ttl_seconds: does not belong here, but in [capabilities.secrets_manager.cache]");
  CHECK(wrong("enabled = true").starts_with("agent.toml:1: enabled: does not belong here"));
  CHECK(wrong("logging = 1") == "agent.toml:1: logging: 1 is not allowed; allowed: a table");
  CHECK(wrong("[[capabilities]]").starts_with("agent.toml:1: capabilities: a list is not allowed"));
  CHECK(wrong("\"a\\nb\" = 1").find('\n') == std::string::npos);
  const std::string all = wrong("z = 1\nmax_conn = 0\na = 1\n");
  CHECK(all.starts_with("agent.toml:1: z"));
  CHECK(all.find("\nagent.toml:2: max_conn") < all.find("\nagent.toml:3: a"));
}

TEST_CASE("what is no TOML is refused with its line") {
  CHECK(wrong("This is gibberish").starts_with("agent.toml:1: "));
  CHECK(wrong("max_conn = 1\nregion = us-east-1\n").starts_with("agent.toml:2: "));
}

TEST_CASE("a file in another format is refused with its line and the name of the one it should have") {
  for (const char* other : {"{\n  \"log_level\": \"info\"\n}\n", "[\n  {\"a\": 1}\n]\n", "log_level: info\n",
                            "---\nlog_level: a=b\n", "(\n  log_level: \"info\",\n)\n", "log_level = info\n", "; x\n"})
    CHECK_MESSAGE(wrong(other).find("agent.toml:1: no TOML") == 0, wrong(other));
}

TEST_CASE("a section on certificates is ignored with a warning") {
  const auto loaded =
      read("max_conn = 5\n[capabilities.acm]\nenabled = 'yes'\n[[capabilities.acm.certificates]]\nx.y = 1\n");
  REQUIRE(loaded.ok());
  CHECK(loaded->settings.acm_enabled);
  REQUIRE(loaded->warnings.size() == 1);
  CHECK(loaded->warnings[0].starts_with("agent.toml:2: "));
  CHECK_FALSE(settings_of("[capabilities.acm]\ncertificates = []").acm_enabled);
  CHECK(wrong("[capabilities.acm]\nenabled = 5").starts_with("agent.toml:2: "));
  CHECK(wrong("capabilities.acm = 5").starts_with("agent.toml:1: "));
}

TEST_CASE("every key can be set by its variable, which wins over the file") {
  const Variables variables{{"SMA_LOG_LEVEL", "error"},
                            {"SMA_LOG_TO_FILE", "no"},
                            {"SMA_HTTP_PORT", " 3000\n"},
                            {"SMA_MAX_CONN", ""},
                            {"SMA_REGION", "eu-west-1"},
                            {"SMA_SANDBOX", "0"},
                            {"SMA_SSRF_HEADERS", "X-A, X-B,,"},
                            {"SMA_PREFETCH_CACHE_BUFFER_RATIO", "0.25"},
                            {"SMA_PREFETCH_MAX_JITTER_SECONDS", "3"},
                            {"SMA_PREFETCH_SECRETS", "one,two"},
                            {"SMA_PREFETCH_FILTER_TAGS", "Team"},
                            {"OTHER", "x"}};
  const Settings settings = settings_of("http_port = 2000\nmax_conn = 9\nregion = 'us-east-1'", variables);
  CHECK(settings.log_level == LogLevel::error);
  CHECK_FALSE(settings.log_to_file);
  CHECK(settings.http_port == 3000);
  CHECK(settings.max_conn == 9);
  CHECK(settings.region == "eu-west-1");
  CHECK_FALSE(settings.sandbox);
  CHECK(settings.ssrf_headers == std::vector<std::string>{"X-A", "X-B"});
  CHECK(settings.prefetch.cache_buffer_ratio == 0.25);
  CHECK(settings.prefetch.max_jitter == Seconds{3});
  CHECK(settings.prefetch.secrets.at(1).secret_id == "two");
  CHECK(settings.prefetch.filter_tags.at(0).key == "Team");
}

TEST_CASE("a variable's fault names the variable") {
  CHECK(wrong("", {{"SMA_HTTP_PORT", "80"}}) ==
        "SMA_HTTP_PORT: \"80\" is not allowed; allowed: 1024 to 65535, or 0 for any free port");
  CHECK(wrong("", {{"SMA_SSRF_HEADERS", ","}}).starts_with("SMA_SSRF_HEADERS: "));
}

TEST_CASE("a variable that no setting has is ignored with a warning that names the nearest one") {
  const auto loaded = read(
      "max_conn = 7", {{"SMA_MAX_CON", "1"}, {"SMA_CREDENTIALS_RELOAD_SECS", "5"}, {"SMA_a\nb", "1"}, {"SMA_X", ""}});
  REQUIRE(loaded.ok());
  CHECK(loaded->settings.max_conn == 7);
  REQUIRE(loaded->warnings.size() == 3);
  CHECK(loaded->warnings[0].starts_with("SMA_CREDENTIALS_RELOAD_SECS is ignored: no setting has this name"));
  CHECK(loaded->warnings[1] == "SMA_MAX_CON is ignored: no setting has this name; the nearest is SMA_MAX_CONN");
  CHECK(loaded->warnings[2].find('\n') == std::string::npos);
}

TEST_CASE("what Kubernetes sets for a service called sma is ignored with a warning") {
  const auto loaded = read("", {{"SMA_SERVICE_HOST", "10.0.0.1"},
                                {"SMA_SERVICE_PORT_HTTP", "80"},
                                {"SMA_PORT", "tcp://10.0.0.1:80"},
                                {"SMA_HTTP_PORT", "tcp://10.0.0.2:80"},
                                {"SMA_PORT_80_TCP_ADDR", "10.0.0.1"}});
  REQUIRE(loaded.ok());
  CHECK(loaded->settings.http_port == 2773);
  CHECK(loaded->warnings.size() == 5);
}

TEST_CASE("a file is found by its name, or by its name and .toml if the first is missing") {
  const SomeFiles files({{"/a.toml", "max_conn = 1"},
                         {"/b", "max_conn = 2"},
                         {"/c.yaml", "max_conn: 3"},
                         {"/d.toml", "unreadable"},
                         {"/e.toml", "x"},
                         {"/folder", "unreadable"},
                         {"/folder.toml", "max_conn = 4"},
                         {"/lone-folder", "unreadable"}});
  const Environment none{Variables{}};
  const auto load = [&](const std::string& path) { return load_settings(path, none, files); };
  CHECK(load("").value().settings.max_conn == 800);
  CHECK(load("/a.toml").value().settings.max_conn == 1);
  CHECK(load("/a").value().settings.max_conn == 1);
  CHECK(load("/b").value().settings.max_conn == 2);
  CHECK(load("/folder").value().settings.max_conn == 4);
  CHECK(load("/lone-folder").fault().message.starts_with("cannot read /lone-folder"));
  CHECK(load("/missing").fault().message == "/missing: the configuration file does not exist, nor does /missing.toml");
  CHECK(load("/d.toml").fault().message == "cannot read /d.toml: Permission denied");
  CHECK(load("/e").fault().message.starts_with("/e.toml:1: "));
  CHECK(load("/c").fault().message.find("TOML") != std::string::npos);
  for (const char* other : {"/x.json", "/x.JSON", "/x.yaml", "/x.yml", "/x.ini", "/x.ron", "/x.json5"}) {
    CHECK(load(other).fault().message.starts_with(std::string(other) + ": "));
    CHECK(load(other).fault().message.find("TOML") != std::string::npos);
  }
  CHECK(load("/folder.d/agent").fault().message.find("does not exist") != std::string::npos);
}

}  // namespace
}  // namespace sma
