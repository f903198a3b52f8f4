#include "agent/agent.h"

#include "agent/configuration/network_settings.h"
#include "agent/readiness.h"
#include "agent/routes.h"
#include "agent/ssrf_guard.h"
#include "agent/ssrf_token_follower.h"
#include "agent/status.h"
#include "aws/api_client.h"
#include "aws/credentials/cached_credentials.h"
#include "aws/credentials/credentials_file_follower.h"
#include "aws/credentials/credentials_file_source.h"
#include "aws/credentials/default_chain.h"
#include "aws/endpoint_settings.h"
#include "aws/instance_metadata.h"
#include "aws/profile_files.h"
#include "aws/role_credentials.h"
#include "aws/secrets_manager.h"
#include "aws/sts_client.h"
#include "base/random.h"
#include "http_client/http_client.h"
#include "http_server/server.h"
#include "secrets/prefetch.h"
#include "secrets/secret_store.h"

namespace sma {
namespace {

constexpr Seconds kCheckTime{5};
// This part of the time for stopping is kept for answers to clients whose fetch was dropped: 1 second of 11.
constexpr int kLastAnswersPart = 11;

/// `held`: null if there are no credentials that could have been checked.
std::string why_not_valid(const Fault& fault, const SharedCredentials& held) {
  if (held == nullptr) return fault.is_absent() ? fault.message : "no credentials: " + fault.message;
  const bool refused = fault.came_from_aws() && !fault.is_transient();
  return "sts:GetCallerIdentity " + std::string(refused ? "refused" : "could not check") +
         " the credentials (from: " + held->source + "): " + fault.code + ": " + fault.message;
}

}  // namespace

/// What calls AWS and the machine's metadata. Needs no region.
class Agent::Outgoing {
 public:
  Outgoing(const AgentParts& parts, HttpClientSettings network, RetryPolicy retries)
      : clock(parts.loop),
        names(parts.loop, parts.blocking_calls),
        http(parts.loop, names, std::move(network)),
        context{parts.loop, clock, random, parts.log},
        metadata({parts.environment, parts.files, http}, context),
        api(http, context, retries) {}

  SystemRandom random;
  AwsClock clock;
  NameLookup names;
  HttpClient http;
  AwsContext context;
  InstanceMetadata metadata;
  ApiClient api;
};

/// What answers clients. Needs the endpoints of AWS.
class Agent::Serving {
 public:
  Serving(const AgentParts& parts, AgentStart& start, Outgoing& outgoing, Endpoint sts_endpoint,
          Endpoint secrets_manager_endpoint)
      : sts_url(sts_endpoint.url),
        secrets_manager_url(secrets_manager_endpoint.url),
        sts(outgoing.api, std::move(sts_endpoint)),
        source(make_source(parts, start.settings, outgoing, sts)),
        credentials(*source, outgoing.context, patience_with(start.settings)),
        roles(sts, credentials, outgoing.context,
              {.session_name = start.as_version_3 ? "secrets-manager-provider" : "secrets-manager-agent",
               .max_roles = start.settings.max_roles}),
        secrets_manager(parts.loop, outgoing.api, std::move(secrets_manager_endpoint), credentials, roles),
        store(parts.loop, secrets_manager, outgoing.random, parts.log, start.settings.cache),
        guard(parts.loop, parts.log, start.settings.ssrf_headers, std::move(start.token)),
        routes(parts.loop, store, guard, parts.log, start.settings.path_prefix),
        server(parts.loop, routes, {.max_connections = start.settings.max_conn}),
        prefetch(parts.loop, secrets_manager, store, parts.log, start.settings.prefetch),
        readiness({parts.loop, outgoing.random, credentials, prefetch}) {
    const std::string& path = start.settings.credentials_file_path;
    if (!path.empty()) follower = std::make_unique<CredentialsFileFollower>(parts.loop, path, parts.files, credentials);
    if (!start.token_file.path.empty())
      token_follower = std::make_unique<SsrfTokenFollower>(parts.loop, parts.log, start.token_file, parts.files, guard);
  }

  /// A credentials file is read again each time that may help.
  static CachedCredentials::Patience patience_with(const Settings& settings) {
    if (settings.credentials_file_path.empty()) return {};
    return {.after_first_fault = Nanoseconds{0}, .after_refusal = false};
  }

  static std::unique_ptr<CredentialsSource> make_source(const AgentParts& parts, const Settings& settings,
                                                        Outgoing& outgoing, Sts& sts) {
    if (!settings.credentials_file_path.empty())
      return std::make_unique<CredentialsFileSource>(settings.credentials_file_path, parts.environment, parts.files,
                                                     parts.log);
    return std::make_unique<DefaultChain>(Surroundings{parts.environment, parts.files, outgoing.http}, sts,
                                          parts.processes, outgoing.metadata, outgoing.context);
  }

