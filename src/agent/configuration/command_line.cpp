#include "agent/configuration/command_line.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

namespace sma {
namespace {

using Command = CommandLine::Command;

constexpr std::string_view kVersion3Name = "aws-workload-credentials-provider";
constexpr std::string_view kOtherNames[] = {"secrets-manager-agent", "aws_secretsmanager_agent"};
constexpr const char* kVersion3File = "/etc/aws-workload-credentials-provider/config.toml";
constexpr std::uint64_t kLongestWait = 86400;

class ArgumentReader {
 public:
  ArgumentReader(std::span<const char* const> arguments, CommandLine& line) : arguments_(arguments), line_(line) {}

  void read() {
    bool only_words = false;
    while (at_ < arguments_.size() && problem_.empty() && !is_answered()) {
      const std::string_view argument = arguments_[at_++];
      if (only_words || !argument.starts_with('-')) {
        words_.push_back(argument);
      } else if (argument == "--") {
        only_words = true;
      } else {
        read_option(argument);
      }
    }
    if (problem_.empty() && !is_answered()) read_words();
    if (problem_.empty() && !is_answered()) check();
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  /// Whatever else is asked for, `--help` and `--version` win.
  [[nodiscard]] bool is_answered() const { return line_.command == Command::help || line_.command == Command::version; }
  [[nodiscard]] bool has_word(std::string_view word) const { return !words_.empty() && words_.front() == word; }

  void read_option(std::string_view argument) {
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : argument.npos;
    const std::string_view name = argument.substr(0, equals);
    if (equals != argument.npos) attached_ = argument.substr(equals + 1);
    if (!read_general(name) && !(has_word("get") && read_get(name)) &&
        !(is_certificate_word() && name == "--no-sudoers"))
      return fail("unknown option " + std::string(name));
    if (attached_) fail(std::string(name) + " takes no value");
  }

  bool read_general(std::string_view name) {
    if (name == "-c" || name == "--config") {
      read_text(name, line_.config_file);
    } else if (name == "-h" || name == "--help") {
      line_.command = Command::help;
    } else if (name == "-V" || name == "--version") {
      line_.command = Command::version;
    } else if (name == "--check-config") {
      choose(Command::check_config);
    } else if (name == "--health-check") {
      choose(Command::health_check);
    } else if (name == "--create-token") {
      line_.create_token = true;
    } else if (name == "--token-group") {
      line_.token_group = static_cast<gid_t>(read_number(name, std::uint64_t{0xFFFFFFFE}));
    } else if (name == "--lambda") {
      line_.lambda = true;
    } else {
      return false;
    }
    return true;
  }

  bool read_get(std::string_view name) {
    GetRequest& get = line_.get;
    if (name == "--wait") {
      get.wait = Seconds(read_number(name, kLongestWait));
    } else if (name == "--version-id") {
      read_text(name, get.version_id);
    } else if (name == "--version-stage") {
      read_text(name, get.version_stage);
    } else if (name == "--role-arn") {
      read_text(name, get.role_arn);
    } else if (name == "--field") {
      read_text(name, get.field);
    } else if (name == "--refresh") {
      get.refresh = true;
    } else if (name == "--json") {
      get.json = true;
    } else {
      return false;
    }
    return true;
  }

  void read_text(std::string_view name, std::string& target) {
    if (!attached_ && at_ < arguments_.size()) attached_ = arguments_[at_++];
    target = attached_.value_or("");
    attached_.reset();
    if (target.empty()) fail(std::string(name) + " needs a value");
  }

  std::uint64_t read_number(std::string_view name, std::uint64_t most) {
    std::string text;
    read_text(name, text);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number > most)
      fail(std::string(name) + " needs a number, " + std::to_string(most) + " at most");
    return number;
  }

  [[nodiscard]] bool is_certificate_word() const {
    return has_word("acm") || has_word("setup-config-based-permissions");
  }

  void read_words() {
    if (words_.empty()) return;
    if (has_word("get")) {
      if (words_.size() != 2 || words_[1].empty()) return fail("get takes one SECRET_ID");
      line_.get.secret_id = words_[1];
      return choose(Command::get);
    }
    const bool starts = words_.size() == 2 && words_[1] == "start";
    const bool reloads = words_.size() == 2 && words_[1] == "reload";
    line_.as_version_3 = true;
    if (has_word("sm") && starts) return;
    if (has_word("setup-config-based-permissions") ? words_.size() == 1 : has_word("acm") && (starts || reloads))
      return choose(Command::certificates);
    fail("unknown command " + std::string(words_.front()) + (words_.size() > 1 ? " " + std::string(words_[1]) : ""));
  }

