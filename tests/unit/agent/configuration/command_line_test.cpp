#include "agent/configuration/command_line.h"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

namespace sma {
namespace {

using Command = CommandLine::Command;
using Arguments = std::vector<const char*>;

Result<CommandLine> read(Arguments arguments, const char* program = "/app/secrets-manager-agent") {
  arguments.insert(arguments.begin(), program);
  return read_command_line(arguments);
}

/// What is wrong, without the line that points to --help; empty if nothing is.
std::string wrong(const Arguments& arguments) {
  const auto line = read(arguments);
  if (line.ok()) return {};
  const std::string& message = line.fault().message;
  const std::size_t end = message.find('\n');
  REQUIRE(end != message.npos);
  CHECK(message.substr(end) == "\nTry --help");
  return message.substr(0, end);
}

bool is_wrong_as(const Arguments& arguments, const std::string& problem) {
  const std::string found = wrong(arguments);
  CAPTURE(found);
  return found.starts_with(problem + "; the nearest is ");
}

class NoFiles final : public Files {
 public:
  explicit NoFiles(std::string only = {}) : only_(std::move(only)) {}
  Result<WipedBytes> read(const std::string&, std::size_t) const override { return Fault::internal("no file"); }
  bool exists(const std::string& path) const override { return path == only_; }

