#include "tests/standin/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "tests/standin/control.h"

namespace sma::standin {

namespace {

using Kind = FaultPlan::Kind;

/// Answers that arrive in one piece would not show whether the client copes with more.
std::string half(const std::string& body) { return body.substr(0, body.size() / 2); }

}  // namespace

void Connection::serve() {
  if (!open_stream()) return;
  while (auto request = read_request(*stream_, buffer_)) {
    if (!serve_one(*request)) return;
  }
}

bool Connection::open_stream() {
  FaultPlan plan;
  {
    const std::lock_guard lock(standin_.mutex_);
    plan = standin_.plans_.take("connect", "");
  }
  if (plan.gate) plan.gate->pass();
  const bool faulty = plan.kind == Kind::kReset || plan.kind == Kind::kHang;
  if (faulty || !standin_.tls_) {
    stream_ = std::make_unique<SocketStream>(fd_);
    if (plan.kind == Kind::kReset) arm_reset();
    if (plan.kind == Kind::kHang) hang();
    return !faulty;
  }
  auto tls = std::make_unique<TlsStream>(fd_, standin_.tls_.get());
  const bool agreed = tls->handshake();
  if (agreed) {
    tls_ = tls->description();
    tls_group_ = tls->first_offered_group();
  }
  stream_ = std::move(tls);
  return agreed;
}

bool Connection::serve_one(const HttpRequest& request) {
  if (request.path().starts_with("/_standin/")) {
    return send_answer(answer_control(standin_, request), FaultPlan{});
  }
  Record record;
  record.request = request;
  record.connection = number_;
  record.tls = tls_;
  record.tls_group = tls_group_;
  const FaultPlan plan = standin_.admit(record);
  if (plan.gate) plan.gate->pass();
  const HttpAnswer answer = standin_.answer(record, plan);
  record.status = plan.kind == Kind::kHang || plan.kind == Kind::kReset ? 0 : answer.status;
  standin_.note(record);
  if (plan.answer_gate) plan.answer_gate->pass();
  if (!standin_.pause(plan.before)) return false;
  return send_answer(answer, plan);
}

bool Connection::send_answer(const HttpAnswer& answer, const FaultPlan& plan) {
  const std::string& body = answer.body;
  const auto head = [&](std::size_t length) { return render_head(answer, length, standin_.now(), plan.close); };
  switch (plan.kind) {
    case Kind::kHang:
      hang();
      return false;
    case Kind::kReset:
      arm_reset();
      return false;
    case Kind::kResetInAnswer:
      stream_->write(head(body.size()) + half(body));
      arm_reset();
      return false;
    case Kind::kHalfAnswer:
      stream_->write(head(body.size()) + half(body));
      return false;
    case Kind::kLongLength:
      stream_->write(head(body.size() + 100) + body);
      return false;
    case Kind::kShortLength:
      stream_->write(head(body.size() / 2) + body);
      return false;
    case Kind::kNotHttp:
      stream_->write("\x01\x02 this is no HTTP \xff\xfe\r\n\r\n");
      return false;
    case Kind::kDrip:
      return drip(head(body.size()) + body, plan.between);
    case Kind::kHuge:
      return send_huge(plan.bytes);
    case Kind::kTwice:
      return stream_->write(head(body.size()) + body + head(body.size()) + body);
    case Kind::kNone:
    case Kind::kAnswer:
      break;
  }
  if (plan.between.count() > 0) {
    if (!stream_->write(head(body.size())) || !standin_.pause(plan.between)) return false;
    return stream_->write(body) && !plan.close;
  }
  return stream_->write(head(body.size()) + body) && !plan.close;
}

bool Connection::drip(std::string_view bytes, std::chrono::milliseconds between) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!standin_.pause(between) || !stream_->write(bytes.substr(i, 1))) return false;
  }
  return true;
}

bool Connection::send_huge(std::uint64_t bytes) {
  const HttpAnswer answer{200, "application/x-amz-json-1.1", "", {}};
  const std::string chunk(65536, 'x');
  if (!stream_->write(render_head(answer, bytes, standin_.now(), false) + "{\"SecretString\":\"")) return false;
  for (std::uint64_t sent = 17; sent < bytes;) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), bytes - sent));
    if (!stream_->write(std::string_view(chunk).substr(0, size))) return false;
    sent += size;
  }
  return true;
}

void Connection::hang() {
  std::array<char, 4096> ignored{};
  while (stream_->read(ignored.data(), ignored.size()) > 0) {
  }
}

void Connection::arm_reset() const {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace sma::standin
