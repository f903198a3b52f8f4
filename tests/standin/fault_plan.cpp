#include "tests/standin/fault_plan.h"

#include <stdexcept>

#include "tests/standin/answers.h"
#include "tests/standin/json.h"

namespace sma::standin {

void Gate::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

std::size_t Gate::arrived() const {
  const std::lock_guard lock(mutex_);
  return arrived_;
}

void Gate::wait_for(std::size_t count) const {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, std::chrono::minutes(1), [&] { return arrived_ >= count; })) {
    throw std::runtime_error("only " + std::to_string(arrived_) + " of " + std::to_string(count) +
                             " requests reached the gate");
  }
}

void Gate::pass() {
  std::unique_lock lock(mutex_);
  ++arrived_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return open_; });
}

FaultPlan FaultPlan::with_header(std::string name, std::string value) && {
  answer.headers.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}

FaultPlan FaultPlan::of(Kind kind) {
  FaultPlan plan;
  plan.kind = kind;
  return plan;
}

FaultPlan FaultPlan::error(int status, const std::string& code, const std::string& message,
                           const std::string& message_name) {
  FaultPlan plan = of(Kind::kAnswer);
  plan.answer = json_error(status, code, message, message_name);
  return plan;
}

FaultPlan FaultPlan::sts_error(int status, const std::string& code, const std::string& message) {
  FaultPlan plan = of(Kind::kAnswer);
  plan.answer = query_error(status, code, message);
  return plan;
}

FaultPlan FaultPlan::body(int status, std::string text, std::string content_type) {
  FaultPlan plan = of(Kind::kAnswer);
  plan.answer = {status, std::move(content_type), std::move(text), {}};
  return plan;
}

FaultPlan FaultPlan::delayed(std::chrono::milliseconds before) {
  FaultPlan plan;
  plan.before = before;
  return plan;
}

FaultPlan FaultPlan::held(std::shared_ptr<Gate> gate) {
  FaultPlan plan;
  plan.gate = std::move(gate);
  return plan;
}

FaultPlan FaultPlan::held_with_answer(std::shared_ptr<Gate> gate) {
  FaultPlan plan;
  plan.answer_gate = std::move(gate);
  return plan;
}

void FaultPlans::clear() {
  for (const FaultPlan& plan : plans_) {
    if (plan.gate) plan.gate->open();
    if (plan.answer_gate) plan.answer_gate->open();
  }
  plans_.clear();
}

FaultPlan FaultPlans::take(const std::string& operation, const std::string& secret_id) {
  for (FaultPlan& plan : plans_) {
    // `*` means requests; a connection is only meant where it is named.
    const bool named = plan.operation == operation || (plan.operation == "*" && operation != "connect");
    if (!named || (!plan.secret_id.empty() && plan.secret_id != secret_id) || plan.count == 0) continue;
    if (plan.skip > 0) {
      --plan.skip;
      continue;
    }
    if (plan.count > 0) --plan.count;
    plan.skip = plan.every - 1;
    return plan;
  }
  return {};
}

}  // namespace sma::standin
