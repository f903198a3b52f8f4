#include "http_client/http_client.h"

#include <sys/socket.h>

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

#include "base/ascii.h"
#include "base/wiping_allocator.h"
#include "http_client/authorities_file.h"
#include "http_client/call_places.h"
#include "http_client/easy_call.h"

namespace sma {
namespace {

void* openssl_malloc(std::size_t size, const char* /*file*/, int /*line*/) { return wiping_malloc(size); }
void* openssl_realloc(void* memory, std::size_t size, const char* /*file*/, int /*line*/) {
  return wiping_realloc(memory, size);
}
void openssl_free(void* memory, const char* /*file*/, int /*line*/) { wiping_free(memory); }

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
  Impl(EventLoop& loop, HttpClientSettings given)
      : event_loop(loop),
        settings(std::move(given)),
        authorities(files, settings.ca_bundle.empty() ? settings.ca_file : settings.ca_bundle),
        curl(loop),
        places(loop, settings.calls_at_once) {}

  void drop_connections_after_suspension() {
    const Nanoseconds suspended = event_loop.suspended_time();
    if (suspended - suspended_ > Seconds(1)) curl.drop_connections();
    suspended_ = suspended;
  }

  EventLoop& event_loop;
  HttpClientSettings settings;
  SystemFiles files;
  AuthoritiesFile authorities;
  CurlLoop curl;
  CallPlaces places;

 private:
  Nanoseconds suspended_ = event_loop.suspended_time();
};

HttpClient::HttpClient(EventLoop& loop, HttpClientSettings settings)
    : impl_(std::make_unique<Impl>(loop, std::move(settings))) {}

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
  EasyCall call(client.curl, client.settings, client.authorities.name(), request, *url);
  const TimePoint sent_at = loop.now();
  const WallTime wall_sent_at = loop.wall_now();
  const Result<Done> started = call.start();
  if (!started.ok()) co_return started.fault();
  if (request.first_sent != nullptr && !*request.first_sent) *request.first_sent = sent_at;

  const bool limited = request.attempt_time != ClientRequest::kNoLimit;
  const TimePoint attempt_end = limited ? std::min(request.deadline, sent_at + request.attempt_time) : request.deadline;
  const TimePoint connect_end = std::min(attempt_end, sent_at + request.connect_time);
  bool done = co_await call.done().wait_until(connect_end);
  if (!done && call.connected() && connect_end < attempt_end) done = co_await call.done().wait_until(attempt_end);

  Result<ClientResponse> answer =
      done ? call.take()
           : Fault::timeout(url->authority() +
                            (call.connected() ? " did not answer in time" : ": no connection in time"));
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

void HttpClient::drop_idle_connections() { impl_->curl.drop_connections(); }

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
