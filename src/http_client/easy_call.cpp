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
constexpr long kDnsCache = 30;
// Parsing the authorities takes 11 ms.
constexpr long kAuthoritiesCache = 300;
constexpr std::size_t kMaxFieldBytes = std::size_t{64} << 10;

long milliseconds(Nanoseconds time) {
  if (time == ClientRequest::kNoLimit) return 0;  // no limit, for curl
  return static_cast<long>(std::chrono::duration_cast<Milliseconds>(time + kBackstop).count());
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

EasyCall::EasyCall(CurlLoop& curl, const HttpClientSettings& settings, const std::string& authorities_file,
                   const ClientRequest& request, const Url& url)
    : curl_(curl),
      settings_(settings),
      authorities_file_(authorities_file),
      request_(request),
      url_(url),
      easy_(curl_easy_init()),
      done_(curl.scheduler()) {
  if (easy_ == nullptr) std::abort();
}

EasyCall::~EasyCall() {
  if (added_) curl_.remove(easy_);
  curl_easy_cleanup(easy_);
  curl_slist_free_all(fields_);
  curl_slist_free_all(proxy_fields_);
}

Result<Done> EasyCall::start() {
  if (auto fields = set_fields(); !fields.ok()) return fields;
  set_options();
  auto added = curl_.add(easy_, *this);
  added_ = added.ok();
  if (!added_) added.fault().message.insert(0, url_.authority() + ": ");
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
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request_.connect_time));
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, milliseconds(request_.attempt_time));
  curl_easy_setopt(easy_, CURLOPT_MAXLIFETIME_CONN, kConnectionLifetime);
  curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN, kConnectionIdle);
  // curl also remembers for a while that a name did not resolve. The next attempt asks the name server again.
  curl_easy_setopt(easy_, CURLOPT_DNS_CACHE_TIMEOUT, request_.fresh_connection ? 0L : kDnsCache);
  curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, request_.fresh_connection ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set_method();
  set_tls();
  set_proxy();
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
  curl_easy_setopt(easy_, CURLOPT_CA_CACHE_TIMEOUT, kAuthoritiesCache);
  if (!authorities_file_.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, authorities_file_.c_str());
    curl_easy_setopt(easy_, CURLOPT_PROXY_CAINFO, authorities_file_.c_str());
  }
  if (settings_.ca_bundle.empty() && !settings_.ca_folder.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CAPATH, settings_.ca_folder.c_str());
    curl_easy_setopt(easy_, CURLOPT_PROXY_CAPATH, settings_.ca_folder.c_str());
  }
}

// Both options are always set: curl takes an option that is not set from the environment.
void EasyCall::set_proxy() {
  const SharedBytes& proxy = url_.scheme == "https" ? settings_.https_proxy : settings_.http_proxy;
  const bool use_proxy = request_.use_proxy && !proxy.empty() && !is_near_host(url_.host);
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, use_proxy ? settings_.no_proxy.c_str() : "*");
  if (!use_proxy) {
    curl_easy_setopt(easy_, CURLOPT_PROXY, "");
    return;
  }
  const ProxyAccess access = proxy_access(proxy.view());
  curl_easy_setopt(easy_, CURLOPT_PROXY, access.url.data());
  if (access.authorization.empty()) return;
  proxy_fields_ = curl_slist_append(nullptr, access.authorization.data());
  if (proxy_fields_ == nullptr) std::abort();
  curl_easy_setopt(easy_, CURLOPT_PROXYHEADER, proxy_fields_);
}

Result<Done> EasyCall::set_fields() {
  bool has_type = false;
  const auto append = [this](const char* line) {
    curl_slist* longer = curl_slist_append(fields_, line);
    if (longer == nullptr) std::abort();
    fields_ = longer;
  };
  for (const ClientField& field : request_.fields) {
    // A line break in a token file must not begin a field of its own.
    if (field.value.view().find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
      return Fault::internal("a header field of the request to " + url_.authority() + " is not valid");
    has_type = has_type || field.name == "Content-Type";
    WipedBytes line;
    line.append(field.name);
    line.append(field.value.empty() ? ";" : ": ");
    line.append(field.value.view());
    line.push_back('\0');
    append(line.data());
  }
  if (!has_type) append("Content-Type:");
  append("Expect:");
  return Done{};
}

void EasyCall::on_done(CURLcode code) {
  code_ = code;
  done_.set();
}

void EasyCall::on_lost(const Fault& fault) {
  lost_ = Fault::connection(url_.authority() + ": " + fault.message);
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
  std::string message = url_.authority();
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
  return handshaking_ && !connected_ && failed && !has_reason;
}

std::string EasyCall::handshake_advice() const {
  if (!settings_.post_quantum) return "";
  return "; if a firewall or a proxy on the way does not let a large ClientHello pass, set post_quantum = false";
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
  static_cast<EasyCall*>(self)->connected_ = true;
  return CURL_PREREQFUNC_OK;
}

CURLcode EasyCall::on_tls(CURL* /*easy*/, void* context, void* self) {
  static_cast<EasyCall*>(self)->handshaking_ = true;
  SSL_CTX_set_mode(static_cast<SSL_CTX*>(context), SSL_MODE_RELEASE_BUFFERS);
  // curl switches tickets off. Without them TLS 1.2 resumes a session only at the very server that remembers it.
  SSL_CTX_clear_options(static_cast<SSL_CTX*>(context), SSL_OP_NO_TICKET);
  return CURLE_OK;
}

}  // namespace sma
