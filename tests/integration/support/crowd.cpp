#include "tests/integration/support/crowd.h"

#include <stdexcept>

namespace sma::integration {

namespace {

void ping(HttpConnection& client) {
  client.send("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
  if (client.read_answer().status != 200) throw std::runtime_error("a ping was refused");
}

}  // namespace

Crowd::Crowd(AgentProcess& agent, std::size_t size) : last_(agent.connect()) {
  for (std::size_t i = 0; i < size; ++i) {
    clients_.push_back(agent.connect());
    ping(clients_.back());
  }
  ping(last_);
}

void Crowd::send_all(const std::string& request) {
  for (const HttpConnection& client : clients_) client.send(request);
  // The first may be answered in the same turn of the agent's loop; the second cannot overtake what came before it.
  ping(last_);
  ping(last_);
}

std::vector<Answer> Crowd::read_all() {
  std::vector<Answer> answers;
  for (HttpConnection& client : clients_) answers.push_back(client.read_answer());
  return answers;
}

}  // namespace sma::integration
