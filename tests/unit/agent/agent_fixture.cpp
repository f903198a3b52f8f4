#include "tests/unit/agent/agent_fixture.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdlib>

namespace sma {
namespace {

constexpr const char* kToken = "in-process-token";

std::map<std::string, std::string, std::less<>> variables_for(const standin::Standin& aws,
                                                              const std::map<std::string, std::string>& more) {
  const std::map<std::string, std::string> base = aws.environment();
  std::map<std::string, std::string, std::less<>> all(base.begin(), base.end());
  constexpr std::string_view kAws = "{aws}";
  for (auto [name, value] : more) {
    const std::size_t at = value.find(kAws);
    if (at != std::string::npos) value.replace(at, kAws.size(), aws.url());
    all.insert_or_assign(name, value);
  }
  return all;
}

}  // namespace

AgentClient::AgentClient(std::uint16_t port, const std::string& request)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
}

bool AgentClient::done() {
  std::array<char, 65536> part;
  for (;;) {
    const ssize_t got = recv(socket_.get(), part.data(), part.size(), MSG_DONTWAIT);
    if (got > 0) {
      received_.append(part.data(), static_cast<std::size_t>(got));
      continue;
    }
    closed_ = closed_ || got == 0 || (errno != EAGAIN && errno != EINTR);
    break;
  }
  const auto head = received_.find("\r\n\r\n");
  if (head == std::string::npos) return closed_;
  const auto length = received_.find("Content-Length: ");
  return closed_ || received_.size() >= head + 4 + std::strtoul(received_.c_str() + length + 16, nullptr, 10);
}

int AgentClient::status() { return received_.size() < 12 ? 0 : std::atoi(received_.c_str() + 9); }

std::string AgentClient::body() {
  const auto head = received_.find("\r\n\r\n");
  return head == std::string::npos ? "" : received_.substr(head + 4);
}

AgentFixture::AgentFixture(std::map<std::string, std::string> more_variables)
    : environment_(variables_for(aws, more_variables)) {
  settings.log_to_file = false;
  settings.http_port = 0;
  aws.set_clock([this] { return std::chrono::duration<double>(clocks.wall_now().time_since_epoch()).count(); });
}

AgentFixture::~AgentFixture() {
  running_.reset();
  agent_.reset();
  aws.stop();
}

void AgentFixture::make() {
  auto listening = listen_on_loopback(0);
  REQUIRE(listening.ok());
  agent_ = std::make_unique<Agent>(
      AgentParts{.loop = loop_,
                 .environment = environment_,
                 .files = files_,
                 .processes = processes_,
                 .service_manager = service_manager_,
                 .blocking_calls = blocking_calls_,
                 .log = log_},
      AgentStart{.settings = settings, .token = SharedBytes(kToken), .listening = std::move(*listening)});
}

void AgentFixture::begin() {
  make();
  stop_ = std::make_unique<Event>(loop_);
  running_.emplace(agent_->run(*stop_));
  running_->start(loop_);
}

void AgentFixture::start() {
  begin();
  run_until([this] { return agent_->ready().is_set() || running_->done(); });
}

void AgentFixture::run_until(const std::function<bool()>& reached) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!reached()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    loop_.turn(Milliseconds(1));
  }
}

// What was asked for before is under way before time moves.
void AgentFixture::advance(Nanoseconds time) {
  for (int turn = 0; turn < 2; ++turn) loop_.turn(Milliseconds(0));
  clocks.advance(time);
  for (int turn = 0; turn < 4; ++turn) loop_.turn(Milliseconds(0));
}

std::unique_ptr<AgentClient> AgentFixture::get(const std::string& secret_id, const std::string& more) {
  return std::make_unique<AgentClient>(agent_->port(), "GET /secretsmanager/get?secretId=" + secret_id + more +
                                                           " HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: " + kToken +
                                                           "\r\n\r\n");
}

std::unique_ptr<AgentClient> AgentFixture::answer(const std::string& secret_id, const std::string& more) {
  auto client = get(secret_id, more);
  wait_for(*client);
  return client;
}

void AgentFixture::wait_for(AgentClient& client) {
  run_until([&] { return client.done(); });
}

void AgentFixture::wait_for_calls(const std::string& operation, std::size_t count) {
  run_until([&] { return aws.count(operation) >= count; });
}

std::optional<int> AgentFixture::exit_code() {
  if (!ended_ && running_->done()) ended_ = running_->take();
  if (!ended_) return std::nullopt;
  return ended_->ok() ? 0 : 1;
}

std::string AgentFixture::problem() { return exit_code() == 1 ? ended_->fault().message : ""; }

}  // namespace sma
