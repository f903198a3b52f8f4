#include "agent/start_check.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "agent/access_check.h"
#include "agent/agent_output.h"
#include "agent/aws_access.h"
#include "agent/aws_plan.h"
#include "agent/client_access.h"
#include "agent/configuration/secret_variables.h"
#include "agent/configuration/ssrf_token.h"
#include "agent/connection_limit.h"
#include "agent/files/file_setup.h"
#include "aws/credentials/credentials_file_source.h"
#include "aws/credentials/default_chain.h"
#include "os/clone3.h"
#include "os/descriptor_limit.h"
#include "os/log_file.h"
#include "os/memory_protection.h"
#include "os/run_task.h"

namespace sma {
namespace {

constexpr Seconds kAnswerTime{15};  // for region, credentials and identity

/// Standard error for a person: a warning has no time.
class TerminalLog final : public LogSink {
 public:
  void write(std::string_view line) override {
    constexpr std::string_view level = " WARN ";
    const std::size_t at = line.find(level);
    if (at != line.npos) line.remove_prefix(at + level.size());
    std::fprintf(stderr, "warning: %.*s", static_cast<int>(line.size()), line.data());
  }
};

/// Stands in for the network and for programs: refuses, and remembers that it was asked.
class Nobody final : public HttpTransport, public Sts, public ProcessRunner {
 public:
  [[nodiscard]] bool was_asked() const { return was_asked_; }

  Task<Result<ClientResponse>> send(ClientRequest /*request*/) override { co_return refuse(); }
  Task<Result<CallerIdentity>> get_caller_identity(CredentialsProvider& /*credentials*/, TimePoint) override {
    co_return refuse();
  }
  Task<Result<Credentials>> assume_role(AssumeRoleRequest /*request*/, CredentialsProvider& /*base*/,
                                        TimePoint) override {
    co_return refuse();
  }
  Task<Result<Credentials>> assume_role_with_web_identity(AssumeRoleRequest /*request*/, WipedBytes /*token*/,
                                                          TimePoint) override {
    co_return refuse();
  }
  Task<Result<ProcessOutput>> run(std::vector<std::string> /*argv*/, Environment /*environment*/, TimePoint) override {
    co_return refuse();
  }

 private:
  Fault refuse() {
    was_asked_ = true;
    return Fault::denied("nobody is asked");
  }

  bool was_asked_ = false;
};

/// What is read without a client's request. Each secret once.
PrefetchSettings with_secrets_of_files(const Settings& settings, const std::vector<PlannedFile>& files) {
  PrefetchSettings all = settings.prefetch;
  for (const PlannedFile& file : files) {
    for (const SecretKey& key : file.content.secrets()) {
      const auto is_same = [&](const auto& one) {
        return one.secret_id == key.secret_id && one.role_arn == file.role_arn;
      };
      if (std::ranges::none_of(all.secrets, is_same)) all.secrets.push_back({key.secret_id, file.role_arn});
    }
  }
  return all;
}

class StartCheck {
 public:
  StartCheck(const CommandLine& command_line, const Settings& settings, const Environment& environment, Files& files)
      : command_line_(command_line), settings_(settings), environment_(environment), files_(files) {}

  /// Whether the start would succeed, as far as that can be known without asking anybody.
  bool check_offline() {
    check(check_use_of_group(command_line_, settings_));
    check(check_token());
    if (!settings_.unix_socket.empty()) check(check_unix_listener(settings_.unix_socket, command_line_.token_group));
    auto files = plan_files(settings_.files, settings_.cache, command_line_.token_group, files_);
    check(files.ok() ? Result<Done>(Done{}) : files.fault());
    if (files.ok()) planned_files_ = std::move(*files);
    check_log();
    [[maybe_unused]] const std::size_t fitting = fitting_connections(settings_, raise_descriptor_limit(), log_);
    auto plan = plan_aws(settings_, environment_, files_, log_);
    if (!plan.ok()) {
      check(plan.fault());
      return false;
    }
    check(check_region(*plan));
    check(check_credentials());
    plan_.emplace(std::move(*plan));
    return !failed_;
  }

  /// After `check_offline`. Whether all calls were allowed.
  bool check_online() {
    BlockingCalls blocking_calls(loop_);
    ChildProcesses processes(loop_, blocking_calls);
    const ServiceManager service_manager(environment_);
    const AgentParts parts{loop_, environment_, files_, processes, service_manager, blocking_calls, log_};
    AwsCalls calls(parts, std::move(plan_->network), plan_->retries);
    check(run_to_its_end(loop_, ask_aws(parts, calls)));
    return !failed_;
  }

 private:
  void check(const Result<Done>& result) {
    if (result.ok()) return;
    std::fprintf(stderr, "secrets-manager-agent: %s\n", result.fault().message.c_str());
    failed_ = true;
  }

  Result<Done> check_token() {
    if (!needs_token(command_line_, settings_, environment_)) return Done{};
    const auto& variables = settings_.ssrf_env_variables;
    const bool creates = command_line_.create_token;
    const auto source = creates ? find_ssrf_token_file(variables, environment_, files_)
                                : find_ssrf_token_source(variables, environment_, files_);
    if (!source.ok()) return source.fault();
    if (!source->path.empty() && !files_.exists(source->path)) {
      if (creates) return check_ssrf_token_creation(variables, source->path, command_line_.token_group);
      log_.warn("the file of the SSRF token is not there yet", {{"path", source->path}});
      return Done{};
    }
    const auto token =
        find_ssrf_token(variables, environment_, files_, creates ? FileRule::own : FileRule::not_planted);
    if (!token.ok()) return token.fault();
    for (const std::string& warning : token->warnings) log_.warn(warning);
    return Done{};
  }

