#include "http_server/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/wiped_bytes.h"
#include "http_server/response_head.h"

namespace sma {
namespace {

/// So that one client's pipeline does not delay the others.
constexpr int kRequestsPerTurn = 16;

/// Bytes of an answer, with its head, that the send buffer of an accepted socket has room for.
constexpr std::size_t kSmallAnswer = std::size_t{16} << 10;
/// A large secret fits, so that it is sent in one call.
constexpr int kLargeSendBuffer = 128 << 10;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

bool will_pass(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Connection::Connection(ConnectionOwner& owner, Handler& handler, FileDescriptor socket, Admission admission)
    : owner_(owner),
      handler_(handler),
      socket_(std::move(socket)),
      admission_(admission),
      begun_(owner.loop.now()),
      active_(owner.loop.now()),
      reader_(owner.pool),
      alarm_(owner.loop, *this),
      resumption_(*this) {}

void Connection::start() {
  // The first request is often there already. It is answered at once, so that a short connection needs no epoll.
  receive();
  if (state_ == State::reading && !is_watched_) await_input();
  end_event();
}

void Connection::drain() {
  if (state_ != State::reading || !reader_.empty()) return;
  // A request that has arrived, or a part of it, is still answered.
  receive();
  if (state_ == State::reading && reader_.empty()) state_ = State::closed;
  end_event();
}

void Connection::give_way() {
  const TimePoint before = active_;
  if (state_ == State::reading) receive();
  if (active_ == before) state_ = State::closed;
  end_event();
}

Standing Connection::standing() const {
  const bool idle = state_ == State::lingering || (state_ == State::reading && reader_.empty());
  if (client_is_known_) return idle ? Standing::idle_known : Standing::busy;
  return idle ? Standing::idle_unknown : Standing::stalled_unknown;
}

void Connection::on_events(std::uint32_t events) {
  // A hang-up while lingering says only that both sides are done: what arrived before it is read first.
  const bool gone = (events & EPOLLERR) != 0 || ((events & EPOLLHUP) != 0 && state_ != State::lingering);
  if (gone) {
    state_ = State::closed;
  } else if (state_ == State::lingering) {
    discard();
  } else if (state_ == State::sending) {
    send_on();
  } else if (state_ == State::waiting) {
    input_drained_ = false;
    watch_for(0);
  } else if (!resumption_.linked()) {
    receive();
  }
  end_event();
}

void Connection::on_alarm() {
  // In a process that was frozen, the alarm goes off before the request is seen that was sent meanwhile.
  if (owner_.loop.now() >= deadline_ && state_ == State::reading && reader_.empty()) receive();
  if (state_ != State::closed && owner_.loop.now() < deadline_) {
    alarm_.arm(deadline_);
    return;
  }
  if (state_ == State::reading && !reader_.empty() && !reader_.in_body()) {
    refuse({408, "request head not sent in time"});
  } else {
    state_ = State::closed;
  }
  end_event();
}

void Connection::on_resumption() {
  if (state_ == State::waiting) {
    const ServerResponse response = task_.take();
    task_ = {};
    client_is_known_ = response.client_is_known;
    answer(response);
  }
  if (state_ == State::reading) serve();
  end_event();
}

void Connection::end_event() {
  if (state_ == State::closed) {
    owner_.closed(*this);
  } else if (active_ == owner_.loop.now()) {
    owner_.active(*this);
  }
}

void Connection::receive() {
  const std::span<char> space = reader_.space();
  if (!space.empty()) {
    const ssize_t count = read(socket_.get(), space.data(), space.size());
    if (count < 0 && will_pass(errno)) {
      if (reader_.empty()) reader_.drop();
      return;
    }
    if (count <= 0) {
      state_ = State::closed;
      return;
    }
    active_ = owner_.loop.now();
    if (reader_.empty()) begun_ = active_;
    input_drained_ = static_cast<std::size_t>(count) < space.size();
    reader_.add(static_cast<std::size_t>(count));
  }
  serve();
}

void Connection::serve() {
  for (int served = 0; served < kRequestsPerTurn; ++served) {
    const Progress progress = reader_.read(owner_.request);
    switch (progress.state) {
      case Progress::State::incomplete:
        if (reader_.take_continue()) send_continue();
        if (state_ == State::reading) await_input();
        return;
      case Progress::State::refused:
        refuse(progress.refusal);
        return;
      case Progress::State::complete:
        handle();
        if (state_ != State::reading) return;
    }
  }
  // The rest has its turn later; if nothing is left, the connection waits for input as usual.
  if (reader_.empty()) return await_input();
  owner_.loop.post_next_turn(resumption_);
}

void Connection::handle() {
  ServerRequest& request = owner_.request;
  request.admission = admission_;
  auto outcome = handler_.handle(request);
  head_only_ = reader_.is_head();
  old_version_ = request.minor_version == 0;
  keep_alive_ = reader_.keep_alive();
  const TimePoint answer_due = begun_ + owner_.limits.request_time;
  reader_.finish();
  deadline_ = answer_due;

  if (auto* response = std::get_if<ServerResponse>(&outcome)) {
    client_is_known_ |= response->client_is_known;
    answer(*response);
    return;
  }
  client_is_known_ = true;  // the answer says whether it stays so
  task_ = std::move(*std::get_if<Task<ServerResponse>>(&outcome));
  task_.start(owner_.loop, &resumption_);
  state_ = State::waiting;
  set_deadline(answer_due);
  if (!is_watched_) watch_for(EPOLLIN);
}

void Connection::answer(const ServerResponse& response) {
  closing_ = !keep_alive_ || response.close || owner_.draining || admission_ != Admission::regular;
  const auto persistence = closing_ ? Persistence::close : old_version_ ? Persistence::keep_alive : Persistence::unsaid;
  const ResponseHead head(response, owner_.date.line(), persistence);
  ++owner_.counts.answers[static_cast<std::size_t>(head.status())];
  const SharedBytes body = head_only_ ? SharedBytes() : response.body;
  if (!sends_large_answers_ && head.view().size() + body.size() > kSmallAnswer) enlarge_send_buffer();
  switch (writer_.send(socket_.get(), head.view(), body)) {
    case ResponseWriter::Outcome::done:
      answered();
      return;
    case ResponseWriter::Outcome::blocked:
      state_ = State::sending;
      input_drained_ = false;
      set_deadline(deadline_);
      watch_for(EPOLLOUT);
      return;
    case ResponseWriter::Outcome::failed:
      state_ = State::closed;
  }
}

/// The listening socket has a small one, so that clients that do not read cost little memory. Only clients that showed
/// the token get answers that do not fit.
void Connection::enlarge_send_buffer() {
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &kLargeSendBuffer, sizeof kLargeSendBuffer);
  sends_large_answers_ = true;
}

void Connection::refuse(const Refusal& refusal) {
  owner_.observer.refused(refusal.status, refusal.reason);
  head_only_ = reader_.is_head();
  deadline_ = begun_ + owner_.limits.request_time;
  reader_.drop();
  input_drained_ = false;
  answer({.status = refusal.status, .body = SharedBytes::of_literal(refusal.reason), .close = true});
}

void Connection::send_on() {
  active_ = owner_.loop.now();
  switch (writer_.resume(socket_.get())) {
    case ResponseWriter::Outcome::done:
      answered();
      if (state_ == State::reading) serve();
      return;
    case ResponseWriter::Outcome::blocked:
      return;
    case ResponseWriter::Outcome::failed:
      state_ = State::closed;
  }
}

void Connection::answered() {
  active_ = owner_.loop.now();
  if (!closing_) {
    state_ = State::reading;
    // The time of a request that arrived after this one begins now.
    begun_ = active_;
    return;
  }
  // A client that asked for the close and sent nothing more needs no lingering.
  const bool wanted = !keep_alive_ && input_drained_ && reader_.empty();
  reader_.drop();
  if (wanted) {
    state_ = State::closed;
  } else {
    linger();
  }
}

void Connection::await_input() {
  const ServerLimits& limits = owner_.limits;
  if (reader_.empty() && owner_.draining) return linger();
  if (reader_.empty()) {
    // A connection over the limit does not keep its place for long.
    const bool regular = admission_ == Admission::regular;
    set_deadline(owner_.loop.now() + (regular ? limits.idle_time : limits.head_time));
  } else {
    set_deadline(begun_ + (reader_.in_body() ? limits.request_time : limits.head_time));
  }
  watch_for(EPOLLIN);
}

void Connection::send_continue() {
  const ssize_t sent = write(socket_.get(), kContinue.data(), kContinue.size());
  // A client that reads nothing gets no 100: it may send its body without one.
  if (sent < 0 && will_pass(errno)) return;
  if (sent != static_cast<ssize_t>(kContinue.size())) state_ = State::closed;
}

void Connection::linger() {
  state_ = State::lingering;
  shutdown(socket_.get(), SHUT_WR);
  set_deadline(owner_.loop.now() + owner_.limits.linger_time);
  watch_for(EPOLLIN);
}

void Connection::discard() {
  std::array<char, 16384> bytes;
  const ssize_t count = read(socket_.get(), bytes.data(), bytes.size());
  if (count < 0 && will_pass(errno)) return;
  active_ = owner_.loop.now();
  if (count > 0) {
    wipe(bytes.data(), static_cast<std::size_t>(count));
    discarded_ += static_cast<std::size_t>(count);
  }
  if (count <= 0 || discarded_ >= owner_.limits.linger_bytes) state_ = State::closed;
}

void Connection::watch_for(std::uint32_t events) {
  if (!is_watched_) {
    const Result<Done> watched = owner_.loop.watch(socket_.get(), events, *this);
    if (!watched.ok()) {
      // The loop would never report an event of this socket.
      owner_.observer.lost(watched.fault());
      state_ = State::closed;
      return;
    }
  } else if (watched_ != events) {
    owner_.loop.change(socket_.get(), events, *this);
  }
  is_watched_ = true;
  watched_ = events;
}

void Connection::set_deadline(TimePoint deadline) {
  deadline_ = deadline;
  if (!alarm_.armed() || deadline < alarm_.when()) alarm_.arm(deadline);
}

}  // namespace sma
