#include "tests/integration/support/name_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tests/integration/support/agent_process.h"

namespace sma::integration {

namespace {

struct Reply {
  std::chrono::steady_clock::time_point due;
  std::string bytes;
  sockaddr_in to;
};

constexpr char kIpv4 = 1;  // type A

}  // namespace

NameServer::NameServer(NameServerFaults faults)
    : faults_(faults), socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  static int instances = 0;
  address_ = "127.77." + std::to_string(getpid() % 250 + 1) + "." + std::to_string(++instances);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(53);
  inet_pton(AF_INET, address_.c_str(), &here.sin_addr);
  REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0);
  thread_ = std::thread([this] { serve(); });
}

NameServer::~NameServer() {
  stopping_ = true;
  thread_.join();
  close(socket_);
}

void NameServer::serve() {
  std::array<char, 512> packet{};
  std::vector<Reply> replies;
  while (!stopping_) {
    pollfd readable{socket_, POLLIN, 0};
    if (poll(&readable, 1, 5) > 0) {
      Reply reply{.due = std::chrono::steady_clock::now() + faults_.delay, .bytes = {}, .to = {}};
      socklen_t size = sizeof reply.to;
      const ssize_t got =
          recvfrom(socket_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&reply.to), &size);
      if (got < 17) continue;
      reply.bytes = answer(std::string(packet.data(), static_cast<std::size_t>(got)));
      if (!reply.bytes.empty()) replies.push_back(std::move(reply));
    }
    std::erase_if(replies, [this](const Reply& reply) {
      if (std::chrono::steady_clock::now() < reply.due) return false;
      sendto(socket_, reply.bytes.data(), reply.bytes.size(), 0, reinterpret_cast<const sockaddr*>(&reply.to),
             sizeof reply.to);
      return true;
    });
  }
}

// RFC 1035 §4: the question with the answer bit set, and for an IPv4 address one record that points to its name.
std::string NameServer::answer(std::string reply) {
  const bool refused = questions_++ < faults_.refusals;
  const std::size_t name_end = reply.find('\0', 12);
  const bool is_ipv4 = reply[name_end + 2] == kIpv4;
  if (faults_.silent || (faults_.drops_ipv6 && !is_ipv4)) return "";
  reply.resize(name_end + 5);
  reply[2] = static_cast<char>(0x81);
  reply[3] = static_cast<char>(refused ? 0x82 : 0x80);
  reply[7] = static_cast<char>(!refused && is_ipv4 ? 1 : 0);
  reply[11] = 0;
  if (!refused && is_ipv4) reply += std::string("\xC0\x0C\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04\x7F\x00\x00\x01", 16);
  return reply;
}

void furnish(const TempFolder& root, const std::vector<std::string>& name_servers, const std::string& options) {
  std::string servers;
  for (const std::string& address : name_servers) servers += "nameserver " + address + "\n";
  root.write("etc/resolv.conf", servers + options + "\n");
  root.write("etc/hosts", "127.0.0.1 localhost\n");
  root.write("tmp/keep", "");
  std::filesystem::copy_file(agent_binary(), root.path() / "agent");
}

}  // namespace sma::integration