  void check_log() {
    if (!settings_.log_to_file || command_line_.lambda) return;
    const auto writable = check_log_file(kLogFolder, log_file_name(command_line_.as_version_3));
    if (!writable.ok()) log_.warn("no log file; lines go to standard error", {{"reason", writable.fault().message}});
  }

  Result<Done> check_region(const AwsPlan& plan) {
    Nobody nobody;
    InstanceMetadata metadata({environment_, files_, nobody}, context_);
    const auto region = run_to_its_end(loop_, find_region(plan.region, metadata, loop_.now() + kAnswerTime));
    if (nobody.was_asked()) log_.warn("no region is set: the agent asks instance metadata for it");
    if (!region.ok()) return nobody.was_asked() ? Result<Done>(Done{}) : region.fault();
    const auto endpoints = find_endpoints(plan.endpoints, *region, log_);
    return endpoints.ok() ? Result<Done>(Done{}) : endpoints.fault();
  }

  Result<Done> check_credentials() {
    Nobody nobody;
    const Surroundings surroundings{environment_, files_, nobody};
    InstanceMetadata metadata(surroundings, context_);
    DefaultChain chain(surroundings, nobody, nobody, metadata, context_);
    CredentialsFileSource file(settings_.credentials_file_path, environment_, files_, log_);
    const bool from_file = !settings_.credentials_file_path.empty();
    CredentialsSource& source = from_file ? static_cast<CredentialsSource&>(file) : chain;
    const auto found = run_to_its_end(loop_, source.load(loop_.now() + kAnswerTime));
    if (found.ok() || nobody.was_asked()) return Done{};
    const std::string why = why_no_credentials(found.fault());
    const bool may_pass = found.fault().is_transient() && settings_.cache.ignore_transient_errors;
    if (settings_.validate_credentials && !from_file && !may_pass) return Fault::internal(why);
    log_.warn(why);
    return Done{};
  }

  Task<Result<Done>> ask_aws(const AgentParts& parts, AwsCalls& calls) {
    const TimePoint deadline = loop_.now() + kAnswerTime;
    Task<Result<std::string>> finding = find_region(std::move(plan_->region), calls.metadata, deadline);
    const Result<std::string> region = co_await std::move(finding);
    if (!region.ok()) co_return region.fault();
    auto endpoints = find_endpoints(plan_->endpoints, *region, log_);
    if (!endpoints.ok()) co_return endpoints.fault();
    AwsAccess access(parts, calls, settings_, command_line_.as_version_3, std::move(*endpoints));
    Task<Result<CallerIdentity>> asking = access.identity(deadline);
    const Result<CallerIdentity> identity = co_await std::move(asking);
    check(identity.ok() ? Result<Done>(Done{}) : identity.fault());
    // Without credentials nothing else can be asked.
    const SharedCredentials held = access.credentials.held();
    if (held == nullptr) co_return Done{};
    std::printf("\nSTS says: %s\ncredentials: %s\n", identity.ok() ? identity->arn.c_str() : "-", held->source.c_str());
    AccessCheck secrets(loop_, access.secrets_manager);
    Task<std::vector<AccessRow>> trying = secrets.run(with_secrets_of_files(settings_, planned_files_));
    const std::vector<AccessRow> rows = co_await std::move(trying);
    std::printf("\n%s", rows.empty() ? "no secret is prefetched\n" : access_table(rows).c_str());
    failed_ = failed_ || std::ranges::any_of(rows, &AccessRow::refused);
    co_return Done{};
  }

  const CommandLine& command_line_;
  const Settings& settings_;
  const Environment& environment_;
  Files& files_;
  TerminalLog terminal_;
  Log log_{&terminal_, LogLevel::warn};
  const SystemClocks clocks_;
  EventLoop loop_{clocks_};
  SystemRandom random_;
  AwsClock clock_{loop_};
  AwsContext context_{loop_, clock_, random_, log_};
  std::optional<AwsPlan> plan_;
  std::vector<PlannedFile> planned_files_;
  bool failed_ = false;
};

int finish(bool succeeded) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return succeeded ? 0 : 1;
  std::fputs("secrets-manager-agent: standard output cannot be written\n", stderr);
  return 1;
}

}  // namespace

int check_start(const CommandLine& command_line, LoadedSettings loaded, Environment& environment, Files& files) {
  for (const std::string& warning : loaded.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  const Settings& settings = loaded.settings;
  protect_secret_variables(environment, settings);
  hide_forbidden_clone3();
  forbid_core_files();
  HttpClient::prepare_process();
  StartCheck check(command_line, settings, environment, files);
  if (settings.enabled && !check.check_offline()) return 1;
  if (!settings.enabled) std::fputs("warning: enabled = false: the agent does nothing and exits\n", stderr);
  std::fputs(render_settings(settings).c_str(), stdout);
  std::fflush(stdout);
  return finish(!command_line.online || !settings.enabled || check.check_online());
}

}  // namespace sma
