#include <doctest/doctest.h>

#include <csignal>
#include <fstream>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/network_namespace.h"
#include "tests/standin/listener.h"

// On which addresses the agent listens, and what it does if it cannot have one of them.

namespace sma::integration {

namespace {

constexpr const char* kNoIpv6 = "no IPv6: the agent listens on 127.0.0.1 only";

/// Runs `work` in a network of its own, or says why not.
void in_a_network(const std::function<void()>& work) {
  std::string why;
  if (!run_in_network_namespace({}, work, why)) MESSAGE("skipped: no network namespace: ", why);
}

void remove_ipv6_loopback() {
  ChildSettings settings;
  settings.command = {"ip", "address", "del", "::1/128", "dev", "lo"};
  settings.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
  REQUIRE(run(std::move(settings)).exit_code == 0);
}

/// The ports that the kernel chooses from in this network.
bool offer_ports(std::uint16_t first, std::uint16_t last) {
  std::ofstream range("/proc/sys/net/ipv4/ip_local_port_range");
  range << first << ' ' << last << std::flush;
  return range.good();
}

Outcome start_with_port(const standin::Standin& aws, std::uint16_t port) {
  AgentSettings settings;
  settings.environment = aws.environment();
  settings.environment["SMA_HTTP_PORT"] = std::to_string(port);
  return run_agent(settings);
}

}  // namespace

TEST_CASE("both loopback addresses are served on one port, whatever the Host field calls them") {
  in_a_network([] {
    AgentWithAws scene;
    scene.aws.put("both/addresses", "both-addresses-value");
    for (const bool six : {false, true}) {
      for (const std::string host : {"127.0.0.1", "[::1]", "localhost", ""}) {
        CAPTURE(host);
        HttpConnection connection(scene.agent().port(), six);
        connection.send("GET /v1/both/addresses HTTP/1.1\r\nHost: " + host + "\r\nX-Vault-Token: " + kToken +
                        "\r\n\r\n");
        CHECK(connection.read_answer().status == 200);
      }
    }
    CHECK(scene.agent().log().find(kNoIpv6) == std::string::npos);
  });
}

TEST_CASE("connections to both addresses count together, and a stop ends both") {
  in_a_network([] {
    AgentWithAws scene(Variables{{"SMA_MAX_CONN", "2"}});
    HttpConnection four(scene.agent().port());
    HttpConnection six(scene.agent().port(), true);
    for (HttpConnection* connection : {&four, &six}) {
      connection->send("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n");
      CHECK(connection->read_answer().status == 200);
    }
    HttpConnection third(scene.agent().port(), true);
    third.send(get_request("/v1/x"));
    CHECK(third.read_answer().status == 429);
    scene.agent().child().signal(SIGTERM);
    CHECK(four.is_closed());
    CHECK(six.is_closed());
    CHECK(scene.agent().child().wait() == 0);
  });
}

TEST_CASE("a port that another program has on [::1] ends the start") {
  in_a_network([] {
    const standin::Standin aws;
    const standin::Listener other("[::1]:0");
    const Outcome outcome = start_with_port(aws, other.port());
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find("cannot listen on [::1]:" + std::to_string(other.port()) + ": Address already in use") !=
          std::string::npos);
    CHECK(outcome.output.find("listening") == std::string::npos);
  });
}

TEST_CASE("a port that another program has on all addresses of IPv6 ends the start") {
  in_a_network([] {
    const standin::Standin aws;
    const standin::Listener other("[::]:0");
    const Outcome outcome = start_with_port(aws, other.port());
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find("Address already in use") != std::string::npos);
  });
}

TEST_CASE("without IPv6 the agent serves 127.0.0.1, and says why it is alone") {
  in_a_network([] {
    remove_ipv6_loopback();
    AgentWithAws scene;
    scene.aws.put("four/only", "four-only-value");
    CHECK(scene.agent().get_secret("four/only").status == 200);
    CHECK(scene.agent().log().find(std::string("INFO ") + kNoIpv6 + " reason=\"Cannot assign requested address\"") !=
          std::string::npos);
    CHECK_THROWS(HttpConnection(scene.agent().port(), true));
  });
}

TEST_CASE("any free port is one that is free on both addresses, and the tries for it have an end") {
  in_a_network([] {
    constexpr std::uint16_t kFirst = 40000;
    constexpr std::uint16_t kFree = 40005;
    if (!offer_ports(kFirst, kFree)) {
      MESSAGE("skipped: the range of ports cannot be set");
      return;
    }
    standin::StandinOptions aside;
    aside.listen = {"127.0.0.1:39999"};
    const standin::Standin aws(aside);
    std::vector<std::unique_ptr<standin::Listener>> taken;
    for (std::uint16_t port = kFirst; port < kFree; ++port)
      taken.push_back(std::make_unique<standin::Listener>("[::1]:" + std::to_string(port)));
    AgentSettings settings;
    settings.environment = aws.environment();
    {
      AgentProcess agent(settings);
      CHECK(agent.port() == kFree);
    }
    taken.push_back(std::make_unique<standin::Listener>("[::1]:" + std::to_string(kFree)));
    const Outcome outcome = run_agent(settings);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find("cannot listen on ") != std::string::npos);
  });
}

}  // namespace sma::integration
