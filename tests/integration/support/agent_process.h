#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/support/child.h"
#include "tests/integration/support/http_connection.h"
#include "tests/integration/support/temp_folder.h"

namespace sma::integration {

using Variables = std::map<std::string, std::string>;

/// The SSRF token that tests use unless they say otherwise.
inline constexpr const char* kToken = "integration-test-token-0123456789";

/// The binary under test: SMA_AGENT, else the one beside this program.
[[nodiscard]] std::filesystem::path agent_binary();

struct AgentSettings {
  Variables environment;  // over the defaults below; an empty value removes a default
  std::string config;     // TOML, written to a file and given by --config; empty: no file
  std::vector<std::string> arguments;
  std::vector<std::string> wrapper;  // a command that runs the agent: `unshare …`, `sh -c 'ulimit …; exec "$@"' -`
  bool read_output = true;           // false: standard output is read up to its first line only
  std::string output_file;           // standard output goes here instead of a pipe
  int both_outputs = -1;             // standard output and error go to this descriptor instead
  std::string binary;                // another path to run it by than agent_binary()
};

/// Default variables: a free port, DEBUG to a file, kToken, no instance metadata, $HOME the working folder.
[[nodiscard]] Variables default_variables(const std::filesystem::path& folder);

/// The real binary in a temporary folder of its own. What it wrote, its status and its metrics are
/// looked through for secrets when it ends, and the metrics for names, too.
class AgentProcess {
 public:
  /// Starts it; does not wait.
  explicit AgentProcess(AgentSettings settings);
  /// Stops it where it still runs.
  ~AgentProcess();
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  /// Waits for the start line and gives the port in it; throws with what the agent said where it ends first.
  std::uint16_t wait_until_listening();
  [[nodiscard]] std::uint16_t port();
  /// SIGTERM; the exit code.
  int stop();
  [[nodiscard]] Child& child() { return child_; }
  [[nodiscard]] const TempFolder& folder() const { return folder_; }
  /// The log file; all it wrote anywhere: log files, standard output and error.
  [[nodiscard]] std::string log() const;
  /// Waits until the log file has this text: a thread writes it. Throws after a minute.
  [[nodiscard]] bool logs(const std::string& text) const;
  [[nodiscard]] std::string all_output() const;

  [[nodiscard]] HttpConnection connect() { return HttpConnection(port()); }
  /// One request on a connection of its own, with the token.
  [[nodiscard]] Answer get(const std::string& target);
  /// The same for a secret by its id (unencoded), with more parameters: `&refreshNow=true`.
  [[nodiscard]] Answer get_secret(const std::string& secret_id, const std::string& parameters = "");

 private:
  /// What it answers to a request about itself; empty if it does not answer, or is not known to listen.
  [[nodiscard]] std::string own_answer(const std::string& path);

  TempFolder folder_;
  Child child_;
  std::uint16_t port_ = 0;
};

/// `GET TARGET` with Host and token.
[[nodiscard]] std::string get_request(const std::string& target, const std::string& more_headers = "");
[[nodiscard]] std::string percent_encode(const std::string& text);

/// Runs the binary to its end: for `--version`, `get`, and starts that must fail.
[[nodiscard]] Outcome run_agent(const AgentSettings& settings);

/// A TCP port that was free a moment ago, and that the kernel gives to no outgoing connection: it takes those from
/// 32768 on.
[[nodiscard]] std::uint16_t free_port();

}  // namespace sma::integration
