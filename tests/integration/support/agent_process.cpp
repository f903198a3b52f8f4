#include "tests/integration/support/agent_process.h"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <random>
#include <stdexcept>

#include "tests/integration/support/secret_registry.h"
#include "tests/integration/support/wait_until.h"
#include "tests/standin/listener.h"

namespace sma::integration {

namespace {

ChildSettings child_settings(const AgentSettings& settings, const TempFolder& folder) {
  ChildSettings child;
  child.folder = folder.path();
  child.read_output = settings.read_output;
  child.output_file = settings.output_file;
  child.both_outputs = settings.both_outputs;
  child.environment = default_variables(folder.path());
  for (const auto& [name, value] : settings.environment) {
    if (value.empty()) {
      child.environment.erase(name);
    } else {
      child.environment[name] = value;
    }
  }
  child.command = settings.wrapper;
  child.command.push_back(settings.binary.empty() ? agent_binary().string() : settings.binary);
  child.command.insert(child.command.end(), settings.arguments.begin(), settings.arguments.end());
  if (!settings.config.empty()) {
    child.command.insert(child.command.end(), {"--config", folder.write("config.toml", settings.config)});
  }
  return child;
}

}  // namespace

std::filesystem::path agent_binary() {
  if (const char* given = std::getenv("SMA_AGENT")) return std::filesystem::absolute(given);
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "secrets-manager-agent";
}

Variables default_variables(const std::filesystem::path& folder) {
  Variables variables{{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"HOME", folder},       {"AWS_TOKEN", kToken},
                      {"AWS_EC2_METADATA_DISABLED", "true"},     {"SMA_HTTP_PORT", "0"}, {"SMA_LOG_LEVEL", "DEBUG"}};
  // A sanitizer build needs its options.
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "SMA_SANDBOX"}) {
    if (const char* value = std::getenv(name)) variables[name] = value;
  }
  SecretRegistry::of_this_run().add(kToken);
  return variables;
}

AgentProcess::AgentProcess(AgentSettings settings) : child_(child_settings(settings, folder_)) {}

AgentProcess::~AgentProcess() {
  try {
    const std::string metrics = own_answer("/metrics");
    const std::string status = own_answer("/status");
    if (child_.is_running()) stop();
    const std::string leaked = SecretRegistry::of_this_run().find_in(all_output() + status + metrics);
    CHECK_MESSAGE(leaked.empty(), "the agent wrote a secret, token, key or signature that begins with ", leaked);
    const std::string named = SecretRegistry::names_of_this_run().find_in(metrics);
    CHECK_MESSAGE(named.empty(), "the metrics hold a name that begins with ", named);
    CHECK_MESSAGE(metrics.find("arn:") == std::string::npos, "the metrics hold an ARN");
  } catch (const std::exception& error) {
    FAIL_CHECK(error.what());
  }
}

std::string AgentProcess::own_answer(const std::string& path) {
  if (port_ == 0 || !child_.is_running()) return "";
  try {
    return get(path).body;
  } catch (const std::runtime_error&) {
    return "";  // the test has made it stop answering
  }
}

std::uint16_t AgentProcess::wait_until_listening() {
  const auto line = child_.wait_for_line(" listening on http://127.0.0.1:");
  if (!line) {
    throw std::runtime_error("the agent ended with " + std::to_string(child_.wait()) + ": " + child_.errors() + log());
  }
  port_ = static_cast<std::uint16_t>(std::stoi(line->substr(line->rfind(':') + 1)));
  return port_;
}

std::uint16_t AgentProcess::port() { return port_ == 0 ? wait_until_listening() : port_; }

int AgentProcess::stop() {
  child_.signal(SIGTERM);
  return child_.wait();
}

std::string AgentProcess::log() const { return folder_.read("logs/secrets_manager_agent.log"); }

bool AgentProcess::logs(const std::string& text) const {
  wait_until("the log has " + text, [&] { return log().find(text) != std::string::npos; });
  return true;
}

std::string AgentProcess::all_output() const {
  std::string text = child_.output() + child_.errors();
  const auto logs = folder_.path() / "logs";
  if (!std::filesystem::is_directory(logs)) return text;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(logs)) {
    if (entry.is_regular_file() && !entry.is_symlink()) text += read_file(entry.path());
  }
  return text;
}

Answer AgentProcess::get(const std::string& target) {
  HttpConnection connection = connect();
  connection.send(get_request(target));
  return connection.read_answer();
}

Answer AgentProcess::get_secret(const std::string& secret_id, const std::string& parameters) {
  return get("/secretsmanager/get?secretId=" + percent_encode(secret_id) + parameters);
}

std::string get_request(const std::string& target, const std::string& more_headers) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nX-Aws-Parameters-Secrets-Token: " + kToken + "\r\n" +
         more_headers + "\r\n";
}

std::string percent_encode(const std::string& text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_') {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

Outcome run_agent(const AgentSettings& settings) {
  const TempFolder folder;
  Outcome outcome = run(child_settings(settings, folder));
  // `get` prints secrets on purpose: only what went to standard error is looked through.
  const std::string leaked = SecretRegistry::of_this_run().find_in(outcome.errors);
  CHECK_MESSAGE(leaked.empty(), "a message holds a secret that begins with ", leaked);
  return outcome;
}

std::uint16_t free_port() {
  constexpr unsigned kLowest = 16384;
  constexpr unsigned kCount = 16384;
  constexpr int kTries = 100;
  std::random_device random;
  for (int i = 0; i < kTries; ++i) {
    try {
      return standin::Listener("127.0.0.1:" + std::to_string(kLowest + random() % kCount)).port();
    } catch (const std::runtime_error&) {
      continue;  // taken
    }
  }
  throw std::runtime_error("no port is free");
}

}  // namespace sma::integration
