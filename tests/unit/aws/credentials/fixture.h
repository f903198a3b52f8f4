#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aws/aws_context.h"
#include "aws/credentials/credentials.h"
#include "aws/sts.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "http_client/http_client.h"
#include "os/child_process.h"
#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/manual_scheduler.h"

namespace sma {

using Variables = std::map<std::string, std::string, std::less<>>;

/// Files of a test, in memory.
class MemoryFiles final : public Files {
 public:
  [[nodiscard]] Result<WipedBytes> read(const std::string& path, std::size_t limit = kLimit) const override {
    ++reads;
    if (unreadable.contains(path)) return Fault::internal("cannot read " + path + ": Permission denied");
    const auto found = texts.find(path);
    if (found == texts.end()) return Fault::internal("cannot read " + path + ": No such file or directory");
    if (found->second.size() > limit) return Fault::internal("cannot read " + path + ": it is too large");
    return WipedBytes(found->second);
  }
  [[nodiscard]] Result<CheckedFile> read_checked(const std::string& path, FileRule rule,
                                                 std::size_t limit = kLimit) const override {
    if (rule != FileRule::any && planted.contains(path)) return Fault::internal("cannot read " + path + ": planted");
    return Files::read_checked(path, rule, limit);
  }
  [[nodiscard]] bool exists(const std::string& path) const override {
    return texts.contains(path) || unreadable.contains(path);
  }
  [[nodiscard]] std::optional<FileFacts> facts(const std::string& path) const override {
    const auto found = modes.find(path);
    return found == modes.end() ? std::nullopt : std::optional(FileFacts{.permissions = found->second});
  }

  std::map<std::string, std::string> texts;
  std::map<std::string, unsigned> modes;
  std::set<std::string> unreadable;
  std::set<std::string> planted;  ///< by another user
  mutable int reads = 0;
};

/// Always the same: `part_of` returns about a half.
class FixedRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, std::uint8_t{0x80}); }
};

/// What a request looked like, for tests to read.
struct SeenRequest {
  std::string method;
  std::string url;
  std::map<std::string, std::string> fields;
  TimePoint at;
  PhaseLimits limits;
  Nanoseconds attempt_time;
  std::size_t max_answer_bytes;
  bool queued;
  bool fresh_connection;
};

/// Answers requests as a test says, at once or after a while.
class FakeTransport final : public HttpTransport {
 public:
  struct Answer {
    int status = 200;
    std::string body{};
    std::optional<Fault> fault{};
    Nanoseconds after{0};
    bool connected = true;
    bool on_kept_connection = false;
  };

  explicit FakeTransport(ManualScheduler& scheduler) : scheduler_(scheduler) {}

  Task<Result<ClientResponse>> send(ClientRequest request) override {
    SeenRequest seen{request.method,           request.url,    {},
                     scheduler_.now(),         request.limits, request.attempt_time,
                     request.max_answer_bytes, request.queued, request.fresh_connection};
    for (const ClientField& field : request.fields) seen.fields[field.name] = field.value.view();
    requests.push_back(seen);
    const Answer given = answer(seen);
    if (given.after > Nanoseconds(0)) co_await scheduler_.sleep_until(scheduler_.now() + given.after);
    if (given.fault) {
      Fault fault = *given.fault;
      fault.connected = given.connected;
      co_return fault;
    }
    ClientResponse response;
    response.status = given.status;
    response.body.append(given.body);
    response.on_kept_connection = given.on_kept_connection;
    if (connection >= 0) response.connection = FileDescriptor(dup(connection));
    co_return response;
  }

  std::function<Answer(const SeenRequest&)> answer = [](const SeenRequest&) { return Answer{}; };
  std::vector<SeenRequest> requests;
  int connection = -1;  ///< the socket that answers come on, if the test has one

 private:
  ManualScheduler& scheduler_;
};

/// Roles that a test gives away.
class FakeSts final : public Sts {
 public:
  explicit FakeSts(ManualScheduler& scheduler) : scheduler_(scheduler) {}

  Task<Result<CallerIdentity>> get_caller_identity(CredentialsProvider&, TimePoint) override {
    co_return CallerIdentity{"123456789012", "arn:aws:iam::123456789012:user/test"};
  }
  Task<Result<Credentials>> assume_role(AssumeRoleRequest request, CredentialsProvider& base,
                                        TimePoint deadline) override {
    auto getting = base.get(deadline);
    auto keys = co_await std::move(getting);
    calls.push_back(request.role_arn + " with " + (*keys)->access_key_id);
    requests.push_back(std::move(request));
    co_return give();
  }
  Task<Result<Credentials>> assume_role_with_web_identity(AssumeRoleRequest request, WipedBytes token,
                                                          TimePoint) override {
    calls.push_back(request.role_arn + " by token " + std::string(token.view()));
    requests.push_back(std::move(request));
    co_return give();
  }

  std::vector<std::string> calls;
  std::vector<AssumeRoleRequest> requests;
  std::optional<Fault> fault;

 private:
  Result<Credentials> give() {
    if (fault) return *fault;
    Credentials given;
    given.access_key_id = "ROLE" + std::to_string(calls.size());
    given.secret_access_key = SharedBytes("role secret");
    given.session_token = SharedBytes("role token");
    given.expiration = scheduler_.wall_now() + Seconds(3600);
    given.source = "sts";
    return given;
  }

  ManualScheduler& scheduler_;
};

/// Programs that a test pretends to run.
class FakeProcesses final : public ProcessRunner {
 public:
  Task<Result<ProcessOutput>> run(std::vector<std::string> argv, Environment environment, TimePoint deadline) override {
    environments.push_back(std::move(environment));
    commands.push_back(std::move(argv));
    deadlines.push_back(deadline);
    if (fault) co_return *fault;
    co_return ProcessOutput{exit_status, WipedBytes(output)};
  }

  std::vector<std::vector<std::string>> commands;
  std::vector<Environment> environments;
  std::vector<TimePoint> deadlines;
  std::string output;
  int exit_status = 0;
  std::optional<Fault> fault;
};

/// What credential sources draw on, all of it in a test's hands.
struct CredentialsFixture {
  ManualScheduler scheduler;
  AwsClock clock{scheduler};
  FixedRandom random;
  LogLines lines;
  Log log{&lines, LogLevel::debug};
  AwsContext context{scheduler, clock, random, log};
  MemoryFiles files;
  FakeTransport http{scheduler};
  FakeSts sts{scheduler};
  FakeProcesses processes;

  /// Lets time pass until the task is done, an hour at most.
  template <typename T>
  T finish(Task<T> task) {
    Task<T> running = started(scheduler, std::move(task));
    const TimePoint end = scheduler.now() + Seconds(3600);
    while (!running.done() && scheduler.next_timer() && *scheduler.next_timer() <= end)
      scheduler.advance_to(*scheduler.next_timer());
    return running.take();
  }
  Result<Credentials> load(CredentialsSource& source) { return finish(source.load(scheduler.now() + Seconds(60))); }

  [[nodiscard]] std::string iso(Nanoseconds from_now) const {
    const auto seconds =
        std::chrono::duration_cast<Seconds>((scheduler.wall_now() + from_now).time_since_epoch()).count();
    const std::time_t time = seconds;
    std::tm utc{};
    gmtime_r(&time, &utc);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
  }
};

}  // namespace sma
