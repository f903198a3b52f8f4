#include "tests/integration/support/network_namespace.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "tests/integration/support/child.h"
#include "tests/integration/support/wait_until.h"
#include "tests/standin/listener.h"

namespace sma::integration {

namespace {

/// What went wrong, or nothing.
std::string run_ip(std::vector<std::string> arguments) {
  ChildSettings settings;
  settings.command = {"ip"};
  settings.command.insert(settings.command.end(), arguments.begin(), arguments.end());
  settings.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
  const Outcome outcome = run(std::move(settings));
  return outcome.exit_code == 0 ? "" : "ip " + arguments.at(2) + ": " + outcome.errors;
}

std::string set_up(const std::vector<std::string>& addresses) {
  if (unshare(CLONE_NEWNET) != 0) return std::string("unshare: ") + std::strerror(errno);
  std::string fault = run_ip({"link", "set", "lo", "up"});
  for (const std::string& address : addresses) {
    if (!fault.empty()) return fault;
    const bool six = address.find(':') != std::string::npos;
    std::vector<std::string> command{"address", "add", address, "dev", "lo"};
    if (six) command.emplace_back("nodad");
    fault = run_ip(std::move(command));
  }
  return fault;
}

bool can_connect(const standin::Listener& listener) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  auto* address = reinterpret_cast<sockaddr*>(&name);
  getsockname(listener.descriptor(), address, &size);
  const int client = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = connect(client, address, size) == 0;
  close(client);
  return connected;
}

/// Linux makes the route to a new address of IPv6 in its own time.
void wait_for(const std::string& address) {
  const std::string bare = address.substr(0, address.find('/'));
  const bool six = bare.find(':') != std::string::npos;
  const standin::Listener listener(six ? "[" + bare + "]:0" : bare + ":0");
  wait_until("a way to " + address, [&] { return can_connect(listener); });
}

}  // namespace

bool run_in_network_namespace(const std::vector<std::string>& addresses, const std::function<void()>& work,
                              std::string& why) {
  std::thread([&] {
    try {
      why = set_up(addresses);
      if (!why.empty()) return;
      for (const std::string& address : addresses) wait_for(address);
      work();
    } catch (const std::exception& error) {
      FAIL_CHECK(std::string(error.what()));
    } catch (...) {
      FAIL_CHECK("the test ended early");
    }
  }).join();
  return why.empty();
}

}  // namespace sma::integration