 private:
  std::string only_;
};

TEST_CASE("without arguments the agent runs") {
  const auto line = read({});
  REQUIRE(line.ok());
  CHECK(line->command == Command::run);
  CHECK_FALSE(line->as_version_3);
  CHECK_FALSE(line->lambda);
  CHECK(read_command_line({}).ok());
}

TEST_CASE("--ready is an option of --health-check") {
  CHECK(read({"--health-check", "--ready"})->ready);
  CHECK_FALSE(read({"--health-check"})->ready);
  CHECK(wrong({"--ready"}) == "--ready is an option of --health-check");
  CHECK(wrong({"status", "--ready"}) == "--ready is an option of --health-check");
}

TEST_CASE("the configuration file is given in any of three ways, the last one counts") {
  CHECK(read({"--config", "a"})->config_file == "a");
  CHECK(read({"-c", "a"})->config_file == "a");
  CHECK(read({"-c", "b", "--config=a=b"})->config_file == "a=b");
  CHECK(wrong({"--config"}) == "--config needs a value");
  CHECK(wrong({"--config="}) == "--config needs a value");
  CHECK(wrong({"-c", ""}) == "-c needs a value");
}

TEST_CASE("started as version 3 by name or by sm start") {
  CHECK(read({}, "/app/aws-workload-credentials-provider")->as_version_3);
  CHECK(read({}, "aws-workload-credentials-provider")->as_version_3);
  CHECK_FALSE(read({}, "/app/aws_secretsmanager_agent")->as_version_3);
  const auto line = read({"sm", "start", "--config", "f"});
  REQUIRE(line.ok());
  CHECK(line->command == Command::run);
  CHECK(line->as_version_3);
  CHECK(line->config_file == "f");
  CHECK(is_wrong_as({"sm"}, "unknown command sm"));
  CHECK(is_wrong_as({"sm", "stop"}, "unknown command sm stop"));
  CHECK(is_wrong_as({"start"}, "unknown command start"));
}

TEST_CASE("a first argument that names the program is its name") {
  CHECK(read({"/app/aws_secretsmanager_agent", "-c", "f"})->config_file == "f");
  CHECK(read({"./aws-workload-credentials-provider", "sm", "start"})->as_version_3);
  CHECK(read({"aws-workload-credentials-provider"})->as_version_3);
  CHECK_FALSE(read({"secrets-manager-agent"}, "/app/aws-workload-credentials-provider")->as_version_3);
  CHECK(read({"secrets-manager-agent", "get", "secrets-manager-agent"})->get.secret_id == "secrets-manager-agent");
  CHECK(is_wrong_as({"/app/agent"}, "unknown command /app/agent"));
  CHECK(is_wrong_as({"-c", "f", "secrets-manager-agent"}, "unknown command secrets-manager-agent"));
}

TEST_CASE("version 3 has a default configuration file, used if it exists") {
  const NoFiles none;
  const NoFiles usual("/etc/aws-workload-credentials-provider/config.toml");
  CHECK(configuration_file(*read({"sm", "start"}), none).empty());
  CHECK(configuration_file(*read({"sm", "start"}), usual) == "/etc/aws-workload-credentials-provider/config.toml");
  CHECK(configuration_file(*read({"sm", "start", "-c", "mine"}), usual) == "mine");
  CHECK(configuration_file(*read({}), usual).empty());
}

TEST_CASE("what version 3 does with certificates is known by name") {
  for (const Arguments& arguments : {Arguments{"acm", "start"}, Arguments{"acm", "reload", "--no-sudoers"},
                                     Arguments{"setup-config-based-permissions", "--config", "f", "--no-sudoers"}}) {
    const auto line = read(arguments);
    REQUIRE(line.ok());
    CHECK(line->command == Command::certificates);
    CHECK(line->as_version_3);
  }
  CHECK(is_wrong_as({"acm"}, "unknown command acm"));
  CHECK(is_wrong_as({"--no-sudoers"}, "unknown option --no-sudoers"));
}

TEST_CASE("help and version win over everything else") {
  CHECK(read({"--help"})->command == Command::help);
  CHECK(read({"-h", "nonsense"})->command == Command::help);
  CHECK(read({"--check-config", "--version"})->command == Command::version);
  CHECK(read({"-V"})->command == Command::version);
  CHECK(read({"-v"})->command == Command::version);
  CHECK(read({"version"})->command == Command::version);
  CHECK(read({"help"})->command == Command::help);
  CHECK(read({"help", "get"})->command == Command::help);
  CHECK(read({"get", "--help"})->command == Command::help);
  CHECK(read({"get", "version"})->get.secret_id == "version");
}

TEST_CASE("checks, one at a time") {
  CHECK(read({"--check-config"})->command == Command::check_config);
  CHECK(read({"sm", "start", "--check-config"})->command == Command::check_config);
  CHECK(read({"--health-check", "-c", "f"})->command == Command::health_check);
  CHECK(wrong({"--health-check", "--check-config"}).starts_with("one at a time"));
  CHECK(wrong({"--check-config", "get", "x"}).starts_with("one at a time"));
}

TEST_CASE("status takes --watch and --json") {
  const auto line = read({"status", "--watch", "--json", "-c", "f"});
  REQUIRE(line.ok());
  CHECK(line->command == Command::status);
  CHECK(line->status.watch);
  CHECK(line->status.json);
  CHECK_FALSE(read({"status"})->status.watch);
  CHECK(is_wrong_as({"status", "x"}, "unknown command status x"));
  CHECK(wrong({"get", "x", "--watch"}) == "--watch is an option of status");
}

TEST_CASE("--check-config takes the file as its value too") {
  for (const Arguments& arguments : {Arguments{"--check-config", "f"},
                                     {"--check-config=f"},
                                     {"f", "--check-config"},
                                     {"--check-config", "-c", "f"},
                                     {"--check-config", "--", "f"}}) {
    const auto line = read(arguments);
    REQUIRE(line.ok());
    CHECK(line->command == Command::check_config);
    CHECK(line->config_file == "f");
    CHECK_FALSE(line->as_version_3);
  }
  CHECK(read({"--check-config", "--online"})->online);
  CHECK(wrong({"--online"}) == "--online is an option of --check-config");
  CHECK(wrong({"--check-config", "f", "-c", "g"}) == "--check-config and --config name a file each");
  CHECK(wrong({"--check-config="}) == "--check-config needs a value");
  CHECK(is_wrong_as({"--check-config", "f", "g"}, "unknown command f g"));
  CHECK(is_wrong_as({"--health-check", "f"}, "unknown command f"));
}

TEST_CASE("a typing error is answered with the nearest word") {
  const auto nearest = [](const Arguments& arguments) {
    const std::string problem = wrong(arguments);
    return problem.substr(problem.rfind(' ') + 1);
  };
  CHECK(wrong({"--confg", "f"}) == "unknown option --confg; the nearest is --config");
  CHECK(wrong({"gte", "x"}) == "unknown command gte x; the nearest is get");
  CHECK(nearest({"get", "x", "--feild=password"}) == "--field");
  CHECK(nearest({"check-config"}) == "--check-config");
  CHECK(nearest({"healthcheck"}) == "--health-check");
  CHECK(nearest({"--get", "x"}) == "get");
  CHECK(nearest({"-version"}) == "--version");
  CHECK(nearest({"setup-config"}) == "setup-config-based-permissions");
  CHECK(wrong({"sm", "strat"}) == "unknown command sm strat; the nearest is sm start");
}

TEST_CASE("what was typed is shown so that it cannot change the terminal") {
  CHECK(wrong({"--\x1b[31m"}).find('\x1b') == std::string::npos);
  CHECK(wrong({"a\nb"}).starts_with("unknown command a\\x0ab;"));
  CHECK(wrong({"get", "x", "--wait", "so\"on"}) == "--wait needs a number, 86400 at most, not \"so\\\"on\"");
}

TEST_CASE("token and Lambda") {
  const auto line = read({"--create-token", "--token-group", "998", "--lambda"});
  REQUIRE(line.ok());
  CHECK(line->create_token);
  CHECK(line->token_group == gid_t{998});
  CHECK(line->lambda);
  CHECK(wrong({"--create-token", "--token-group", "users"}).starts_with("--token-group needs a number"));
  CHECK(wrong({"--create-token", "--token-group=4294967295"}).starts_with("--token-group needs a number"));
  CHECK(read({}, "/opt/extensions/secrets-manager-agent")->lambda);
  CHECK(read({}, "extensions/secrets-manager-agent")->lambda);
  CHECK_FALSE(read({}, "/opt/my-extensions/secrets-manager-agent")->lambda);
}

TEST_CASE("--agent-user goes with the commands that ask the agent") {
  for (const auto& words :
       std::vector<std::vector<const char*>>{{"--health-check"}, {"status"}, {"get", "a"}, {"exec", "--", "true"}}) {
    Arguments all{"--agent-user", "1000"};
    all.insert(all.end(), words.begin(), words.end());
    CAPTURE(std::string(words.front()));
    const auto line = read(all);
    REQUIRE(line.ok());
    CHECK(line->agent_user == uid_t{1000});
  }
  CHECK(wrong({"--agent-user", "1000"}) == "--agent-user is an option of get, exec, status and --health-check");
  CHECK(wrong({"--agent-user", "root", "status"}).starts_with("--agent-user needs a number"));
}

TEST_CASE("an extension has the name of its file, also if that is a link or was found by its folder") {
  CHECK(read({}, "/opt/extensions/agent")->program_name == "agent");
  CHECK(read({"--lambda"}, "agent.sh")->program_name == "agent.sh");
  const auto started_as = [](const char* program, const char* executable) {
    const char* const arguments[] = {program};
    return read_command_line(arguments, executable);
  };
  CHECK(started_as("/opt/extensions/link", "/opt/bin/agent")->lambda);
  CHECK(started_as("/opt/extensions/link", "/opt/bin/agent")->program_name == "link");
  CHECK(started_as("./agent", "/opt/extensions/agent")->lambda);
  CHECK(started_as("x", "/opt/extensions/agent")->program_name == "agent");
  CHECK_FALSE(started_as("/opt/bin/agent", "/opt/bin/agent")->lambda);
  CHECK(read_command_line({}, "/opt/extensions/agent")->program_name == "agent");
}

TEST_CASE("get takes a secret's id and options in any order") {
  const auto line = read({"get", "--wait", "30", "a/b", "--version-id=v", "--version-stage", "s", "--refresh",
                          "--role-arn", "r", "--field", "password", "-c", "f"});
  REQUIRE(line.ok());
  CHECK(line->command == Command::get);
  CHECK(line->get.secret_id == "a/b");
  CHECK(line->get.wait == Seconds{30});
  CHECK(line->get.version_id == "v");
  CHECK(line->get.version_stage == "s");
  CHECK(line->get.refresh);
  CHECK(line->get.role_arn == "r");
  CHECK(line->get.field == "password");
  CHECK(line->config_file == "f");
  CHECK(read({"get", "x", "--json"})->get.json);
  CHECK(read({"get", "--", "-x"})->get.secret_id == "-x");
  CHECK(wrong({"get"}) == "get takes one REFERENCE");
  CHECK(wrong({"get", "a", "b"}) == "get takes one REFERENCE");
  CHECK(wrong({"get", "a", "--wait", "soon"}).starts_with("--wait needs a number"));
  CHECK(wrong({"get", "a", "--wait=-1"}).starts_with("--wait needs a number"));
  CHECK(wrong({"get", "a", "--json", "--field", "x"}) == "--field and --json exclude each other");
  CHECK(read({"--json", "get", "x"})->get.json);
  CHECK(wrong({"--wait", "3"}) == "--wait is an option of get and exec");
  CHECK(wrong({"--check-config", "--json"}) == "--json is an option of get and status");
}

TEST_CASE("get takes a reference in the place of a secret's id") {
  const auto line = read({"get", "a/b:user.name:AWSPREVIOUS"});
  REQUIRE(line.ok());
  CHECK(line->get.secret_id == "a/b");
  CHECK(line->get.field == "user.name");
  CHECK(line->get.version_stage == "AWSPREVIOUS");
  CHECK(read({"get", "a:::v"})->get.version_id == "v");
  CHECK(read({"get", "a:k", "--version-id", "v", "--refresh"})->get.field == "k");
  CHECK(read({"get", "a::s", "--field", "k"})->get.version_stage == "s");
  CHECK(wrong({"get", "ssm:x"}).starts_with("the reference ssm:x: ssm: is reserved"));
}

TEST_CASE("exec takes options, and all from the first other word on is the command") {
  const auto line = read({"exec", "--wait", "5", "--env", "A=b:c=d", "--env=E=f", "--env-json", "g", "--prefix", "P_",
                          "--env-json=h", "--clean", "-c", "file", "run", "--wait", "-v", "--", "--help"});
  REQUIRE(line.ok());
  CHECK(line->command == CommandLine::Command::exec);
  CHECK(line->config_file == "file");
  const ExecRequest& exec = line->exec;
  CHECK(exec.wait == Seconds(5));
  REQUIRE(exec.variables.size() == 2);
  CHECK(exec.variables[0].name == "A");
  CHECK(exec.variables[0].reference == "b:c=d");
  CHECK(exec.variables[1].name == "E");
  REQUIRE(exec.fields.size() == 2);
  CHECK(exec.fields[0].prefix == "P_");
  CHECK(exec.fields[1].reference == "h");
  CHECK(exec.fields[1].prefix.empty());
  CHECK(exec.clean);
  CHECK(exec.command == std::vector<std::string>{"run", "--wait", "-v", "--", "--help"});
}

TEST_CASE("exec waits 30 seconds by default, and takes a command after two dashes") {
  CHECK(read({"exec", "run"})->exec.wait == Seconds(30));
  CHECK(read({"get", "x"})->get.wait == Seconds(0));
  CHECK(read({"exec", "--", "-run", "--"})->exec.command == std::vector<std::string>{"-run", "--"});
  CHECK(read({"exec", "get", "help"})->exec.command == std::vector<std::string>{"get", "help"});
  CHECK(read({"exec", "--help", "run"})->command == CommandLine::Command::help);
}

TEST_CASE("copy-to takes one path") {
  CHECK(read({"copy-to", "/shared/agent"})->copy_target == "/shared/agent");
  CHECK(read({"copy-to", "x"})->command == CommandLine::Command::copy_to);
  CHECK(wrong({"copy-to"}) == "copy-to takes one PATH");
  CHECK(wrong({"copy-to", "a", "b"}) == "copy-to takes one PATH");
  CHECK(wrong({"copy-to", ""}) == "copy-to takes one PATH");
  CHECK(wrong({"copy-to", "a", "--clean"}) == "--clean is an option of exec");
}

TEST_CASE("what is wrong with the arguments of exec") {
  CHECK(wrong({"exec"}) == "exec takes a COMMAND");
  CHECK(wrong({"exec", "--"}) == "exec takes a COMMAND");
  CHECK(wrong({"exec", ""}) == "exec takes a COMMAND");
  CHECK(wrong({"exec", "--env", "A", "run"}) == "--env needs NAME=REFERENCE");
  CHECK(wrong({"exec", "--env", "=r", "run"}) == "--env needs NAME=REFERENCE");
  CHECK(wrong({"exec", "--env", "A=x", "--env", "A=y", "run"}) == "--env sets \"A\" twice");
  CHECK(wrong({"exec", "--prefix", "P", "run"}) == "--prefix follows --env-json, once for each");
  CHECK(wrong({"exec", "--env-json", "x", "--prefix", "P", "--prefix", "Q", "run"}) ==
        "--prefix follows --env-json, once for each");
  for (const char* prefix : {"1A", "a-b", "A=", "é", "A B"})
    CHECK(wrong({"exec", "--env-json", "x", "--prefix", prefix, "run"})
              .starts_with("--prefix takes letters, digits and _"));
  CHECK(wrong({"exec", "--clean=x", "run"}) == "--clean takes no value");
  CHECK(wrong({"exec", "--field", "x", "run"}) == "--field is an option of get");
  CHECK(wrong({"get", "x", "--clean"}) == "--clean is an option of exec");
  CHECK(wrong({"--wait", "5"}) == "--wait is an option of get and exec");
  CHECK(wrong({"--check-config", "exec", "run"}).starts_with("one at a time"));
}

TEST_CASE("what the reference says is not said by an option as well") {
  const char* key = "the reference has a JSON key, so --field and --json cannot be used";
  CHECK(wrong({"get", "a:k", "--field", "k"}) == key);
  CHECK(wrong({"get", "--json", "a:k"}) == key);
  const char* version = "the reference has a version, so --version-id and --version-stage cannot be used";
  CHECK(wrong({"get", "a::s", "--version-id", "v"}) == version);
  CHECK(wrong({"get", "--version-stage", "s", "a::s"}) == version);
  CHECK(wrong({"get", "a:::v", "--version-id", "v"}) == version);
  CHECK(wrong({"get", "a:::v", "--version-stage", "s"}) == version);
}

TEST_CASE("an unknown option is named without what follows its =") {
  CHECK(is_wrong_as({"--token=secret"}, "unknown option --token"));
  CHECK(is_wrong_as({"-x"}, "unknown option -x"));
  CHECK(wrong({"--help=yes"}) == "--help takes no value");
  CHECK(wrong({"--lambda=1"}) == "--lambda takes no value");
}

}  // namespace
}  // namespace sma
