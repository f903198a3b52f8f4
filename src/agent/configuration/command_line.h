#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/client/exec_request.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"

namespace sma {

/// The arguments of `get`.
struct GetRequest {
  std::string secret_id{};
  Seconds wait{0};  ///< how long to try until token file and agent are there and the answer may not change
  std::string version_id{};
  std::string version_stage{};
  bool refresh = false;
  std::string role_arn{};
  std::string field{};  ///< empty: the whole secret
  bool json = false;    ///< the agent's whole answer
};

/// The arguments of `status`.
struct StatusRequest {
  bool watch = false;  ///< again and again
  bool json = false;   ///< the agent's answer as it is
};

/// The command line as it was read (specification §4.5). No file has been read for it.
struct CommandLine {
  enum class Command {
    run,
    check_config,
    health_check,
    get,
    exec,
    copy_to,
    status,
    certificates,  ///< what version 3 of the AWS agent does with certificates; not this agent's job
    help,
    version,
  };
  Command command = Command::run;
  /// Started as `sm start`, or under the file name of version 3: the log file, the start line and the default
  /// configuration file are then those of that version.
  bool as_version_3 = false;
  std::string config_file{};  ///< empty: none given
  bool online = false;        ///< of `--check-config`
  bool ready = false;         ///< of `--health-check`
  bool create_token = false;
  std::optional<gid_t> token_group{};
  std::optional<uid_t> agent_user{};  ///< whom a client trusts as the agent, beside the usual users
  bool lambda = false;                ///< `--lambda`, or started from a folder called `extensions`
  std::string program_name{};         ///< the name of the file that was started
  GetRequest get{};
  ExecRequest exec{};
  std::string copy_target{};  ///< of `copy-to`
  StatusRequest status{};
};

/// `arguments` begin with the program's own name; `executable` is the whole path of the file, if that name has no
/// folder. A fault's message is what to print: the problem, with the nearest word that exists if a word is unknown,
/// and a line that points to `--help`, without the last line's end.
[[nodiscard]] Result<CommandLine> read_command_line(std::span<const char* const> arguments,
                                                    std::string_view executable = {});

/// The configuration file to read: the one given; as version 3 its default one, if that exists; else empty.
[[nodiscard]] std::string configuration_file(const CommandLine& command_line, const Files& files);

}  // namespace sma
