#include "http_client/easy_call.h"

#include <fcntl.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "base/ascii.h"

namespace sma {
namespace {

constexpr Milliseconds kBackstop{3000};
constexpr long kConnectionLifetime = 300;
constexpr long kConnectionIdle = 60;
constexpr std::size_t kMaxFieldBytes = std::size_t{64} << 10;

/// curl's own limits are only for the case that ours fail. `time` may be PhaseLimits::kNone.
long backstop(Nanoseconds time) {
  if (time == PhaseLimits::kNone) return 0;  // no limit, for curl
  return static_cast<long>(std::chrono::duration_cast<Milliseconds>(time + kBackstop).count());
}

curl_slist* with(curl_slist* list, const char* line) {
  curl_slist* longer = curl_slist_append(list, line);
  if (longer == nullptr) std::abort();
  return longer;
}

/// A `*` marks a group whose key share is in the ClientHello. If a server has none of these groups, it asks for another
/// share, which takes a round trip. Source: SSL_CTX_set1_groups_list(3).
const char* key_exchange_groups(const HttpClientSettings& settings) {
  if (settings.post_quantum)
    return settings.fips_endpoints ? "*X25519MLKEM768:*X25519:*P-256:P-384:P-521"
                                   : "*X25519MLKEM768:*X25519:P-256:P-384:P-521";
  return settings.fips_endpoints ? "*X25519:*P-256:P-384:P-521" : "*X25519:P-256:P-384:P-521";
}

}  // namespace

EasyCall::EasyCall(CurlLoop& curl, const HttpClientSettings& settings, std::shared_ptr<const Trust> trust,
                   const ClientRequest& request, const Route& route)
    : curl_(curl),
      settings_(settings),
      trust_(std::move(trust)),
      request_(request),
      route_(route),
      easy_(curl_easy_init()),
      done_(curl.scheduler()) {
  if (easy_ == nullptr) std::abort();
  begin_again();
}

EasyCall::~EasyCall() {
  if (added_) curl_.remove(easy_);
  curl_easy_cleanup(easy_);
  curl_slist_free_all(fields_);
  curl_slist_free_all(proxy_fields_);
  curl_slist_free_all(names_);
}

Result<Done> EasyCall::start() {
  if (auto fields = set_fields(); !fields.ok()) return fields;
  set_options();
  auto added = curl_.add(easy_, *this);
  added_ = added.ok();
  if (!added_) added.fault().message.insert(0, route_.url.authority() + ": ");
  return added;
}

void EasyCall::set_options() {
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, settings_.user_agent.c_str());
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, fields_);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, on_field);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, on_connected);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, static_cast<void*>(this));
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  // A connection is closed long after its call.
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&curl_.open_sockets()));
  curl_easy_setopt(easy_, CURLOPT_MAXLIFETIME_CONN, kConnectionLifetime);
  curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN, kConnectionIdle);
  curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, request_.fresh_connection ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set_limits();
  set_names();
  set_method();
  set_tls();
  set_proxy();
}

void EasyCall::set_limits() {
  const PhaseLimits& limits = request_.limits;
  const Nanoseconds connected = limits.connecting + limits.tunnelling + limits.handshaking;
  const bool limited = limits.answering != PhaseLimits::kNone;
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, backstop(connected));
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, backstop(limited ? connected + limits.answering : PhaseLimits::kNone));
}

void EasyCall::set_names() {
  for (const Route::Name& name : route_.names) names_ = with(names_, name.resolve_entry().c_str());
  curl_easy_setopt(easy_, CURLOPT_RESOLVE, names_);
}

