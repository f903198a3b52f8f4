#include "tests/standin/standin.h"

#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <stdexcept>

#include "tests/standin/answers.h"
#include "tests/standin/connection.h"
#include "tests/standin/encoding.h"

namespace sma::standin {

namespace {

double system_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

bool is_container_or_sso(const std::string& operation) {
  return operation == "container:credentials" || operation == "sso:credentials";
}

bool is_signed_by_sts(const std::string& operation) {
  return operation == "GetCallerIdentity" || operation == "AssumeRole";
}

}  // namespace

Standin::Standin(StandinOptions options)
    : options_(std::move(options)), addresses_(options_.listen), clock_(system_now) {
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  if (!options_.tls_certificate.empty()) {
    tls_ = make_tls_context(options_.tls_certificate, options_.tls_key);
    if (options_.tls_1_2) SSL_CTX_set_max_proto_version(tls_.get(), TLS1_2_VERSION);
    const std::string& groups = options_.tls_groups;
    if (!groups.empty() && SSL_CTX_set1_groups_list(tls_.get(), groups.c_str()) != 1)
      throw std::runtime_error("unknown groups: " + groups);
  }
  world_.keys.add({options_.access_key, options_.secret_key, "",
                   "arn:aws:iam::" + world_.secrets.account + ":user/standin", std::nullopt});
  rotated_ = now_locked();
  open_listeners();
}

Standin::~Standin() { stop(); }

std::string Standin::url() const { return (tls_ ? "https://" : "http://") + addresses_.front(); }

std::map<std::string, std::string> Standin::environment() const {
  return {{"AWS_ENDPOINT_URL", url()},
          {"AWS_REGION", "us-east-1"},
          {"AWS_ACCESS_KEY_ID", options_.access_key},
          {"AWS_SECRET_ACCESS_KEY", options_.secret_key}};
}

void Standin::open_listeners() {
  ports_.clear();
  for (std::string& address : addresses_) {
    listeners_.push_back(std::make_unique<Listener>(address));
    address = listeners_.back()->address();
    ports_.push_back(listeners_.back()->port());
  }
  for (const auto& listener : listeners_) {
    acceptors_.emplace_back([this, &listener = *listener] { accept_from(listener); });
  }
}

void Standin::close_listeners() {
  for (const auto& listener : listeners_) listener->shut_down();
  for (std::thread& acceptor : acceptors_) acceptor.join();
  acceptors_.clear();
  listeners_.clear();
}

void Standin::accept_from(const Listener& listener) {
  for (int fd = listener.accept(); fd >= 0; fd = listener.accept()) {
    reap(false);
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = ++connections_;
    open_sockets_[number] = fd;
    threads_[number] = std::thread([this, fd, number] {
      Connection connection(*this, fd, number);
      connection.serve();
      const std::lock_guard inner(mutex_);
      open_sockets_.erase(number);
      finished_.push_back(number);
    });
  }
}

void Standin::reap(bool all) {
  std::vector<std::thread> ended;
  {
    const std::lock_guard lock(mutex_);
    if (all) {
      for (auto& [number, thread] : threads_) ended.push_back(std::move(thread));
      threads_.clear();
    }
    for (const std::uint64_t number : finished_) {
      const auto found = threads_.find(number);
      if (found == threads_.end()) continue;
      ended.push_back(std::move(found->second));
      threads_.erase(found);
    }
    finished_.clear();
  }
  for (std::thread& thread : ended) thread.join();
}

void Standin::stop() {
  close_listeners();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    plans_.clear();
    changed_.notify_all();
  }
  lambda_.stop();
  drop_connections();
  reap(true);
}

void Standin::drop_connections() {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, fd] : open_sockets_) shutdown(fd, SHUT_RDWR);
}

std::string Standin::put(const std::string& name, std::string text, std::string version_id) {
  const std::lock_guard lock(mutex_);
  return world_.secrets.put(name, std::move(text), now_locked(), std::move(version_id));
}

std::string Standin::put_binary(const std::string& name, std::string bytes, std::string version_id) {
  const std::lock_guard lock(mutex_);
  return world_.secrets.put_binary(name, std::move(bytes), now_locked(), std::move(version_id));
}

std::string Standin::rotate(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return world_.secrets.rotate(name, now_locked());
}

void Standin::load(std::string_view secrets_json) {
  const std::lock_guard lock(mutex_);
  world_.secrets.load(secrets_json, now_locked());
}

void Standin::fail(FaultPlan plan) {
  const std::lock_guard lock(mutex_);
  plans_.add(std::move(plan));
}

void Standin::clear_faults() {
  const std::lock_guard lock(mutex_);
  plans_.clear();
}

