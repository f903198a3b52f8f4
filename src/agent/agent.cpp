#include "agent/agent.h"

#include "agent/aws_access.h"
#include "agent/aws_plan.h"
#include "agent/files/secret_files.h"
#include "agent/metrics/metrics_listener.h"
#include "agent/metrics/metrics_text.h"
#include "agent/own_requests.h"
#include "agent/readiness.h"
#include "agent/routes.h"
#include "agent/ssrf_guard.h"
#include "agent/ssrf_token_follower.h"
#include "agent/start_line.h"
#include "agent/status.h"
#include "aws/credentials/credentials_file_follower.h"
#include "http_server/server.h"
#include "os/process_usage.h"
#include "secrets/prefetch.h"
#include "secrets/secret_store.h"

namespace sma {
namespace {

constexpr Seconds kCheckTime{5};
// This part of the time for stopping is kept for answers to clients whose fetch was dropped: 1 second of 11.
constexpr int kLastAnswersPart = 11;

}  // namespace

/// What answers clients.
class Agent::Serving {
 public:
  Serving(const AgentParts& parts, AgentStart& start, AwsCalls& calls, AwsEndpoints endpoints)
      : aws(parts, calls, start.settings, start.as_version_3, std::move(endpoints)),
        store(parts.loop, aws.secrets_manager, calls.random, parts.log, start.settings.cache),
        guard(parts.loop, parts.log, start.settings.ssrf_headers, std::move(start.token)),
        routes(parts.loop, store, guard, parts.log, start.settings.path_prefix),
        server(parts.loop, routes, {.max_connections = start.settings.max_conn}),
        prefetch(parts.loop, aws.secrets_manager, store, parts.log, start.settings.prefetch),
        files({parts.loop, store, calls.random, parts.blocking_calls, parts.log, parts.errors}, std::move(start.files)),
        readiness({parts.loop, calls.random, aws.credentials, prefetch, files}) {
    const std::string& path = start.settings.credentials_file_path;
    if (!path.empty())
      follower = std::make_unique<CredentialsFileFollower>(parts.loop, path, parts.files, aws.credentials);
    if (!start.token_file.path.empty())
      token_follower = std::make_unique<SsrfTokenFollower>(parts.loop, parts.log, start.token_file, parts.files, guard);
  }

  AwsAccess aws;
  std::unique_ptr<CredentialsFileFollower> follower;
  SecretStore store;
  SsrfGuard guard;
  std::unique_ptr<SsrfTokenFollower> token_follower;
  Routes routes;
  Server server;
  Prefetch prefetch;
  SecretFiles files;
  Readiness readiness;
  std::optional<MetricsListener> metrics_listener;
};

Agent::Agent(AgentParts parts, AgentStart start)
    : parts_(parts),
      start_(std::move(start)),
      port_(start_.listening.port),
      addresses_(client_addresses(start_.listening, start_.local)),
      ready_(parts.loop),
      begun_(parts.loop.now()),
      process_start_(sma::process_start(parts.files, begun_, parts.loop.wall_now())),
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
  ready_.set();
  serving_->routes.release();
  if (start_.metrics.socket.valid())
    serving_->metrics_listener.emplace(
        parts_.loop, parts_.log, std::move(start_.metrics.socket),
        MetricsListener::Sources{[this] { return serving_->readiness.ask(); }, [this] { return metrics(); }});
  co_return Done{};
}

