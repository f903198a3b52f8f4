#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/standin/fault_plan.h"
#include "tests/standin/lambda_api.h"
#include "tests/standin/listener.h"
#include "tests/standin/record.h"
#include "tests/standin/stream.h"
#include "tests/standin/world.h"

namespace sma::standin {

struct StandinOptions {
  std::vector<std::string> listen{"127.0.0.1:0"};
  std::string tls_certificate;  // PEM files; both or neither
  std::string tls_key;
  bool tls_1_2 = false;     // no later version
  std::string tls_groups;   // for the key exchange, with colons between; empty: OpenSSL's own list
  double rotate_every = 0;  // seconds; 0: never by itself
  std::string access_key = "AKIASTANDINEXAMPLE00";
  std::string secret_key = "standin/EXAMPLE+secret/access/key0000000";
};

/// A local stand-in for Secrets Manager, STS, instance metadata, the container endpoint, the SSO portal and Lambda's
/// API, all on one port and told apart by the request. Every signature is verified, every request recorded, and every
/// fault can be had on demand. Thread-safe; a thread serves each connection.
///
///   Standin aws;
///   aws.put("name", "value");
///   aws.fail(FaultPlan::error(503, "ServiceUnavailable").on("GetSecretValue").times(2));
///   … run the agent with aws.environment() …
///   CHECK(aws.count("GetSecretValue") == 3);
class Standin {
 public:
  /// Listens at once; throws std::runtime_error.
  explicit Standin(StandinOptions options = {});
  ~Standin();
  Standin(const Standin&) = delete;
  Standin& operator=(const Standin&) = delete;

  [[nodiscard]] std::uint16_t port() const { return ports_.front(); }
  /// `http://127.0.0.1:PORT` of the first address, `https:` with TLS.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }
  /// Endpoint, region and long-term keys as variables for the agent.
  [[nodiscard]] std::map<std::string, std::string> environment() const;

  /// Connections are refused from now on, those that are open stay; open_listeners() takes the same ports again.
  void close_listeners();
  void open_listeners();
  /// Ends everything and waits for it; the destructor does too.
  void stop();

  /// The account, under the lock: `aws.with([](World& world) { world.metadata.role = ""; })`.
  template <typename Function>
  auto with(Function function) {
    const std::lock_guard lock(mutex_);
    return function(world_);
  }
  /// Shorthands for with(). Each gives the new version's id.
  std::string put(const std::string& name, std::string text, std::string version_id = "");
  std::string put_binary(const std::string& name, std::string bytes, std::string version_id = "");
  std::string rotate(const std::string& name);
  void load(std::string_view secrets_json);

  void fail(FaultPlan plan);
  /// Opens all gates and forgets all plans.
  void clear_faults();
  /// A gate that holds requests of `operation` (before they are looked up; with `answered`, with their answer ready).
  [[nodiscard]] std::shared_ptr<Gate> hold(const std::string& operation, int count = FaultPlan::kAlways,
                                           bool answered = false);
  /// Ends all open connections, as a server does that restarts.
  void drop_connections();

  [[nodiscard]] std::vector<Record> records() const;
  [[nodiscard]] std::vector<Record> records(const std::string& operation) const;
  /// The latest of them; throws std::runtime_error where there is none.
  [[nodiscard]] Record last(const std::string& operation) const;
  [[nodiscard]] std::size_t count(const std::string& operation, const std::string& secret_id = "") const;
  /// Waits until that many requests arrived; throws std::runtime_error after a minute.
  void wait_for(const std::string& operation, std::size_t count) const;
  void clear_records();
  [[nodiscard]] std::uint64_t connections() const;

  /// Seconds since the epoch: the system's clock plus the offset, or a test's own clock.
  [[nodiscard]] double now() const;
  void set_clock_offset(double seconds);
  void set_clock(std::function<double()> clock);

  [[nodiscard]] LambdaApi& lambda() { return lambda_; }

 private:
  friend class Connection;

  void accept_from(const Listener& listener);
  void reap(bool all);
  /// Waits; false where the stand-in stops meanwhile.
  bool pause(std::chrono::milliseconds time);
  /// Records the arrival and says what shall go wrong with it.
  FaultPlan admit(Record& record);
  HttpAnswer answer(Record& record, const FaultPlan& plan);
  void note(const Record& record);
  [[nodiscard]] double now_locked() const { return clock_() + clock_offset_; }

  const StandinOptions options_;
  SslContext tls_;
  std::vector<std::string> addresses_;
  std::vector<std::uint16_t> ports_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  World world_;
  FaultPlans plans_;
  std::vector<Record> records_;
  std::function<double()> clock_;
  double clock_offset_ = 0;
  double rotated_ = 0;
  bool stopping_ = false;
  LambdaApi lambda_;

  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::thread> acceptors_;
  std::uint64_t requests_ = 0;
  std::uint64_t connections_ = 0;
  std::map<std::uint64_t, std::thread> threads_;
  std::vector<std::uint64_t> finished_;
  std::map<std::uint64_t, int> open_sockets_;
};

}  // namespace sma::standin
