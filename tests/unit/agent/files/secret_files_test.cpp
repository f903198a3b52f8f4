#include "agent/files/secret_files.h"

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>

#include "tests/unit/base/equal_bytes.h"
#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/temp_folder.h"
#include "tests/unit/os/manual_clocks.h"
#include "tests/unit/secrets/fake_source.h"

namespace sma {
namespace {

/// Files over a store whose source the test answers, on a clock that it moves. The thread that writes is real.
struct Fixture {
  void add(const char* name, SecretReference reference, Seconds refresh = Seconds{100}) {
    plans.push_back({.target = {.path = folder / name},
                     .content = FileTemplate(std::move(reference)),
                     .role_arn = "",
                     .refresh = refresh,
                     .place = "agent.toml:1"});
  }
  void start() {
    files =
        std::make_unique<SecretFiles>(SecretFiles::Parts{loop, store, random, calls, log, &errors}, std::move(plans));
    files->start();
  }
  void run_until(const std::function<bool()>& reached) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!reached()) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      loop.turn(Milliseconds(1));
    }
  }
  void wait_for_calls(std::size_t count) {
    run_until([&] { return source.calls.size() >= count; });
  }
  /// The last call brings a value, or a fault.
  void give(std::string_view version, const std::string& text) {
    source.last().send();
    source.last().give(secret("db", version, R"({"SecretString":")" + text + R"("})"));
  }
  void give(Fault fault) {
    source.last().send();
    source.last().give(std::move(fault));
  }
  void settle() {
    for (int turn = 0; turn < 4; ++turn) loop.turn(Milliseconds(0));
  }
  void advance(Nanoseconds time) {
    settle();
    clocks.advance(time);
    settle();
  }
  [[nodiscard]] std::string read(const char* name) const {
    std::ifstream file(folder / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void wait_for(const char* name, const std::string& content) {
    run_until([&] { return read(name) == content; });
  }
  [[nodiscard]] FileStatus status() const { return files->status().front(); }

  TempFolder folder;
  ManualClocks clocks;
  EventLoop loop{clocks};
  BlockingCalls calls{loop};
  LogLines lines;
  LogLines operators;
  Log log{&lines, LogLevel::debug};
  Log errors{&operators, LogLevel::error};
  EqualBytes random{0};
  FakeSource source{loop};
  SecretStore store{loop, source, random, log, {}};
  std::vector<PlannedFile> plans;
  std::unique_ptr<SecretFiles> files;
};

TEST_CASE("without files nothing is asked, and all are written") {
  Fixture fixture;
  fixture.start();
  fixture.settle();
  CHECK(fixture.files->all_written());
  CHECK(fixture.source.calls.empty());
}

TEST_CASE("two files of one secret ask for it once, by the shorter of their times") {
  Fixture fixture;
  fixture.add("one", {.secret_id = "db"}, Seconds{100});
  fixture.add("two", {.secret_id = "db"}, Seconds{50});
  fixture.start();
  fixture.wait_for_calls(1);
  CHECK_FALSE(fixture.files->all_written());
  fixture.give("v1", "value");
  fixture.wait_for("one", "value");
  fixture.wait_for("two", "value");
  fixture.run_until([&] { return fixture.files->all_written(); });
  CHECK(fixture.source.calls.size() == 1);
  fixture.advance(Seconds{44});
  CHECK(fixture.source.calls.size() == 1);
  fixture.advance(Seconds{1});
  fixture.wait_for_calls(2);
  CHECK(fixture.source.operations() == "get describe");
}

TEST_CASE("a new version replaces the file, and an age counts from that moment") {
  Fixture fixture;
  fixture.add("file", {.secret_id = "db"});
  fixture.start();
  fixture.wait_for_calls(1);
  CHECK_FALSE(fixture.status().age);
  fixture.give("v1", "old");
  fixture.run_until([&] { return fixture.files->all_written(); });
  fixture.advance(Seconds{90});
  fixture.wait_for_calls(2);
  CHECK(fixture.status().age == Seconds{90});
  fixture.source.last().send();
  fixture.source.last().give(SecretVersions{.versions = {{"v2", {"AWSCURRENT"}}}});
  fixture.wait_for_calls(3);
  fixture.give("v2", "new");
  fixture.wait_for("file", "new");
  fixture.run_until([&] { return fixture.status().age == Seconds{0}; });
  CHECK(fixture.files->written() == 2);
  CHECK(fixture.files->stale() == 0);
}

TEST_CASE("a transient fault is tried again soon, with one warning, and the file stays") {
  Fixture fixture;
  fixture.add("file", {.secret_id = "db"});
  fixture.start();
  fixture.wait_for_calls(1);
  fixture.give(Fault::timeout("late"));
  fixture.run_until([&] { return fixture.lines.count("a secret of files does not come") == 1; });
  CHECK(fixture.status().last_error == "TimeoutError");
  CHECK(fixture.files->stale() == 1);
  fixture.advance(Seconds{1});
  fixture.wait_for_calls(2);
  fixture.give(Fault::timeout("late"));
  fixture.advance(Seconds{2});
  fixture.wait_for_calls(3);
  fixture.give("v1", "value");
  fixture.wait_for("file", "value");
  fixture.run_until([&] { return fixture.files->all_written(); });
  CHECK(fixture.lines.count("a secret of files does not come") == 1);
  CHECK(fixture.status().last_error.empty());
  CHECK(fixture.files->stale() == 0);
}

TEST_CASE("a refusal is told once at ERROR, is asked about again at the file's own times, and the file stays") {
  Fixture fixture;
  fixture.add("file", {.secret_id = "db"});
  fixture.start();
  fixture.wait_for_calls(1);
  fixture.give("v1", "value");
  fixture.run_until([&] { return fixture.files->all_written(); });
  for (std::size_t calls = 2; calls < 6; calls += 2) {
    fixture.advance(Seconds{90});
    fixture.wait_for_calls(calls);
    if (fixture.source.last().operation == "describe") {
      fixture.give(refusal("AccessDeniedException"));
      fixture.wait_for_calls(calls + 1);
    }
    fixture.give(revocation("AccessDeniedException"));
    fixture.settle();
    if (calls == 2) continue;
    break;
  }
  CHECK(fixture.lines.count("ERROR a secret of files is refused") == 1);
  CHECK(fixture.status().last_error == "AccessDeniedException");
  CHECK(fixture.read("file") == "value");
  CHECK(fixture.files->all_written());
  CHECK(fixture.store.status().empty());
}

TEST_CASE("two secrets are asked for at once, and those that hang delay the others by a second") {
  Fixture fixture;
  for (const char* name : {"a", "b", "c", "d"}) fixture.add(name, {.secret_id = name});
  fixture.start();
  fixture.wait_for_calls(2);
  fixture.settle();
  CHECK(fixture.source.calls.size() == 2);
  fixture.give("v1", "value");
  fixture.wait_for_calls(3);
  fixture.settle();
  CHECK(fixture.source.calls.size() == 3);
  fixture.advance(Seconds{1});
  fixture.wait_for_calls(4);
}

TEST_CASE("a renewal that is asked for during a call comes after it") {
  Fixture fixture;
  fixture.add("file", {.secret_id = "db"});
  fixture.start();
  fixture.wait_for_calls(1);
  fixture.files->renew();
  fixture.give("v1", "value");
  fixture.wait_for_calls(2);
  CHECK(fixture.source.operations() == "get describe");
}

TEST_CASE("a file that cannot be written is told once to the log and the operator, and tried again") {
  Fixture fixture;
  fixture.add("missing/file", {.secret_id = "db"});
  fixture.start();
  fixture.wait_for_calls(1);
  fixture.give("v1", "value");
  fixture.run_until([&] { return fixture.lines.count("ERROR a file cannot be written") == 1; });
  CHECK(fixture.operators.count("ERROR a file cannot be written") == 1);
  CHECK_FALSE(fixture.files->all_written());
  std::filesystem::create_directory(fixture.folder / "missing");
  fixture.advance(Seconds{1});
  fixture.wait_for("missing/file", "value");
  fixture.run_until([&] { return fixture.files->all_written(); });
  CHECK(fixture.operators.count("a file cannot be written") == 1);
}

TEST_CASE("a file with a field that is missing is not written, and tried again when its secret comes") {
  Fixture fixture;
  fixture.add("file", {.secret_id = "db", .json_key = "no"});
  fixture.start();
  fixture.wait_for_calls(1);
  fixture.give("v1", "no object");
  fixture.run_until([&] { return fixture.lines.count("ERROR a file cannot be written") == 1; });
  CHECK(fixture.status().last_error == "db: the secret is no JSON object, so it has no field no");
}

TEST_CASE("what is stopped asks and writes nothing more") {
  Fixture fixture;
  fixture.add("file", {.secret_id = "db"});
  fixture.start();
  fixture.wait_for_calls(1);
  fixture.files->stop();
  fixture.give("v1", "value");
  fixture.settle();
  CHECK_FALSE(std::filesystem::exists(fixture.folder / "file"));
}

}  // namespace
}  // namespace sma