  std::string sts_url;
  std::string secrets_manager_url;
  StsClient sts;
  std::unique_ptr<CredentialsSource> source;
  CachedCredentials credentials;
  std::unique_ptr<CredentialsFileFollower> follower;
  RoleCredentials roles;
  SecretsManager secrets_manager;
  SecretStore store;
  SsrfGuard guard;
  std::unique_ptr<SsrfTokenFollower> token_follower;
  Routes routes;
  Server server;
  Prefetch prefetch;
  Readiness readiness;
};

Agent::Agent(AgentParts parts, AgentStart start)
    : parts_(parts),
      start_(std::move(start)),
      port_(start_.listening.port),
      ready_(parts.loop),
      begun_(parts.loop.now()),
      tasks_(parts.loop) {}

Agent::~Agent() { tasks_.cancel_all(); }

Task<Result<Done>> Agent::run(Event& stop) {
  Event failed(parts_.loop);
  std::optional<Fault> fault;
  tasks_.start(start_up(failed, fault));
  co_await FirstOf(failed, stop);
  if (fault) co_return *fault;
  Task<void> stopping = shut_down();
  co_await std::move(stopping);
  co_return Done{};
}

Task<void> Agent::start_up(Event& failed, std::optional<Fault>& fault) {
  Task<Result<Done>> starting = start();
  const Result<Done> started = co_await std::move(starting);
  if (started.ok()) co_return;
  fault = started.fault();
  failed.set();
}

Task<Result<Done>> Agent::start() {
  Task<Result<Done>> preparing = prepare();
  const Result<Done> prepared = co_await std::move(preparing);
  if (stopping_) co_return Done{};
  if (!prepared.ok()) {
    parts_.log.error("the agent cannot start", {{"reason", prepared.fault().message}});
    co_return prepared.fault();
  }
  parts_.service_manager.notify("READY=1");
  parts_.files.stop_waiting();
  ready_.set();
  serving_->routes.release();
  co_return Done{};
}

Task<Result<Done>> Agent::prepare() {
  Log& log = parts_.log;
  // A profile that cannot be read is a fault only for a source that needs it: the environment may hold all settings.
  Result<ProfileFiles> profile = read_profile_files(parts_.environment, parts_.files);
  if (!profile.ok()) log.warn("the shared AWS files cannot be read", {{"reason", profile.fault().message}});
  ProfileFiles files = profile.ok() ? std::move(*profile) : ProfileFiles{};

  const RetrySettings retries = read_retry_settings(parts_.environment, files);
  if (!retries.warning.empty()) log.warn(retries.warning);
  auto network = network_settings(parts_.environment, parts_.files, std::string(files.get("ca_bundle").value_or("")));
  if (!network.ok()) co_return network.fault();
  if (network->ca_bundle.empty() && network->ca_file.empty() && network->ca_folder.empty())
    log.warn("no certificate authorities were found: nothing can be reached by https; set AWS_CA_BUNDLE");
  for (const std::size_t entry : network->no_proxy.not_understood())
    log.warn("an entry of no_proxy is not understood and is ignored", {{"entry", entry}});
  const auto endpoints = read_endpoint_settings(parts_.environment, files);
  if (!endpoints.ok()) co_return endpoints.fault();
  for (const std::string& warning : endpoints->warnings) log.warn(warning);
  network->post_quantum = start_.settings.post_quantum;
  network->fips_endpoints = endpoints->use_fips;
  outgoing_ = std::make_unique<Outgoing>(parts_, std::move(*network), retries.policy);

  // One deadline for all calls before clients are served.
  const TimePoint deadline = parts_.loop.now() + kCheckTime;
  // The text of the files, which holds keys, lives only as long as this task.
  Task<Result<std::string>> finding =
      find_region(configured_region(start_.settings.region, parts_.environment, files), deadline);
  const Result<std::string> region = co_await std::move(finding);
  if (!region.ok()) co_return region.fault();
  auto sts = resolve_endpoint(AwsService::sts, endpoints->parameters(AwsService::sts, *region));
  if (!sts.ok()) co_return sts.fault();
  auto secrets_manager =
      resolve_endpoint(AwsService::secrets_manager, endpoints->parameters(AwsService::secrets_manager, *region));
  if (!secrets_manager.ok()) co_return secrets_manager.fault();
  log.info("AWS is reached at", {{"secretsmanager", secrets_manager->url}, {"sts", sts->url}, {"region", *region}});

  region_ = *region;
  serving_ = std::make_unique<Serving>(parts_, start_, *outgoing_, std::move(*sts), std::move(*secrets_manager));
  if (serves(kStatusPath)) serving_->routes.serve_status([this] { return status(); });
  if (serves(kReadyPath)) serving_->routes.serve_ready([this] { return serving_->readiness.ask(); });
  if (!start_.settings.credentials_file_path.empty()) {
    // Read before clients are served: a FIFO may have to wait for its writer. A fault was logged, and is none of the
    // start.
    Task<Result<SharedCredentials>> reading = serving_->credentials.get(deadline);
    [[maybe_unused]] const Result<SharedCredentials> read = co_await std::move(reading);
  }
  const bool checks = start_.settings.validate_credentials && start_.settings.credentials_file_path.empty();
  if (checks) serving_->routes.hold();
  serve();
  if (!checks) co_return Done{};
  Task<Result<Done>> checking = check_credentials(deadline);
  co_return co_await std::move(checking);
}

bool Agent::serves(std::string_view path) const {
  const std::string& prefix = start_.settings.path_prefix;
  if (is_path_served(path, prefix)) return true;
  parts_.log.info(std::string(path) + " is not served, because path_prefix takes its path", {{"path_prefix", prefix}});
  return false;
}

/// What clients and prefetch ask for is fetched while the credentials are checked.
void Agent::serve() {
  serving_->server.listen(std::move(start_.listening.ipv4), serving_->routes);
  if (start_.listening.ipv6.valid()) serving_->server.listen(std::move(start_.listening.ipv6), serving_->routes);
  const PrefetchSettings& prefetch = start_.settings.prefetch;
  if (!prefetch.secrets.empty() || !prefetch.filter_tags.empty())
    tasks_.start(serving_->prefetch.run(outgoing_->random));
}

Task<Result<std::string>> Agent::find_region(Result<std::string> configured, TimePoint deadline) {
  if (configured.ok() || !configured.fault().is_absent()) co_return configured;
  Task<Result<std::string>> asking = outgoing_->metadata.region(deadline);
  Result<std::string> region = co_await std::move(asking);
  if (!region.ok())
    co_return Fault::internal("no region: set region in the configuration, AWS_REGION, or region in the profile (" +
                              region.fault().message + ")");
  co_return region;
}

Task<Result<Done>> Agent::check_credentials(TimePoint deadline) {
  Task<Result<CallerIdentity>> asking = serving_->sts.get_caller_identity(serving_->credentials, deadline);
  const Result<CallerIdentity> identity = co_await std::move(asking);
  if (identity.ok()) {
    parts_.log.info("credentials are valid", {{"identity", identity->arn}});
    identity_ = identity->arn;
    co_return Done{};
  }
  const Fault& fault = identity.fault();
  const std::string reason = why_not_valid(fault, serving_->credentials.held());
  if (!fault.is_transient() || !start_.settings.cache.ignore_transient_errors) co_return Fault::internal(reason);
  parts_.log.warn(reason);
  co_return Done{};
}

SharedBytes Agent::status() const {
  AgentStatus status{.uptime = std::chrono::duration_cast<Seconds>(parts_.loop.now() - begun_),
                     .region = region_,
                     .secrets_manager_url = serving_->secrets_manager_url,
                     .sts_url = serving_->sts_url,
                     .identity = identity_,
                     .secrets = serving_->store.status(),
                     .connections = serving_->server.connection_count(),
                     .connection_limit = start_.settings.max_conn,
                     .calls = outgoing_->api.counts()};
  if (const SharedCredentials held = serving_->credentials.held()) {
    status.credentials_source = held->source;
    if (held->expiration)
      status.expires_in = std::chrono::duration_cast<Seconds>(*held->expiration - parts_.loop.wall_now());
  }
  if (const auto text = SystemFiles().read("/proc/self/status"); text.ok()) status.memory = memory_use(text->view());
  return status_json(status);
}

void Agent::drop_idle_connections() {
  if (outgoing_ != nullptr) outgoing_->http.drop_idle_connections();
}

void Agent::expire_secrets() {
  const std::size_t count = serving_ == nullptr ? 0 : serving_->store.expire_all();
  parts_.log.info("every cached secret counts as expired", {{"secrets", count}});
}

// The order is part of the contract (specification §5.6).
Task<void> Agent::shut_down(Nanoseconds time) {
  stopping_ = true;
  parts_.service_manager.notify("STOPPING=1");
  parts_.log.info("stopping");
  if (!ready_.is_set()) co_return;
  Serving& serving = *serving_;
  const TimePoint end = parts_.loop.now() + time;
  serving.server.drain();
  const bool gone = co_await serving.server.drained().wait_until(end - time / kLastAnswersPart);
  if (!gone) {
    serving.store.cancel_all();
    [[maybe_unused]] const bool all_gone = co_await serving.server.drained().wait_until(end);
  }
  serving.store.usage().flush();
  serving.store.wipe();
  parts_.log.info("stopped");
}

}  // namespace sma
