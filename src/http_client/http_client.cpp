#include "http_client/http_client.h"

#include <sys/socket.h>

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

#include "base/ascii.h"
#include "base/wiping_allocator.h"
#include "http_client/authorities.h"
#include "http_client/call_places.h"
#include "http_client/easy_call.h"
#include "http_client/route.h"

namespace sma {
namespace {

void* openssl_malloc(std::size_t size, const char* /*file*/, int /*line*/) { return wiping_malloc(size); }
void* openssl_realloc(void* memory, std::size_t size, const char* /*file*/, int /*line*/) {
  return wiping_realloc(memory, size);
}
void openssl_free(void* memory, const char* /*file*/, int /*line*/) { wiping_free(memory); }

AuthoritiesPlace place_of_authorities(const HttpClientSettings& settings) {
  if (!settings.ca_bundle.empty()) return {.file = settings.ca_bundle, .broken = settings.broken_authorities};
  return {.file = settings.ca_file, .folder = settings.ca_folder, .broken = settings.broken_authorities};
}

}  // namespace

std::string_view ClientResponse::field(std::string_view name) const {
  for (const ClientField& each : fields)
    if (equals_ignoring_case(each.name, name)) return each.value.view();
  return {};
}

void ClientResponse::close_connection() {
  // curl finds out before it would use the connection again.
  if (connection.valid()) shutdown(connection.get(), SHUT_RDWR);
}

class HttpClient::Impl {
 public:
  Impl(EventLoop& loop, NameLookup& lookup, const Files& files, Log& log, HttpClientSettings given)
      : event_loop(loop),
        names(lookup),
        settings(std::move(given)),
        authorities(loop, files, log, place_of_authorities(settings)),
        curl(loop),
        places(loop, settings.calls_at_once) {}

  void drop_connections_after_suspension() {
    const Nanoseconds suspended = event_loop.suspended_time();
    if (suspended - suspended_ > Seconds(1)) drop_connections();
    suspended_ = suspended;
  }

  void drop_connections() {
    curl.drop_connections();
    names.expire();
  }

  /// Puts the addresses of its names into `route`.
  Task<Result<Done>> look_up(Route& route, bool again, TimePoint deadline) {
    for (Route::Name& name : route.names) {
      Task<Result<Addresses>> finding = names.find(name.host, again, deadline);
      Result<Addresses> addresses = co_await std::move(finding);
      if (!addresses.ok()) co_return addresses.fault();
      name.addresses = std::move(*addresses);
    }
    co_return Done{};
  }

  /// What vouches for a server. What the authorities before the present ones vouched for is not used again.
  Task<Result<std::shared_ptr<const Trust>>> trust_in_force(TimePoint deadline) {
    Task<Result<std::shared_ptr<const Trust>>> getting = authorities.get(deadline);
    Result<std::shared_ptr<const Trust>> trust = co_await std::move(getting);
    if (!trust.ok()) co_return trust;
    if (trust_ != nullptr && trust_ != *trust) curl.drop_connections();
    trust_ = *trust;
    co_return trust;
  }

  /// The call's answer, or the fault that one of its phases, or all of them by `end`, took too long.
  Task<Result<ClientResponse>> answer_of(EasyCall& call, PhaseLimits limits, TimePoint end) {
    for (;;) {
      const TimePoint limit = std::min(end, end_of_phase(call.progress(), limits));
      const bool done = co_await call.done().wait_until(limit);
      if (done) co_return call.take();
      if (event_loop.now() >= end || late_in(call.progress(), limits, event_loop.now())) co_return call.late();
    }
  }

  EventLoop& event_loop;
  NameLookup& names;
  HttpClientSettings settings;
  Authorities authorities;
  CurlLoop curl;
  CallPlaces places;

 private:
  std::shared_ptr<const Trust> trust_;  // of the last call
  Nanoseconds suspended_ = event_loop.suspended_time();
};

HttpClient::HttpClient(EventLoop& loop, NameLookup& names, const Files& files, Log& log, HttpClientSettings settings)
    : impl_(std::make_unique<Impl>(loop, names, files, log, std::move(settings))) {}

HttpClient::~HttpClient() = default;

Task<Result<ClientResponse>> HttpClient::send(ClientRequest request) {
  Impl& client = *impl_;
  EventLoop& loop = client.event_loop;
  const std::optional<Url> url = parse_url(request.url);
  // Not quoted: there may be a password in it.
  if (!url) co_return Fault::internal("a request cannot be sent: its URL is not valid");

  std::optional<CallPlaces::Place> place;
  if (request.queued) {
    place.emplace(client.places, std::move(request.on_behalf_of));
    if (!place->granted().is_set()) {
      const bool granted = co_await place->granted().wait_until(request.deadline);
      if (!granted) co_return Fault::timeout("too many calls are under way: no turn came in time");
    }
  }
  if (loop.now() >= request.deadline) co_return Fault::timeout("no time was left to ask " + url->authority());

  client.drop_connections_after_suspension();
  const bool limited = request.attempt_time != PhaseLimits::kNone;
  const TimePoint end = limited ? std::min(request.deadline, loop.now() + request.attempt_time) : request.deadline;
  Route route = choose_route(client.settings, request.use_proxy, *url);
  if (!route.names.empty()) {
    Task<Result<Done>> looking_up =
        client.look_up(route, request.fresh_connection, std::min(end, loop.now() + request.limits.lookup));
    const Result<Done> found = co_await std::move(looking_up);
    if (!found.ok()) co_return found.fault();
  }

  std::shared_ptr<const Trust> trust;
  if (route.handshakes > 0) {
    Task<Result<std::shared_ptr<const Trust>>> trusting = client.trust_in_force(end);
    Result<std::shared_ptr<const Trust>> trusted = co_await std::move(trusting);
    if (!trusted.ok()) co_return trusted.fault();
    trust = std::move(*trusted);
  }

  EasyCall call(client.curl, client.settings, std::move(trust), request, route);
  const TimePoint sent_at = loop.now();
  const WallTime wall_sent_at = loop.wall_now();
  const Result<Done> started = call.start();
  if (!started.ok()) co_return started.fault();
  if (request.first_sent != nullptr && !*request.first_sent) *request.first_sent = sent_at;

  Task<Result<ClientResponse>> answering = client.answer_of(call, request.limits, end);
  Result<ClientResponse> answer = co_await std::move(answering);
  if (answer.ok()) {
    answer->sent_at = sent_at;
    answer->wall_sent_at = wall_sent_at;
    answer->received_at = loop.now();
    answer->wall_received_at = loop.wall_now();
  } else {
    answer.fault().connected = call.connected();
  }
  co_return answer;
}

std::size_t HttpClient::waiting_calls() const { return impl_->places.waiting(); }

void HttpClient::drop_idle_connections() { impl_->drop_connections(); }

void HttpClient::prepare_process() {
  // curl would write the keys of every TLS session to that file.
  ::unsetenv("SSLKEYLOGFILE");
  if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) std::abort();
  if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiping_malloc, wiping_free, wiping_realloc, wiping_strdup,
                           wiping_calloc) != CURLE_OK)
    std::abort();
}

void HttpClient::renew_randomness() { RAND_poll(); }

}  // namespace sma