  void check() {
    if (line_.token_group && !line_.create_token) fail("--token-group needs --create-token");
    if (!line_.get.field.empty() && line_.get.json) fail("--field and --json exclude each other");
  }

  void choose(Command command) {
    if (line_.command != Command::run && line_.command != command)
      return fail("one at a time: --check-config, --health-check, get, acm, setup-config-based-permissions");
    line_.command = command;
  }

  void fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    attached_.reset();
  }

  std::span<const char* const> arguments_;
  std::size_t at_ = 0;
  std::optional<std::string_view> attached_{};  ///< what stands behind the = of an option
  std::vector<std::string_view> words_{};
  std::string problem_{};
  CommandLine& line_;
};

bool is_in_extensions_folder(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash != path.npos && ("/" + std::string(path.substr(0, slash))).ends_with("/extensions");
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// A container's `command:` that begins with the program, as it must where an image has no entry point, hands that name
/// to ours as the first argument.
bool names_program(std::string_view argument) {
  const std::string_view name = file_name(argument);
  return name == kVersion3Name || std::ranges::find(kOtherNames, name) != std::end(kOtherNames);
}

}  // namespace

Result<CommandLine> read_command_line(std::span<const char* const> arguments, std::string_view executable) {
  CommandLine line;
  if (arguments.size() > 1 && names_program(arguments[1])) arguments = arguments.subspan(1);
  const std::string_view program = arguments.empty() ? executable : arguments.front();
  if (!arguments.empty()) arguments = arguments.subspan(1);
  line.as_version_3 = file_name(program) == kVersion3Name;
  line.lambda = is_in_extensions_folder(program) || is_in_extensions_folder(executable);
  // A link in that folder is named after itself, a file there that was found by other means after the file.
  line.program_name =
      file_name(line.lambda && !is_in_extensions_folder(program) ? executable : std::string_view(program));
  ArgumentReader reader(arguments, line);
  reader.read();
  if (reader.problem().empty()) return line;
  std::string message = reader.problem() + "\n" + usage();
  message.pop_back();
  return Fault::of_agent(Fault::Kind::denied, 500, "InvalidCommandLine", std::move(message));
}

std::string usage() {
  return R"(Usage: secrets-manager-agent [--config FILE] [--create-token [--token-group GID]] [--lambda]
       secrets-manager-agent sm start [--config FILE]
       secrets-manager-agent --check-config [--config FILE]
       secrets-manager-agent --health-check [--config FILE]
       secrets-manager-agent get SECRET_ID [OPTION]... [--config FILE]
       secrets-manager-agent acm start | acm reload | setup-config-based-permissions
       secrets-manager-agent --help | --version

Serves AWS Secrets Manager secrets on http://127.0.0.1:2773.

  -c, --config FILE       read this TOML file; SMA_ variables win over it
      --create-token      write a new token to the token's file if there is none
      --token-group GID   the group of that file, as a number
      --lambda            run as an extension of AWS Lambda
      --check-config      check the configuration, print the settings in force
      --health-check      ask the running agent: exit 0 if it is healthy, else 1
  -h, --help              print this
  -V, --version           print the versions of the agent and of the libraries in it

sm start runs as version 3 of the AWS agent does. acm and setup-config-based-permissions,
which that version has, only say that certificates are not this agent's job.

get asks the running agent for a secret and prints its bytes:
      --wait SECONDS      try for that long, until the token's file and the agent are there
      --version-id V      this version
      --version-stage S   the version with this stage
      --role-arn R        with this role
      --refresh           from AWS, not from the cache
      --field NAME        only this field of a secret that is a JSON object
      --json              the agent's whole answer
)";
}

std::string configuration_file(const CommandLine& command_line, const Files& files) {
  if (!command_line.config_file.empty()) return command_line.config_file;
  return command_line.as_version_3 && files.exists(kVersion3File) ? kVersion3File : std::string();
}

}  // namespace sma
