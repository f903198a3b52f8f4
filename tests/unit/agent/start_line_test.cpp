#include "agent/start_line.h"

#include <doctest/doctest.h>

#include "tests/unit/base/temp_folder.h"

namespace sma {
namespace {

TEST_CASE("the start line names version and address, as either version of AWS's agent has it") {
  CHECK(start_line(false, "http://127.0.0.1:2773") == "Agent/" SMA_VERSION " listening on http://127.0.0.1:2773");
  CHECK(start_line(true, "unix:/a") == "Secrets Manager Provider/" SMA_VERSION " listening on unix:/a");
}

TEST_CASE("the port is named before the socket, and neither if it is not open") {
  CHECK(client_addresses({}, {}).empty());
  const auto tcp = listen_on_loopback(0);
  REQUIRE(tcp.ok());
  const std::string port = "http://127.0.0.1:" + std::to_string(tcp->port);
  CHECK(client_addresses(*tcp, {}) == std::vector{port});
  const TempFolder folder;
  const auto local = listen_on_unix(folder / "agent.sock", std::nullopt);
  REQUIRE(local.ok());
  const std::string socket = "unix:" + (folder / "agent.sock");
  CHECK(client_addresses({}, *local) == std::vector{socket});
  CHECK(client_addresses(*tcp, *local) == std::vector{port, socket});
}

}  // namespace
}  // namespace sma
