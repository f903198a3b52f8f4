#include "tests/integration/support/relay.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

namespace sma::integration {

namespace {

using standin::SocketStream;
using standin::TlsStream;

constexpr int kLook = 5;  // milliseconds after which a waiting thread looks whether the relay stops

std::string read_some(standin::Stream& stream) {
  std::array<char, 32768> bytes{};  // more than a TLS record holds: nothing stays behind in OpenSSL
  return {bytes.data(), stream.read(bytes.data(), bytes.size())};
}

int connect_to(const std::string& address, std::uint16_t port) {
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &there.sin_addr);
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0)
    throw std::runtime_error("the relay cannot connect to " + address);
  return descriptor;
}

/// The length of the TLS record that `bytes` begin (RFC 8446 §5.1).
std::size_t record_size(const std::string& bytes) {
  return bytes.size() < 5 ? bytes.size()
                          : 5 + (static_cast<unsigned char>(bytes[3]) << 8) + static_cast<unsigned char>(bytes[4]);
}

}  // namespace

Relay::Relay(RelaySettings settings) : settings_(std::move(settings)), listener_(settings_.address + ":0") {
  if (settings_.certificate != nullptr)
    tls_ = standin::make_tls_context(settings_.certificate->certificate_file(), settings_.certificate->key_file());
  acceptor_ = std::thread([this] { serve(); });
}

Relay::~Relay() {
  stopping_ = true;
  listener_.shut_down();
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
}

void Relay::serve() {
  for (int client = listener_.accept(); client >= 0; client = listener_.accept())
    threads_.emplace_back([this, client] { relay(client); });
}

void Relay::relay(int descriptor) {
  std::unique_ptr<standin::Stream> client;
  if (tls_) {
    auto encrypted = std::make_unique<TlsStream>(descriptor, tls_.get());
    if (!encrypted->handshake()) return;
    client = std::move(encrypted);
  } else {
    client = std::make_unique<SocketStream>(descriptor);
  }
  if (!settings_.proxy || make_tunnel(*client)) pump(*client, descriptor);
}

bool Relay::make_tunnel(standin::Stream& client) {
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos) {
    const std::string part = read_some(client);
    if (part.empty()) return false;
    head += part;
  }
  const auto due = std::chrono::steady_clock::now() + settings_.tunnel_delay;
  while (!stopping_ && std::chrono::steady_clock::now() < due) poll(nullptr, 0, kLook);
  return !stopping_ && head.starts_with("CONNECT ") && client.write("HTTP/1.1 200 Connection established\r\n\r\n");
}

bool Relay::wait_for_input(int descriptor) const {
  pollfd input{descriptor, POLLIN, 0};
  while (!stopping_)
    if (poll(&input, 1, kLook) > 0) return true;
  return false;
}

void Relay::pump(standin::Stream& client, int client_descriptor) {
  if (!wait_for_input(client_descriptor)) return;
  std::string bytes = read_some(client);
  if (record_size(bytes) > settings_.largest_hello) {
    while (!bytes.empty() && wait_for_input(client_descriptor)) bytes = read_some(client);
    return;
  }
  const int server_descriptor = connect_to(settings_.address, settings_.target);
  SocketStream server(server_descriptor);
  if (!server.write(bytes)) return;
  std::array<pollfd, 2> inputs{pollfd{client_descriptor, POLLIN, 0}, pollfd{server_descriptor, POLLIN, 0}};
  while (!stopping_) {
    if (poll(inputs.data(), inputs.size(), kLook) <= 0) continue;
    const bool from_client = inputs[0].revents != 0;
    standin::Stream& source = from_client ? client : server;
    standin::Stream& sink = from_client ? server : client;
    bytes = read_some(source);
    if (bytes.empty() || !sink.write(bytes)) return;
  }
}

}  // namespace sma::integration