void EasyCall::set_method() {
  if (request_.method == "GET") return;
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  if (request_.body.empty()) {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, "");
  } else {
    // A body that can be read only once is sent only once. Otherwise curl would send the request again by itself if a
    // kept connection ends without an answer: an attempt that nobody counts, with an old signature.
    curl_easy_setopt(easy_, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy_, CURLOPT_READDATA, static_cast<void*>(this));
  }
  if (request_.method != "POST") curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void EasyCall::set_tls() {
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy_, CURLOPT_SSL_EC_CURVES, key_exchange_groups(settings_));
  curl_easy_setopt(easy_, CURLOPT_SSL_CTX_FUNCTION, on_tls);
  curl_easy_setopt(easy_, CURLOPT_SSL_CTX_DATA, static_cast<void*>(this));
  // curl has no authorities of its own, and need not keep a store.
  curl_easy_setopt(easy_, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  if (trust_ != nullptr) trust_->use_sessions(easy_);
}

// Both options are always set: curl takes an option that is not set from the environment.
void EasyCall::set_proxy() {
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, route_.proxy ? "" : "*");
  curl_easy_setopt(easy_, CURLOPT_PROXY, route_.proxy ? route_.proxy->url.data() : "");
  if (!route_.proxy || route_.proxy->authorization.empty()) return;
  proxy_fields_ = with(proxy_fields_, route_.proxy->authorization.data());
  curl_easy_setopt(easy_, CURLOPT_PROXYHEADER, proxy_fields_);
}

Result<Done> EasyCall::set_fields() {
  bool has_type = false;
  for (const ClientField& field : request_.fields) {
    // A line break in a token file must not begin a field of its own.
    if (field.value.view().find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
      return Fault::internal("a header field of the request to " + route_.url.authority() + " is not valid");
    has_type = has_type || field.name == "Content-Type";
    WipedBytes line;
    line.append(field.name);
    line.append(field.value.empty() ? ";" : ": ");
    line.append(field.value.view());
    line.push_back('\0');
    fields_ = with(fields_, line.data());
  }
  if (!has_type) fields_ = with(fields_, "Content-Type:");
  fields_ = with(fields_, "Expect:");
  return Done{};
}

void EasyCall::on_done(CURLcode code) {
  code_ = code;
  done_.set();
}

void EasyCall::on_lost(const Fault& fault) {
  lost_ = Fault::connection(route_.url.authority() + ": " + fault.message);
  done_.set();
}

Result<ClientResponse> EasyCall::take() {
  if (lost_) return *lost_;
  if (code_ != CURLE_OK) return fault();
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  long connections = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connections);
  response_.on_kept_connection = connections == 0;
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy_, CURLINFO_ACTIVESOCKET, &socket);
  // A duplicate, because curl may close its own at any time, and another connection may then get the same number.
  if (socket != CURL_SOCKET_BAD) response_.connection = FileDescriptor(fcntl(socket, F_DUPFD_CLOEXEC, 0));
  return std::move(response_);
}

Fault EasyCall::fault() const {
  std::string message = route_.url.authority();
  if (too_long_) return Fault::connection(message + " sent an answer that is too long");
  message += ": ";
  // curl wanted to send the request again, but its body can be read only once.
  if (code_ == CURLE_SEND_FAIL_REWIND) return Fault::connection(message + "the connection ended without an answer");
  message += error_[0] != '\0' ? error_.data() : curl_easy_strerror(code_);
  if (code_ == CURLE_OPERATION_TIMEDOUT) return Fault::timeout(std::move(message));
  if (is_handshake_cut_off()) message += handshake_advice();
  return Fault::connection(std::move(message));
}

/// True if the connection ended during the handshake without an alert that says why.
bool EasyCall::is_handshake_cut_off() const {
  const std::string_view error = error_.data();
  const bool failed = code_ == CURLE_SSL_CONNECT_ERROR || code_ == CURLE_SEND_ERROR || code_ == CURLE_RECV_ERROR;
  const bool has_reason = error.starts_with("TLS connect error") && error.find("unexpected eof") == error.npos;
  return progress_.handshaking && !progress_.sent && failed && !has_reason;
}

std::string EasyCall::handshake_advice() const {
  if (!settings_.post_quantum) return "";
  return "; if a firewall or a proxy on the way does not let a large ClientHello pass, set post_quantum = false";
}

