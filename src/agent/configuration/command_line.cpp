#include "agent/configuration/command_line.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "agent/configuration/nearest_word.h"
#include "agent/reference/secret_reference.h"
#include "base/ascii.h"
#include "base/log.h"
#include "base/whole_number.h"

namespace sma {
namespace {

using Command = CommandLine::Command;

constexpr std::string_view kVersion3Name = "aws-workload-credentials-provider";
constexpr std::string_view kOtherNames[] = {"secrets-manager-agent", "aws_secretsmanager_agent"};
constexpr const char* kVersion3File = "/etc/aws-workload-credentials-provider/config.toml";
constexpr std::uint64_t kLongestWait = 86400;

Fault refusal(const std::string& problem) {
  return Fault::of_agent(Fault::Kind::denied, 500, "InvalidCommandLine", problem + "\nTry --help");
}

std::string in_quotes(std::string_view text) {
  std::string written = "\"";
  append_escaped(written, text);
  return written + '"';
}

Result<Done> choose(CommandLine& line, Command command) {
  if (line.command != Command::run && line.command != command)
    return refusal(
        "one at a time: --check-config, --health-check, get, exec, copy-to, status, acm, "
        "setup-config-based-permissions");
  line.command = command;
  return Done{};
}

/// `flag` or `value` takes the option over, as it has none or needs one; both, if the value may follow `=` only.
struct Option {
  std::string_view name;
  std::array<std::string_view, 2> commands{};  ///< that take it; none: it goes with every command
  Result<Done> (*flag)(CommandLine& line) = nullptr;
  Result<Done> (*value)(CommandLine& line, std::string_view name, std::string_view text) = nullptr;
};

template <auto member>
Result<Done> set_text(CommandLine& line, std::string_view /*name*/, std::string_view text) {
  if constexpr (std::is_same_v<decltype(member), std::string GetRequest::*>) {
    line.get.*member = text;
  } else {
    line.*member = text;
  }
  return Done{};
}

template <auto member>
Result<Done> set_flag(CommandLine& line) {
  if constexpr (std::is_same_v<decltype(member), bool GetRequest::*>) {
    line.get.*member = true;
  } else {
    line.*member = true;
  }
  return Done{};
}

template <Command command>
Result<Done> set_command(CommandLine& line) {
  return choose(line, command);
}

/// Whatever else is asked for, `--help` and `--version` win.
template <Command command>
Result<Done> set_answer(CommandLine& line) {
  line.command = command;
  return Done{};
}

Result<std::uint64_t> number_of(std::string_view name, std::string_view text, std::uint64_t most) {
  const auto number = whole_number<std::uint64_t>(text);
  if (!number || *number > most)
    return refusal(std::string(name) + " needs a number, " + std::to_string(most) + " at most, not " + in_quotes(text));
  return *number;
}

Result<Done> set_group(CommandLine& line, std::string_view name, std::string_view text) {
  const auto number = number_of(name, text, 0xFFFFFFFE);
  if (!number.ok()) return number.fault();
  line.token_group = static_cast<gid_t>(*number);
  return Done{};
}

Result<Done> set_agent_user(CommandLine& line, std::string_view name, std::string_view text) {
  const auto number = number_of(name, text, 0xFFFFFFFE);
  if (!number.ok()) return number.fault();
  line.agent_user = static_cast<uid_t>(*number);
  return Done{};
}

Result<Done> set_wait(CommandLine& line, std::string_view name, std::string_view text) {
  const auto number = number_of(name, text, kLongestWait);
  if (!number.ok()) return number.fault();
  line.get.wait = Seconds(*number);
  line.exec.wait = line.get.wait;
  return Done{};
}

Result<Done> set_checked_file(CommandLine& line, std::string_view name, std::string_view text) {
  if (!line.config_file.empty()) return refusal(std::string(name) + " and --config name a file each");
  line.config_file = text;
  return choose(line, Command::check_config);
}

Result<Done> add_variable(CommandLine& line, std::string_view name, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals >= text.size()) return refusal(std::string(name) + " needs NAME=REFERENCE");
  std::string variable(text.substr(0, equals));
  if (std::ranges::find(line.exec.variables, variable, &ExecRequest::Variable::name) != line.exec.variables.end())
    return refusal(std::string(name) + " sets " + in_quotes(variable) + " twice");
  line.exec.variables.push_back({std::move(variable), std::string(text.substr(equals + 1))});
  return Done{};
}

Result<Done> add_fields(CommandLine& line, std::string_view /*name*/, std::string_view text) {
  line.exec.fields.push_back({.reference = std::string(text)});
  return Done{};
}

Result<Done> set_prefix(CommandLine& line, std::string_view name, std::string_view text) {
  if (line.exec.fields.empty() || !line.exec.fields.back().prefix.empty())
    return refusal(std::string(name) + " follows --env-json, once for each");
  const auto may_be_in_name = [](char c) { return is_letter_or_digit(c) || c == '_'; };
  if (!std::ranges::all_of(text, may_be_in_name) || is_digit(text.front()))
    return refusal(std::string(name) + " takes letters, digits and _, and no digit first, not " + in_quotes(text));
  line.exec.fields.back().prefix = text;
  return Done{};
}

Result<Done> set_clean(CommandLine& line) {
  line.exec.clean = true;
  return Done{};
}

Result<Done> set_json(CommandLine& line) {
  line.get.json = true;
  line.status.json = true;
  return Done{};
}

Result<Done> set_watch(CommandLine& line) {
  line.status.watch = true;
  return Done{};
}

constexpr std::string_view kCommands[] = {"get",      "exec",      "copy-to",    "status",
                                          "sm start", "acm start", "acm reload", "setup-config-based-permissions",
                                          "help",     "version"};

constexpr Option kOptions[] = {
    {.name = "-c", .value = set_text<&CommandLine::config_file>},
    {.name = "--config", .value = set_text<&CommandLine::config_file>},
    {.name = "-h", .flag = set_answer<Command::help>},
    {.name = "--help", .flag = set_answer<Command::help>},
    {.name = "-V", .flag = set_answer<Command::version>},
    {.name = "-v", .flag = set_answer<Command::version>},
    {.name = "--version", .flag = set_answer<Command::version>},
    {.name = "--check-config", .flag = set_command<Command::check_config>, .value = set_checked_file},
    {.name = "--online", .commands = {"--check-config"}, .flag = set_flag<&CommandLine::online>},
    {.name = "--health-check", .flag = set_command<Command::health_check>},
    {.name = "--ready", .commands = {"--health-check"}, .flag = set_flag<&CommandLine::ready>},
    {.name = "--create-token", .flag = set_flag<&CommandLine::create_token>},
    {.name = "--token-group", .value = set_group},
    {.name = "--lambda", .flag = set_flag<&CommandLine::lambda>},
    {.name = "--agent-user", .value = set_agent_user},
    {.name = "--wait", .commands = {"get", "exec"}, .value = set_wait},
    {.name = "--version-id", .commands = {"get"}, .value = set_text<&GetRequest::version_id>},
    {.name = "--version-stage", .commands = {"get"}, .value = set_text<&GetRequest::version_stage>},
    {.name = "--role-arn", .commands = {"get"}, .value = set_text<&GetRequest::role_arn>},
    {.name = "--field", .commands = {"get"}, .value = set_text<&GetRequest::field>},
    {.name = "--refresh", .commands = {"get"}, .flag = set_flag<&GetRequest::refresh>},
    {.name = "--json", .commands = {"get", "status"}, .flag = set_json},
    {.name = "--watch", .commands = {"status"}, .flag = set_watch},
    {.name = "--env", .commands = {"exec"}, .value = add_variable},
    {.name = "--env-json", .commands = {"exec"}, .value = add_fields},
    {.name = "--prefix", .commands = {"exec"}, .value = set_prefix},
    {.name = "--clean", .commands = {"exec"}, .flag = set_clean},
};

Fault unknown(std::string_view what, std::string_view typed) {
  std::vector<std::string_view> words(std::begin(kCommands), std::end(kCommands));
  for (const Option& option : kOptions) words.push_back(option.name);
  std::string problem = "unknown ";
  problem += what;
  problem += ' ';
  append_escaped(problem, typed);
  return refusal(problem + "; the nearest is " + std::string(nearest_word(typed, words)));
}

Fault takes_no_value(std::string_view name) { return refusal(std::string(name) + " takes no value"); }

class ArgumentReader {
 public:
  ArgumentReader(std::span<const char* const> arguments, CommandLine& line) : arguments_(arguments), line_(line) {}