Task<Result<Done>> Agent::prepare() {
  Log& log = parts_.log;
  auto plan = plan_aws(start_.settings, parts_.environment, parts_.files, log);
  if (!plan.ok()) co_return plan.fault();
  calls_ = std::make_unique<AwsCalls>(parts_, std::move(plan->network), plan->retries);

  // One deadline for all calls before clients are served.
  const TimePoint deadline = parts_.loop.now() + kCheckTime;
  Task<Result<std::string>> finding = find_region(std::move(plan->region), calls_->metadata, deadline);
  const Result<std::string> region = co_await std::move(finding);
  if (!region.ok()) co_return region.fault();
  auto endpoints = find_endpoints(plan->endpoints, *region, log);
  if (!endpoints.ok()) co_return endpoints.fault();
  log.info("AWS is reached at",
           {{"secretsmanager", endpoints->secrets_manager.url}, {"sts", endpoints->sts.url}, {"region", *region}});

  region_ = *region;
  serving_ = std::make_unique<Serving>(parts_, start_, *calls_, std::move(*endpoints));
  if (serves(kStatusPath)) serving_->routes.serve_status([this] { return status(); });
  if (serves(kReadyPath)) serving_->routes.serve_ready([this] { return serving_->readiness.ask(); });
  if (serves(kMetricsPath)) serving_->routes.serve_metrics([this] { return metrics(); });
  if (!start_.settings.credentials_file_path.empty()) {
    // Read before clients are served: a FIFO may have to wait for its writer. A fault was logged, and is none of the
    // start.
    Task<Result<SharedCredentials>> reading = serving_->aws.credentials.get(deadline);
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

/// What clients, prefetch and files ask for is fetched while the credentials are checked.
void Agent::serve() {
  for (FileDescriptor* socket : {&start_.listening.ipv4, &start_.listening.ipv6})
    if (socket->valid()) serving_->server.listen(std::move(*socket), serving_->routes);
  if (start_.local.socket.valid()) serving_->server.listen(std::move(start_.local.socket), serving_->routes.local());
  const PrefetchSettings& prefetch = start_.settings.prefetch;
  if (!prefetch.secrets.empty() || !prefetch.filter_tags.empty()) tasks_.start(serving_->prefetch.run(calls_->random));
  serving_->files.start();
}

Task<Result<Done>> Agent::check_credentials(TimePoint deadline) {
  Task<Result<CallerIdentity>> asking = serving_->aws.identity(deadline);
  const Result<CallerIdentity> identity = co_await std::move(asking);
  if (identity.ok()) {
    parts_.log.info("credentials are valid", {{"identity", identity->arn}});
    identity_ = identity->arn;
    co_return Done{};
  }
  const Fault& fault = identity.fault();
  if (!fault.is_transient() || !start_.settings.cache.ignore_transient_errors) co_return Fault::internal(fault.message);
  parts_.log.warn(fault.message);
  co_return Done{};
}

SharedBytes Agent::status() const {
  AgentStatus status{.uptime = std::chrono::duration_cast<Seconds>(parts_.loop.now() - begun_),
                     .region = region_,
                     .secrets_manager_url = serving_->aws.secrets_manager_url,
                     .sts_url = serving_->aws.sts_url,
                     .addresses = addresses_,
                     .identity = identity_,
                     .secrets = serving_->store.status(),
                     .files = serving_->files.status(),
                     .connections = serving_->server.connection_count(),
                     .connection_limit = start_.settings.max_conn,
                     .calls = calls_->api.record().total()};
  if (const SharedCredentials held = serving_->aws.credentials.held()) {
    status.credentials_source = held->source;
    if (held->expiration)
      status.expires_in = std::chrono::duration_cast<Seconds>(*held->expiration - parts_.loop.wall_now());
  }
  if (const auto text = SystemFiles().read("/proc/self/status"); text.ok()) status.memory = memory_use(text->view());
  return status_json(status);
}

SharedBytes Agent::metrics() const {
  const Serving& serving = *serving_;
  const SharedCredentials held = serving.aws.credentials.held();
  return metrics_text({.server = serving.server.counts(),
                       .connections = serving.server.connection_count(),
                       .connection_limit = start_.settings.max_conn,
                       .guard = serving.guard.counts(),
                       .routes = serving.routes.counts(),
                       .secrets = serving.store.counts(),
                       .cache = serving.store.cache(),
                       .refusals = serving.store.refusals(),
                       .files_written = serving.files.written(),
                       .files_stale = serving.files.stale(),
                       .calls = calls_->api.record(),
                       .calls_waiting = calls_->http.waiting_calls(),
                       .loads = calls_->loads,
                       .credentials_expiry = held == nullptr ? std::nullopt : held->expiration,
                       .ready = serving_->readiness.ask(),
                       .log_lines_dropped = parts_.log.dropped(),
                       .process = process_usage(parts_.files),
                       .process_start = process_start_});
}

void Agent::drop_idle_connections() {
  if (calls_ != nullptr) calls_->http.drop_idle_connections();
}

void Agent::expire_secrets() {
  const std::size_t count = serving_ == nullptr ? 0 : serving_->store.expire_all();
  if (serving_ != nullptr) serving_->files.renew();
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
  start_.local.file.remove();
  serving.files.stop();
  if (serving.metrics_listener) serving.metrics_listener->drain();
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
