#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>

#include "base/event.h"
#include "http_client/authorities.h"
#include "http_client/curl_loop.h"
#include "http_client/http_client.h"
#include "http_client/route.h"

namespace sma {

/// One request on one curl easy handle, from hand-over to answer. Its destructor takes it off curl.
class EasyCall final : private Transfer {
 public:
  /// `trust` may be null if the route has no handshakes. `route` has the addresses of its names. All arguments but
  /// `trust` must outlive the call.
  EasyCall(CurlLoop& curl, const HttpClientSettings& settings, std::shared_ptr<const Trust> trust,
           const ClientRequest& request, const Route& route);
  ~EasyCall();
  EasyCall(const EasyCall&) = delete;
  EasyCall& operator=(const EasyCall&) = delete;

  /// Hands the request to curl. A fault if a header field holds a line break, or if curl does not take the request.
  Result<Done> start();
  /// Set when the whole answer is there or the transfer failed.
  [[nodiscard]] Event& done() { return done_; }
  /// True once there is a connection (TLS included) and the request goes out.
  [[nodiscard]] bool connected() const { return progress_.sent.has_value(); }
  /// How far it has come by now.
  [[nodiscard]] const CallProgress& progress();
  /// Why there is no answer, if `progress` is late.
  [[nodiscard]] Fault late() const;
  /// After `done`: the answer, or why there is none.
  [[nodiscard]] Result<ClientResponse> take();

 private:
  void begin_again();
  void set_options();
  void set_method();
  void set_tls();
  void set_limits();
  void set_names();
  void set_proxy();
  Result<Done> set_fields();
  void on_done(CURLcode code) override;
  void on_lost(const Fault& fault) override;
  [[nodiscard]] Fault fault() const;
  [[nodiscard]] bool is_handshake_cut_off() const;
  [[nodiscard]] std::string handshake_advice() const;

  static std::size_t on_read(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_field(char* bytes, std::size_t size, std::size_t count, void* self);
  static int on_connected(void* self, char*, char*, int, int);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* open_sockets, curl_socket_t socket);
  static CURLcode on_tls(CURL* easy, void* context, void* self);

  CurlLoop& curl_;
  const HttpClientSettings& settings_;
  const std::shared_ptr<const Trust> trust_;
  const ClientRequest& request_;
  const Route& route_;
  CURL* easy_;
  curl_slist* fields_ = nullptr;
  curl_slist* proxy_fields_ = nullptr;
  curl_slist* names_ = nullptr;
  bool added_ = false;
  OpenSockets::CallId id_ = 0;
  CallProgress progress_;
  int handshakes_ = 0;
  bool too_long_ = false;
  CURLcode code_ = CURLE_OK;
  std::optional<Fault> lost_;
  std::size_t body_sent_ = 0;
  ClientResponse response_;
  Event done_;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

}  // namespace sma
