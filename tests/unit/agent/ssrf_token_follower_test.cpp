#include "agent/ssrf_token_follower.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/base/log_lines.h"
#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

/// A guard with a token file in a folder of its own. A link to another folder hides changes from the kernel's watch.
struct FollowerFixture {
  explicit FollowerFixture(bool unwatched = false) {
    char name[] = "/tmp/sma-follower-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    folder = name;
    std::filesystem::create_directories(folder / "real");
    std::filesystem::create_symlink("real/token", folder / "token");
    write("first-token-0123456789");
    const std::string path = folder / (unwatched ? "token" : "real/token");
    follower.emplace(loop, log, SsrfTokenFile{path, FileRule::not_planted}, files, guard);
    turn();
  }
  ~FollowerFixture() { std::filesystem::remove_all(folder); }

  void write(const std::string& token) const {
    std::ofstream(folder / "real/new") << token;
    std::filesystem::permissions(folder / "real/new", std::filesystem::perms(0600));
    std::filesystem::rename(folder / "real/new", folder / "real/token");
  }
  void turn() {
    for (int i = 0; i < 10; ++i) loop.turn(Milliseconds(1));
  }
  bool accepts(std::string_view token) {
    ServerRequest request;
    request.method = "GET";
    request.path = "/v1/a";
    request.add_field({"X-Token", token});
    const auto passes = [&] { return guard.judge(request, TokenRule::required) == SsrfGuard::Verdict::passes; };
    if (guard.judge(request, TokenRule::required) == SsrfGuard::Verdict::wrong_token) {
      if (const auto sought = guard.seek_token()) turn();
    }
    return passes();
  }

  std::filesystem::path folder;
  ManualClocks clocks;
  EventLoop loop{clocks};
  LogLines lines;
  Log log{&lines, LogLevel::info};
  SystemFiles files;
  SsrfGuard guard{loop, log, {"X-Token"}, SharedBytes("first-token-0123456789")};
  std::optional<SsrfTokenFollower> follower;
};

TEST_CASE("a new token counts as soon as the file is written, and the old one no longer") {
  FollowerFixture fixture;
  CHECK(fixture.accepts("first-token-0123456789"));
  CHECK(fixture.lines.count("SSRF token was read") == 0);
  fixture.write(" second-token-0123456789\n");
  fixture.turn();
  CHECK(fixture.guard.token().view() == "second-token-0123456789");
  CHECK(fixture.accepts("second-token-0123456789"));
  CHECK_FALSE(fixture.accepts("first-token-0123456789"));
  CHECK(fixture.lines.count("INFO a new SSRF token was read path=") == 1);
  CHECK(fixture.lines.count("token-0123456789") == 0);
}

TEST_CASE("a token that changed between its first reading and the watch is found") {
  FollowerFixture fixture;
  fixture.follower.reset();
  fixture.write("second-token-0123456789");
  fixture.follower.emplace(fixture.loop, fixture.log, SsrfTokenFile{fixture.folder / "real/token", FileRule::any},
                           fixture.files, fixture.guard);
  fixture.turn();
  CHECK(fixture.guard.token().view() == "second-token-0123456789");
}

TEST_CASE("a change that the kernel does not tell is found by a wrong token, at most once a second") {
  FollowerFixture fixture(true);
  fixture.write("second-token-0123456789");
  fixture.turn();
  CHECK(fixture.accepts("first-token-0123456789"));
  CHECK(fixture.accepts("second-token-0123456789"));
  CHECK_FALSE(fixture.accepts("first-token-0123456789"));
  fixture.write("third-token-01234567890");
  CHECK_FALSE(fixture.accepts("third-token-01234567890"));
  fixture.clocks.advance(Seconds(1));
  fixture.turn();
  CHECK(fixture.accepts("third-token-01234567890"));
}

TEST_CASE("a request without a token does not look for a new one") {
  FollowerFixture fixture(true);
  fixture.write("second-token-0123456789");
  CHECK_FALSE(fixture.accepts(""));
  CHECK(fixture.guard.token().view() == "first-token-0123456789");
}

TEST_CASE("a change that the kernel does not tell is found after a minute") {
  FollowerFixture fixture(true);
  fixture.write("second-token-0123456789");
  fixture.clocks.advance(Seconds(60));
  fixture.turn();
  CHECK(fixture.guard.token().view() == "second-token-0123456789");
}

TEST_CASE("a file that is empty, unfit, gone or planted keeps the old token, with one warning each") {
  FollowerFixture fixture;
  const std::string warning = "WARN the SSRF token cannot be read again; the one that was read before still counts";
  fixture.write(" \n");
  fixture.turn();
  fixture.turn();
  CHECK(fixture.accepts("first-token-0123456789"));
  CHECK(fixture.lines.count(warning) == 1);
  fixture.write("two lines\n0123456789012345");
  fixture.turn();
  CHECK(fixture.accepts("first-token-0123456789"));
  CHECK(fixture.lines.count(warning) == 2);
  std::filesystem::remove(fixture.folder / "real/token");
  fixture.turn();
  CHECK(fixture.accepts("first-token-0123456789"));
  CHECK(fixture.lines.count(warning) == 3);
  if (geteuid() == 0) {
    std::filesystem::permissions(fixture.folder / "real", std::filesystem::perms(01777));
    std::ofstream(fixture.folder / "real/token") << "planted-token-0123456789";
    REQUIRE(chown((fixture.folder / "real/token").c_str(), 12345, 12345) == 0);
    fixture.turn();
    CHECK_FALSE(fixture.accepts("planted-token-0123456789"));
    CHECK(fixture.lines.count("belongs to user 12345") == 1);
    std::filesystem::remove(fixture.folder / "real/token");
  }
  fixture.write("second-token-0123456789");
  fixture.turn();
  CHECK(fixture.accepts("second-token-0123456789"));
}

TEST_CASE("a token that is weaker than the one before is a warning") {
  FollowerFixture fixture;
  fixture.write("short");
  fixture.turn();
  CHECK(fixture.accepts("short"));
  CHECK(fixture.lines.count("has fewer than 16 characters") == 1);
}

}  // namespace
}  // namespace sma