  Result<Done> read() {
    bool only_words = false;
    while (at_ < arguments_.size() && !is_answered()) {
      const std::string_view argument = arguments_[at_++];
      only_words = only_words || (has_word("exec") && words_.size() > 1);  // all of these are the command's
      if (only_words || !argument.starts_with('-')) {
        words_.push_back(argument);
      } else if (argument == "--") {
        only_words = true;
      } else if (auto option = read_option(argument); !option.ok()) {
        return option;
      }
    }
    if (is_answered()) return Done{};
    if (auto words = read_words(); !words.ok()) return words;
    if (is_answered()) return Done{};
    if (auto allowed = check_options(); !allowed.ok()) return allowed;
    if (line_.agent_user && !asks_agent())
      return refusal("--agent-user is an option of get, exec, status and --health-check");
    if (!line_.get.field.empty() && line_.get.json) return refusal("--field and --json exclude each other");
    return Done{};
  }

 private:
  [[nodiscard]] bool is_answered() const { return line_.command == Command::help || line_.command == Command::version; }
  [[nodiscard]] bool asks_agent() const {
    return has_word("get") || has_word("exec") || has_word("status") || line_.command == Command::health_check;
  }
  [[nodiscard]] bool has_word(std::string_view word) const { return !words_.empty() && words_.front() == word; }
  /// As a word or as an option.
  [[nodiscard]] bool is_given(std::string_view command) const {
    return has_word(command) || std::ranges::find(options_, command, &Option::name) != options_.end();
  }
  [[nodiscard]] bool is_certificate_word() const {
    return has_word("acm") || has_word("setup-config-based-permissions");
  }