std::shared_ptr<Gate> Standin::hold(const std::string& operation, int count, bool answered) {
  auto gate = std::make_shared<Gate>();
  FaultPlan plan = answered ? FaultPlan::held_with_answer(gate) : FaultPlan::held(gate);
  fail(std::move(plan).on(operation).times(count));
  return gate;
}

std::vector<Record> Standin::records() const {
  const std::lock_guard lock(mutex_);
  return records_;
}

std::vector<Record> Standin::records(const std::string& operation) const {
  std::vector<Record> out = records();
  std::erase_if(out, [&operation](const Record& record) { return record.operation != operation; });
  return out;
}

Record Standin::last(const std::string& operation) const {
  auto found = records(operation);
  if (found.empty()) throw std::runtime_error("no request was a " + operation);
  return std::move(found.back());
}

std::size_t Standin::count(const std::string& operation, const std::string& secret_id) const {
  const std::lock_guard lock(mutex_);
  std::size_t counted = 0;
  for (const Record& record : records_) {
    const bool right_secret = secret_id.empty() || record.secret_id == secret_id;
    if (record.operation == operation && right_secret) ++counted;
  }
  return counted;
}

void Standin::wait_for(const std::string& operation, std::size_t wanted) const {
  std::unique_lock lock(mutex_);
  const auto arrived = [&] {
    std::size_t counted = 0;
    for (const Record& record : records_) counted += record.operation == operation ? 1 : 0;
    return counted >= wanted;
  };
  if (!changed_.wait_for(lock, std::chrono::minutes(1), arrived)) {
    throw std::runtime_error("no " + std::to_string(wanted) + " calls of " + operation + " within a minute");
  }
}

void Standin::clear_records() {
  const std::lock_guard lock(mutex_);
  records_.clear();
}

std::uint64_t Standin::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

double Standin::now() const {
  const std::lock_guard lock(mutex_);
  return now_locked();
}

void Standin::set_clock_offset(double seconds) {
  const std::lock_guard lock(mutex_);
  clock_offset_ = seconds;
}

void Standin::set_clock(std::function<double()> clock) {
  const std::lock_guard lock(mutex_);
  clock_ = std::move(clock);
}

bool Standin::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  if (time.count() > 0) changed_.wait_for(lock, time, [this] { return stopping_; });
  return !stopping_;
}

FaultPlan Standin::admit(Record& record) {
  record.operation = LambdaApi::operation(record.request);
  if (record.operation.empty()) classify(record);
  const std::lock_guard lock(mutex_);
  record.time = now_locked();
  record.number = ++requests_;
  if (options_.rotate_every > 0 && record.time - rotated_ >= options_.rotate_every) {
    rotated_ = record.time;
    world_.secrets.rotate_all(record.time);
  }
  records_.push_back(record);
  changed_.notify_all();
  FaultPlan plan = plans_.take(record.operation, record.secret_id);
  if (record.operation == "metadata:token" && world_.metadata.beyond_hop_limit) plan.kind = FaultPlan::Kind::kHang;
  return plan;
}

HttpAnswer Standin::answer(Record& record, const FaultPlan& plan) {
  const std::string& operation = record.operation;
  if (operation.starts_with("lambda:") && plan.kind == FaultPlan::Kind::kNone) {
    return lambda_.answer(record.request, operation);
  }
  const std::lock_guard lock(mutex_);
  const bool to_secrets_manager = record.request.header("x-amz-target").has_value();
  if (plan.kind == FaultPlan::Kind::kAnswer) {
    const bool is_signed = to_secrets_manager || is_signed_by_sts(operation);
    const char* service = to_secrets_manager ? "secretsmanager" : "sts";
    if (is_signed) record.signature = check_signature(record.request, service, world_.keys, record.time);
    return plan.answer;
  }
  HttpAnswer out;
  if (to_secrets_manager) {
    out = answer_secrets_manager(world_, record);
    out.headers.emplace_back("x-amzn-RequestId", random_uuid());
  } else if (operation.starts_with("metadata:")) {
    out = answer_metadata(world_, record);
  } else if (is_container_or_sso(operation)) {
    out = operation.starts_with("sso:") ? answer_sso(world_, record) : answer_container(world_, record);
  } else if (operation != "unknown") {
    out = answer_sts(world_, record);
    out.headers.emplace_back("x-amzn-RequestId", random_uuid());
  } else {
    out = json_error(404, "UnknownOperationException", "", "message");
  }
  for (const auto& header : plan.answer.headers) out.headers.push_back(header);
  return out;
}

void Standin::note(const Record& record) {
  const std::lock_guard lock(mutex_);
  // From the end: the record is one of the latest, unless the test cleared them meanwhile.
  for (auto it = records_.rbegin(); it != records_.rend(); ++it) {
    if (it->number != record.number) continue;
    it->signature = record.signature;
    it->status = record.status;
    return;
  }
}

}  // namespace sma::standin
