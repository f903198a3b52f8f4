#include "aws/credentials/credentials_file_follower.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "aws/credentials/credentials_file_source.h"
#include "tests/unit/aws/credentials/fixture.h"
#include "tests/unit/os/manual_clocks.h"

using namespace sma;
namespace fs = std::filesystem;

namespace {

/// A real file and a real event loop, whose time stands still.
struct FollowerFixture {
  FollowerFixture() {
    std::string name = (fs::temp_directory_path() / "follower-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~FollowerFixture() { fs::remove_all(folder); }

  void replace(const std::string& key) const {
    std::ofstream(folder / "new") << "[default]\naws_access_key_id = " << key << "\naws_secret_access_key = s\n";
    fs::rename(folder / "new", folder / "credentials");
  }
  void turns() {
    for (int i = 0; i < 20; ++i) loop.turn(Milliseconds(0));
  }
  std::string key() {
    auto task = cached.get(loop.now() + Seconds(5));
    task.start(loop);
    turns();
    REQUIRE(task.done());
    const auto found = task.take();
    return found.ok() ? (*found)->access_key_id : "none";
  }

  ManualClocks clocks;
  EventLoop loop{clocks};
  AwsClock clock{loop};
  FixedRandom random;
  Log log{nullptr, LogLevel::none};
  SystemFiles files;
  Environment environment{Variables{}};
  fs::path folder;
  fs::path path() const { return folder / "credentials"; }
  std::optional<CredentialsFileSource> source_;
  CredentialsFileSource& source() {
    if (!source_) source_.emplace(path().string(), environment, files, log);
    return *source_;
  }
  CachedCredentials cached{
      late_, {loop, clock, random, log}, {.after_first_fault = Nanoseconds(0), .after_refusal = false}};

 private:
  /// The path is known only once the folder is made.
  class LateSource final : public CredentialsSource {
   public:
    explicit LateSource(FollowerFixture& fixture) : fixture_(fixture) {}
    Task<Result<Credentials>> load(TimePoint deadline) override { return fixture_.source().load(deadline); }
    [[nodiscard]] std::string_view name() const override { return "late"; }

   private:
    FollowerFixture& fixture_;
  };
  LateSource late_{*this};
};

}  // namespace

TEST_CASE("credentials of a file that is replaced are in use at once") {
  FollowerFixture fixture;
  fixture.replace("K1");
  const CredentialsFileFollower follower(fixture.loop, fixture.path(), fixture.files, fixture.cached);
  CHECK(fixture.key() == "K1");
  fixture.replace("K2");
  fixture.turns();
  CHECK(fixture.key() == "K2");
}

TEST_CASE("the file is read before anybody asks") {
  FollowerFixture fixture;
  fixture.replace("K1");
  const CredentialsFileFollower follower(fixture.loop, fixture.path(), fixture.files, fixture.cached);
  fixture.turns();
  REQUIRE(fixture.cached.held() != nullptr);
  CHECK(fixture.cached.held()->access_key_id == "K1");
}

TEST_CASE("a bad file keeps the last good credentials") {
  FollowerFixture fixture;
  fixture.replace("K1");
  const CredentialsFileFollower follower(fixture.loop, fixture.path(), fixture.files, fixture.cached);
  CHECK(fixture.key() == "K1");
  std::ofstream(fixture.path()) << "nonsense";
  fixture.turns();
  CHECK(fixture.key() == "K1");
  fs::remove(fixture.path());
  fixture.turns();
  CHECK(fixture.key() == "K1");
  fixture.replace("K2");
  fixture.turns();
  CHECK(fixture.key() == "K2");
}

TEST_CASE("a file that comes later is found when credentials are asked for") {
  FollowerFixture fixture;
  const CredentialsFileFollower follower(fixture.loop, fixture.path(), fixture.files, fixture.cached);
  CHECK(fixture.key() == "none");
  fixture.replace("K1");
  CHECK(fixture.key() == "K1");
}

TEST_CASE("a file whose folder comes later is found without anybody asking") {
  FollowerFixture fixture;
  fs::remove(fixture.folder);
  const CredentialsFileFollower follower(fixture.loop, fixture.path(), fixture.files, fixture.cached);
  fixture.turns();
  CHECK(fixture.cached.held() == nullptr);
  fs::create_directory(fixture.folder);
  fixture.turns();
  fixture.replace("K1");
  fixture.turns();
  REQUIRE(fixture.cached.held() != nullptr);
  CHECK(fixture.cached.held()->access_key_id == "K1");
}

TEST_CASE("two changes in one tick of the file system's clock, of one length, are both seen") {
  FollowerFixture fixture;
  fixture.replace("K1");
  const CredentialsFileFollower follower(fixture.loop, fixture.path(), fixture.files, fixture.cached);
  fixture.clocks.set_wall(SystemClocks().wall_now());
  fixture.turns();
  const auto tick = fs::last_write_time(fixture.path());
  for (const char* key : {"K2", "K3"}) {
    std::ofstream(fixture.path()) << "[default]\naws_access_key_id = " << key << "\naws_secret_access_key = s\n";
    fs::last_write_time(fixture.path(), tick);
    fixture.turns();
    CHECK(fixture.key() == key);
  }
}

TEST_CASE("a change that the kernel does not tell of is seen within a minute") {
  FollowerFixture fixture;
  fs::create_directory(fixture.folder / "elsewhere");
  const auto write = [&](const std::string& key) {
    std::ofstream(fixture.folder / "elsewhere/file")
        << "[default]\naws_access_key_id = " << key << "\naws_secret_access_key = s\n";
  };
  write("K1");
  fs::create_symlink("elsewhere/file", fixture.path());
  const CredentialsFileFollower follower(fixture.loop, fixture.path(), fixture.files, fixture.cached);
  CHECK(fixture.key() == "K1");
  write("K2-longer");
  fixture.turns();
  CHECK(fixture.key() == "K1");
  fixture.clocks.advance(Seconds(60));
  fixture.turns();
  CHECK(fixture.key() == "K2-longer");
}