  Result<Done> read_option(std::string_view argument) {
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : argument.npos;
    const std::string_view name = argument.substr(0, equals);
    std::optional<std::string_view> value;
    if (equals != argument.npos) value = argument.substr(equals + 1);

    const auto* option = std::ranges::find(kOptions, name, &Option::name);
    if (option == std::end(kOptions)) {
      if (!is_certificate_word() || name != "--no-sudoers") return unknown("option", name);
      return value ? takes_no_value(name) : Result<Done>(Done{});
    }
    options_.push_back(option);
    if (!value && option->flag != nullptr) return option->flag(line_);
    if (value && option->value == nullptr) return takes_no_value(name);
    if (!value && at_ < arguments_.size()) value = arguments_[at_++];
    if (!value || value->empty()) return refusal(std::string(name) + " needs a value");
    return option->value(line_, name, *value);
  }

  Result<Done> check_options() {
    for (const Option* option : options_) {
      const auto& [first, second] = option->commands;
      if (first.empty() || is_given(first) || is_given(second)) continue;
      std::string problem(option->name);
      problem.append(" is an option of ").append(first);
      if (!second.empty()) problem.append(" and ").append(second);
      return refusal(problem);
    }
    return Done{};
  }

  Result<Done> read_words() {
    if (words_.empty()) return Done{};
    if (has_word("help")) return set_answer<Command::help>(line_);
    if (has_word("version") && words_.size() == 1) return set_answer<Command::version>(line_);
    if (has_word("get")) {
      if (words_.size() != 2 || words_[1].empty()) return refusal("get takes one REFERENCE");
      if (auto reference = read_get_reference(words_[1]); !reference.ok()) return reference;
      return choose(line_, Command::get);
    }
    if (has_word("copy-to")) {
      if (words_.size() != 2 || words_[1].empty()) return refusal("copy-to takes one PATH");
      line_.copy_target = words_[1];
      return choose(line_, Command::copy_to);
    }
    if (has_word("exec")) {
      if (words_.size() < 2 || words_[1].empty()) return refusal("exec takes a COMMAND");
      line_.exec.command.assign(words_.begin() + 1, words_.end());
      return choose(line_, Command::exec);
    }
    if (has_word("status") && words_.size() == 1) return choose(line_, Command::status);
    if (line_.command == Command::check_config && words_.size() == 1 && !is_certificate_word() && !has_word("sm"))
      return set_checked_file(line_, "--check-config", words_[0]);
    const bool starts = words_.size() == 2 && words_[1] == "start";
    const bool reloads = words_.size() == 2 && words_[1] == "reload";
    line_.as_version_3 = true;
    if (has_word("sm") && starts) return Done{};
    if (has_word("setup-config-based-permissions") ? words_.size() == 1 : has_word("acm") && (starts || reloads))
      return choose(line_, Command::certificates);
    return unknown("command", std::string(words_.front()) + (words_.size() > 1 ? " " + std::string(words_[1]) : ""));
  }

  /// All options were read before.
  Result<Done> read_get_reference(std::string_view text) {
    GetRequest& get = line_.get;
    auto reference = read_reference(text);
    if (!reference.ok()) return refusal(reference.fault().message);
    if (!reference->json_key.empty() && (!get.field.empty() || get.json))
      return refusal("the reference has a JSON key, so --field and --json cannot be used");
    const bool has_version = !reference->version_stage.empty() || !reference->version_id.empty();
    if (has_version && (!get.version_stage.empty() || !get.version_id.empty()))
      return refusal("the reference has a version, so --version-id and --version-stage cannot be used");
    get.secret_id = std::move(reference->secret_id);
    if (!reference->json_key.empty()) get.field = std::move(reference->json_key);
    if (!reference->version_stage.empty()) get.version_stage = std::move(reference->version_stage);
    if (!reference->version_id.empty()) get.version_id = std::move(reference->version_id);
    return Done{};
  }

  std::span<const char* const> arguments_;
  std::size_t at_ = 0;
  std::vector<std::string_view> words_{};
  std::vector<const Option*> options_{};  ///< those that were given
  CommandLine& line_;
};

bool is_in_extensions_folder(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash != path.npos && ("/" + std::string(path.substr(0, slash))).ends_with("/extensions");
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// If an image has no entry point, the `command:` of a container must begin with the program. Our image has one, and
/// then gets that name as its first argument.
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
  // The name of a link in that folder is that of the link; otherwise it is that of the file.
  line.program_name =
      file_name(line.lambda && !is_in_extensions_folder(program) ? executable : std::string_view(program));
  if (const auto read = ArgumentReader(arguments, line).read(); !read.ok()) return read.fault();
  return line;
}

std::string configuration_file(const CommandLine& command_line, const Files& files) {
  if (!command_line.config_file.empty()) return command_line.config_file;
  return command_line.as_version_3 && files.exists(kVersion3File) ? kVersion3File : std::string();
}

}  // namespace sma
