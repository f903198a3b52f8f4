#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/network_namespace.h"
#include "tests/integration/support/relay.h"

// What each phase of a call may take, with proxies and relays that hold it up. The limits are real seconds, so all that
// waits does so at the same time.

namespace sma::integration {

namespace {

using std::chrono::milliseconds;

// No loopback address: such a one is never reached through a proxy.
const std::string kHost = "10.9.0.1";
constexpr std::size_t kOneSegment = 1400;  // bytes; a ClientHello with X25519MLKEM768 is longer
constexpr milliseconds kLate{4000};        // more than TCP has

/// Where AWS is, and who vouches for it and for proxies.
struct Network {
  Network() : aws(options()) { aws.put("phases", "phases-value"); }
  [[nodiscard]] standin::StandinOptions options() const {
    standin::StandinOptions options;
    options.listen = {kHost + ":0"};
    options.tls_certificate = certificate.certificate_file();
    options.tls_key = certificate.key_file();
    return options;
  }
  [[nodiscard]] std::string host() const { return kHost + ":" + std::to_string(aws.port()); }

  const Certificate certificate{{.address = kHost}};
  standin::Standin aws;
};

/// An agent that has just been asked for a secret.
class Asked {
 public:
  Asked(const Network& network, const Variables& variables) {
    AgentSettings settings;
    settings.environment = {{"AWS_ENDPOINT_URL", "https://" + network.host()},
                            {"AWS_CA_BUNDLE", network.certificate.certificate_file()},
                            {"AWS_MAX_ATTEMPTS", "1"},
                            {"SMA_VALIDATE_CREDENTIALS", "false"}};
    settings.environment.merge(network.aws.environment());
    for (const auto& [name, value] : variables) settings.environment[name] = value;
    agent_.emplace(std::move(settings));
    client_.emplace(agent_->connect());
    client_->send(get_request("/v1/phases"));
  }

  int status() { return client_->read_answer().status; }
  /// The message of the timeout that is the answer.
  std::string timeout() {
    const Answer answer = client_->read_answer();
    CHECK(answer.status == 504);
    CHECK(member(answer.body, "__type") == "TimeoutError");
    return member(answer.body, "message");
  }

 private:
  std::optional<AgentProcess> agent_;
  std::optional<HttpConnection> client_;
};

/// A port whose queue of connections is full: Linux answers no more of them.
class FullPort {
 public:
  FullPort() : listener_(kHost + ":0") {
    listen(listener_.descriptor(), 0);
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    getsockname(listener_.descriptor(), reinterpret_cast<sockaddr*>(&name), &size);
    for (int& client : clients_) {
      client = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      [[maybe_unused]] const int begun = connect(client, reinterpret_cast<const sockaddr*>(&name), size);
    }
  }
  ~FullPort() {
    for (const int client : clients_) close(client);
  }
  FullPort(const FullPort&) = delete;
  FullPort& operator=(const FullPort&) = delete;
  [[nodiscard]] const std::string& address() const { return listener_.address(); }

 private:
  standin::Listener listener_;
  std::array<int, 4> clients_{};
};

Variables through(const Relay& relay) { return {{"AWS_ENDPOINT_URL", "https://" + relay.address()}}; }
Variables by_proxy(const std::string& scheme, const Relay& proxy) {
  return {{"https_proxy", scheme + "://" + proxy.address()}};
}

void check_phases() {
  const Network network;
  const RelaySettings to_aws{.address = kHost, .target = network.aws.port()};
  RelaySettings settings = to_aws;
  settings.largest_hello = kOneSegment;
  const Relay small_hellos(settings);
  settings.largest_hello = 0;
  const Relay silent(settings);

  settings = to_aws;
  settings.proxy = true;
  settings.tunnel_delay = kLate;
  const Relay late_proxy(settings);
  settings.certificate = &network.certificate;
  const Relay late_https_proxy(settings);
  settings.tunnel_delay = {};
  settings.largest_hello = kOneSegment;
  const Relay https_proxy_of_small_hellos(settings);
  settings.tunnel_delay = Relay::kForEver;
  settings.certificate = nullptr;
  const Relay holding_proxy(settings);
  const FullPort full;

  Variables small = through(small_hellos);
  small["SMA_POST_QUANTUM"] = "false";
  Variables unanswered = through(silent);
  unanswered["SMA_POST_QUANTUM"] = "false";
  Asked not_connected(network, {{"AWS_ENDPOINT_URL", "https://" + full.address()}});
  Asked held(network, by_proxy("http", holding_proxy));
  Asked proxy_without_tls(network, by_proxy("https", silent));
  Asked swallowed(network, through(small_hellos));
  Asked swallowed_in_tunnel(network, by_proxy("https", https_proxy_of_small_hellos));
  Asked without_answer(network, unanswered);
  Asked late(network, by_proxy("http", late_proxy));
  Asked late_with_https(network, by_proxy("https", late_https_proxy));
  Asked one_segment(network, small);

  const std::string host = network.host() + ": ";
  const std::string handshake = ": the TLS handshake did not end in time";
  const std::string advice =
      "; if a firewall or a proxy on the way does not let a large ClientHello pass, set post_quantum = false";
  CHECK(one_segment.status() == 200);
  CHECK(late.status() == 200);
  CHECK(late_with_https.status() == 200);
  CHECK(not_connected.timeout() == full.address() + ": no connection in time to " + full.address());
  CHECK(held.timeout() == host + "the proxy " + holding_proxy.address() + " did not connect to it in time");
  CHECK(proxy_without_tls.timeout() == host + "the proxy " + silent.address() + " did not connect to it in time");
  CHECK(swallowed.timeout() == small_hellos.address() + handshake + advice);
  CHECK(swallowed_in_tunnel.timeout() == network.host() + handshake + advice);
  CHECK(without_answer.timeout() == silent.address() + handshake);
}

}  // namespace

TEST_CASE("each phase of a call has a limit of its own, and the answer names the one that was late") {
  std::string why;
  if (!run_in_network_namespace({kHost + "/32"}, check_phases, why)) MESSAGE("skipped: no network namespace: ", why);
}

}  // namespace sma::integration
