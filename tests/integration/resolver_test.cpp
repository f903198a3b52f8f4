#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "tests/integration/support/agent_with_aws.h"

namespace sma::integration {

namespace {

/// A name server of the test's own on a loopback address nobody else uses: silent, or answering each question but the
/// first ones with 127.0.0.1.
class NameServer {
 public:
  /// `refusals` questions are answered with SERVFAIL; -1: none is answered at all.
  explicit NameServer(int refusals) : refusals_(refusals), socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    address_ = "127.77." + std::to_string(getpid() % 250 + 1) + "." + std::to_string(++instances_);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_port = htons(53);
    inet_pton(AF_INET, address_.c_str(), &here.sin_addr);
    REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0);
    if (refusals_ >= 0) thread_ = std::thread([this] { serve(); });
  }
  ~NameServer() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    close(socket_);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  /// A root in which the agent asks this server.
  void furnish(const TempFolder& root) const {
    root.write("etc/resolv.conf", "nameserver " + address_ + "\noptions timeout:1 attempts:1\n");
    root.write("etc/hosts", "127.0.0.1 localhost\n");
    root.write("tmp/keep", "");
    std::filesystem::copy_file(agent_binary(), root.path() / "agent");
  }
  [[nodiscard]] int questions() const { return questions_; }

 private:
  void serve() {
    std::array<char, 512> packet{};
    while (!stopping_) {
      pollfd readable{socket_, POLLIN, 0};
      if (poll(&readable, 1, 20) <= 0) continue;
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got = recvfrom(socket_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 17) continue;
      const std::string reply = answer(std::string(packet.data(), static_cast<std::size_t>(got)));
      sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
    }
  }

  // RFC 1035 §4: the question with the answer bit set, and for an address (type 1) one record that points to its name.
  std::string answer(std::string reply) {
    const bool refused = questions_++ < refusals_;
    const std::size_t name_end = reply.find('\0', 12);
    const bool is_address = reply[name_end + 2] == 1;
    reply.resize(name_end + 5);
    reply[2] = static_cast<char>(0x81);
    reply[3] = static_cast<char>(refused ? 0x82 : 0x80);
    reply[7] = static_cast<char>(!refused && is_address ? 1 : 0);
    reply[11] = 0;
    if (!refused && is_address)
      reply += std::string("\xC0\x0C\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04\x7F\x00\x00\x01", 16);
    return reply;
  }

  static inline int instances_ = 0;
  const int refusals_;
  const int socket_;
  std::string address_;
  std::atomic<int> questions_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

AgentSettings asking(const standin::Standin& aws, const TempFolder& root) {
  AgentSettings settings;
  // The binary's own path is the wrapper's last word, and is left out.
  settings.wrapper = {"/bin/sh", "-c", "exec chroot " + root.path().string() + " /agent"};
  settings.environment = aws.environment();
  settings.environment["SMA_LOG_TO_FILE"] = "false";
  settings.environment["SMA_VALIDATE_CREDENTIALS"] = "false";
  settings.environment["AWS_ENDPOINT_URL"] = "http://aws.test:" + std::to_string(aws.port());
  return settings;
}

}  // namespace

TEST_CASE("a name that did not resolve is asked for again by the next attempt") {
  if (!works_as_root({"chroot", "/", "true"})) {
    MESSAGE("skipped: chroot needs root");
    return;
  }
  const NameServer names(2);  // one lookup: IPv4 and IPv6
  const TempFolder root;
  names.furnish(root);
  standin::Standin aws;
  aws.put("resolver/again", "resolver-again-value");
  AgentProcess agent(asking(aws, root));
  CHECK(agent.get_secret("resolver/again").status == 200);
  CHECK(aws.count("GetSecretValue") == 1);
  CHECK(names.questions() > 2);
  aws.drop_connections();
  CHECK(agent.get_secret("resolver/again", "&refreshNow=1").status == 200);
  const int questions = names.questions();
  aws.drop_connections();
  CHECK(agent.get_secret("resolver/again", "&refreshNow=1").status == 200);
  CHECK(names.questions() == questions);  // kept for a while
}

TEST_CASE("a name server that never answers is a timeout, holds up nobody else, and not the end either") {
  if (!works_as_root({"chroot", "/", "true"})) {
    MESSAGE("skipped: chroot needs root");
    return;
  }
  const NameServer names(-1);
  const TempFolder root;
  names.furnish(root);
  const standin::Standin aws;
  AgentSettings settings = asking(aws, root);
  settings.environment["AWS_MAX_ATTEMPTS"] = "1";
  AgentProcess agent(settings);
  HttpConnection stuck = agent.connect();
  stuck.send(get_request("/v1/resolver/dead"));
  CHECK(agent.get("/ping").status == 200);
  CHECK_FALSE(stuck.has_input());
  const Answer answer = stuck.read_answer();
  CHECK((answer.status == 504 || answer.status == 502));  // our limit, or the resolver's own
  CHECK(agent.stop() == 0);
}

}  // namespace sma::integration
