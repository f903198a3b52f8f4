#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/files.h"
#include "base/log.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "base/task.h"
#include "base/wiped_bytes.h"
#include "http_client/call_phases.h"
#include "http_client/name_lookup.h"
#include "http_client/no_proxy.h"
#include "os/event_loop.h"

namespace sma {

/// A header field of an outgoing request or of its answer. Values may be tokens or signatures: wiped.
struct ClientField {
  std::string name;
  WipedBytes value;
};

/// One HTTP call, sent exactly as written: no redirect is followed, no path is normalised. Requests to this machine and
/// to link-local addresses never go through a proxy.
struct ClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<ClientField> fields;
  WipedBytes body;

  PhaseLimits limits{};
  Nanoseconds attempt_time = PhaseLimits::kNone;          ///< all phases together
  TimePoint deadline = TimePoint::max();                  ///< queueing included
  std::size_t max_answer_bytes = std::size_t{256} << 10;  ///< of its body; a longer answer is a fault
  bool fresh_connection = false;  ///< none of the pool, and its name is looked up again: for the retry after a lost one
  bool use_proxy = true;          ///< if one is configured and the host is neither link-local nor loopback
  bool queued = true;             ///< false: not counted among the calls under way (metadata, credentials)
  std::string on_behalf_of{};     ///< the role it is made for, see CallPlaces; empty: none
  /// Set to the time when the request is handed over for sending, unless it holds one already. Must outlive the call.
  std::optional<TimePoint>* first_sent = nullptr;
};

struct ClientResponse {
  int status = 0;
  std::vector<ClientField> fields;
  WipedBytes body;
  TimePoint sent_at{};      ///< handed over for sending
  TimePoint received_at{};  ///< last byte
  WallTime wall_sent_at{};
  WallTime wall_received_at{};
  bool on_kept_connection = false;  ///< other answers came on it before
  FileDescriptor connection{};      ///< a duplicate of the socket that it came on; none if that is closed

  /// The first field of that name (any case), without surrounding white space; empty if there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const;

  /// To be called if the answer cannot be read: its connection is not used again, because what follows on it may be no
  /// answer to the next request.
  void close_connection();
  /// What `read` makes of the body, a Result. If that is a fault, the body cannot be read: closes the connection.
  template <typename Read>
  [[nodiscard]] auto read_body(Read read) {
    auto result = read(std::move(body));
    if (!result.ok()) close_connection();
    return result;
  }
};

/// Sends requests: `HttpClient`, or a test.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  [[nodiscard]] virtual Task<Result<ClientResponse>> send(ClientRequest request) = 0;
};

/// The proxies, the trusted certificates and the key exchange of outgoing connections; read once at start.
struct HttpClientSettings {
  std::string ca_bundle{};  ///< a PEM file that must be readable; empty: `ca_file` and `ca_folder`
  std::string ca_file{};    ///< as found by the usual search; may be empty
  std::string ca_folder{};  ///< `SSL_CERT_DIR`, hashed names; may be empty
  std::vector<std::string> broken_authorities{};  ///< places of broken certificates in the file, told already
  SharedBytes https_proxy{};                      ///< may hold a password: never logged
  SharedBytes http_proxy{};
  NoProxy no_proxy{};
  std::string user_agent{};
  std::size_t calls_at_once = 16;
  bool post_quantum = true;     ///< TLS offers X25519MLKEM768; its ClientHello needs two TCP segments
  bool fips_endpoints = false;  ///< such servers want P-256
};

/// Outgoing HTTP and HTTPS with curl's multi interface, on our event loop: nothing blocks. At most `calls_at_once`
/// calls are under way; further ones wait, first in, first out (CallPlaces). Destroying a call's task ends the call at
/// once.
///
/// Names are looked up by `NameLookup` and given to curl, so that any number of calls wait for one lookup.
///
/// Faults: `Fault::timeout` (504) if no answer came in time, with the phase that was late; `Fault::connection` (502)
/// for DNS, connecting, TLS, a reset, an answer cut short or longer than `max_answer_bytes`; the message names the host
/// and curl's reason.
class HttpClient final : public HttpTransport {
 public:
  /// All but `settings` must outlive the client.
  HttpClient(EventLoop& loop, NameLookup& names, const Files& files, Log& log, HttpClientSettings settings);
  ~HttpClient() override;

  [[nodiscard]] Task<Result<ClientResponse>> send(ClientRequest request) override;

  /// Calls that wait for one of the `calls_at_once` places.
  [[nodiscard]] std::size_t waiting_calls() const;

  /// Closes idle connections, which may be dead after the process was frozen, and looks names up again.
  void drop_idle_connections();

  /// Gives curl and OpenSSL allocators that wipe what they free. To be called once, before anything else.
  static void prepare_process();

  /// Makes OpenSSL take new entropy, for a process that was copied as a whole, as in a snapshot of a virtual machine.
  static void renew_randomness();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sma