void EasyCall::begin_again() {
  id_ = curl_.open_sockets().next_call();
  handshakes_ = 0;
  progress_ = {.begun = curl_.scheduler().now(), .tunnels = route_.tunnels, .encrypted = route_.handshakes > 0};
}

const CallProgress& EasyCall::progress() {
  if (!progress_.connected) progress_.connected = curl_.open_sockets().connected_at(id_);
  return progress_;
}

Fault EasyCall::late() const {
  const std::string host = route_.url.authority();
  switch (progress_.phase()) {
    case CallPhase::lookup:
    case CallPhase::connecting:
      return Fault::timeout(host + ": no connection in time to " + route_.first_hop());
    case CallPhase::tunnelling:
      return Fault::timeout(host + ": " + route_.first_hop() + " did not connect to it in time");
    case CallPhase::handshaking:
      return Fault::timeout(host + ": the TLS handshake did not end in time" + handshake_advice());
    case CallPhase::answering:
      break;
  }
  return Fault::timeout(host + " did not answer in time");
}

std::size_t EasyCall::on_read(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& call = *static_cast<EasyCall*>(self);
  const std::string_view part = call.request_.body.view().substr(call.body_sent_, size * count);
  std::memcpy(bytes, part.data(), part.size());
  call.body_sent_ += part.size();
  return part.size();
}

std::size_t EasyCall::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& call = *static_cast<EasyCall*>(self);
  const std::size_t got = size * count;
  if (got > call.request_.max_answer_bytes - call.response_.body.size()) {
    call.too_long_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  WipedBytes& body = call.response_.body;
  if (body.empty()) {
    curl_off_t length = -1;
    curl_easy_getinfo(call.easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    // One byte more, for the NUL that a JSON document ends in: otherwise all of it would be copied once more.
    if (length > 0 && static_cast<std::size_t>(length) <= call.request_.max_answer_bytes)
      body.reserve(static_cast<std::size_t>(length) + 1);
  }
  body.append({bytes, got});
  return got;
}

std::size_t EasyCall::on_field(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& call = *static_cast<EasyCall*>(self);
  const std::string_view line(bytes, size * count);
  if (line.starts_with("HTTP/")) {
    call.response_.fields.clear();  // an interim answer (1xx) came before
    return line.size();
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || line.size() > kMaxFieldBytes) return line.size();
  call.response_.fields.push_back({std::string(line.substr(0, colon)), WipedBytes(trimmed(line.substr(colon + 1)))});
  return line.size();
}

int EasyCall::on_connected(void* self, char* /*ip*/, char* /*local_ip*/, int /*port*/, int /*local_port*/) {
  auto& call = *static_cast<EasyCall*>(self);
  call.progress_.sent = call.curl_.scheduler().now();
  return CURL_PREREQFUNC_OK;
}

curl_socket_t EasyCall::on_open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& call = *static_cast<EasyCall*>(self);
  // A kept connection was dead, and curl sends the request again on a new one.
  if (call.progress_.sent) call.begin_again();
  return call.curl_.open_sockets().open(call.id_, *address);
}

int EasyCall::on_close(void* open_sockets, curl_socket_t socket) {
  static_cast<OpenSockets*>(open_sockets)->close(socket);
  return 0;
}

CURLcode EasyCall::on_tls(CURL* /*easy*/, void* context, void* self) {
  auto& call = *static_cast<EasyCall*>(self);
  if (call.trust_ == nullptr) return CURLE_SSL_CACERT_BADFILE;
  call.trust_->use_authorities(static_cast<SSL_CTX*>(context));
  if (++call.handshakes_ >= call.route_.handshakes) call.progress_.handshaking = call.curl_.scheduler().now();
  SSL_CTX_set_mode(static_cast<SSL_CTX*>(context), SSL_MODE_RELEASE_BUFFERS);
  // curl switches tickets off. Without them TLS 1.2 resumes a session only at the very server that remembers it.
  SSL_CTX_clear_options(static_cast<SSL_CTX*>(context), SSL_OP_NO_TICKET);
  return CURLE_OK;
}

}  // namespace sma
