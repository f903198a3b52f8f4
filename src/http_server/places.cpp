#include "http_server/places.h"

namespace sma {

void Places::put_last(Connection& connection) {
  lists_[index(connection.admission())][static_cast<std::size_t>(connection.standing())].push_back(connection);
}

Connection* Places::longest_idle(Admission admission, TimePoint now) {
  for (const Standing standing : {Standing::idle_unknown, Standing::idle_known, Standing::stalled_unknown}) {
    auto& list = lists_[index(admission)][static_cast<std::size_t>(standing)];
    if (!list.empty() && now - list.front().active_at() >= kIdle) return &list.front();
  }
  return nullptr;
}

void Places::take_all(IntrusiveList<Connection>& list) {
  for (auto& standings : lists_)
    for (auto& members : standings) list.take_all(members);
}

}  // namespace sma
