#include "aws/credentials/credentials_file_source.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

struct FileFixture : CredentialsFixture {
  explicit FileFixture(Variables variables = {}) : environment(std::move(variables)) {}
  Result<Credentials> ask(const std::string& text) {
    files.texts["/f"] = text;
    return load(source);
  }
  Environment environment;
  CredentialsFileSource source{"/f", environment, files, log};
};

}  // namespace

TEST_CASE("the default profile of the credentials file is read, with or without a session token") {
  FileFixture fixture;
  const auto with = fixture.ask("[default]\naws_access_key_id = k\naws_secret_access_key = s\naws_session_token = t\n");
  REQUIRE(with.ok());
  CHECK(with->access_key_id == "k");
  CHECK(with->session_token.view() == "t");
  CHECK(with->source == "file /f");
  const auto without = fixture.ask("[default]\naws_access_key_id = k\naws_secret_access_key = s\n");
  REQUIRE(without.ok());
  CHECK(without->session_token.empty());
}

TEST_CASE("AWS_PROFILE names the profile of the credentials file") {
  FileFixture fixture(Variables{{"AWS_PROFILE", "dev"}});
  CHECK(fixture
            .ask("[default]\naws_access_key_id = k\naws_secret_access_key = s\n[dev]\naws_access_key_id = "
                 "d\naws_secret_access_key = s\n")
            ->access_key_id == "d");
  CHECK(fixture.ask("[default]\naws_access_key_id = k\naws_secret_access_key = s\n").fault().message ==
        "/f: there is no [dev]");
}

TEST_CASE("each refusal of the credentials file names it and never its content") {
  FileFixture fixture;
  CHECK(fixture.load(fixture.source).fault().message == "cannot read /f: No such file or directory");
  CHECK(fixture.ask("").fault().message == "/f: there is no [default]");
  CHECK(fixture.ask("hidden\n").fault().message == "/f:1: a section such as [default] must come first");
  CHECK(fixture.ask("[default]\naws_access_key_id = k\n").fault().message ==
        "/f: [default] has no aws_secret_access_key");
  CHECK(fixture.ask("[default]\naws_secret_access_key = s\n").fault().message ==
        "/f: [default] has no aws_access_key_id");
}

TEST_CASE("long-term keys in the credentials file are taken with a warning, once until there are others") {
  FileFixture fixture;
  const std::string keys = "[default]\naws_access_key_id = k\naws_secret_access_key = s\n";
  const std::string warning = "WARN the credentials file holds long-term keys";
  REQUIRE(fixture.ask(keys).ok());
  REQUIRE(fixture.ask(keys).ok());
  CHECK(fixture.lines.count(warning) == 1);
  REQUIRE(fixture.ask(keys + "aws_session_token = t\n").ok());
  CHECK(fixture.lines.count(warning) == 1);
  REQUIRE(fixture.ask(keys).ok());
  CHECK(fixture.lines.count(warning) == 2);
}

TEST_CASE("permissions wider than 0600 are a warning, once") {
  FileFixture fixture;
  const std::string text = "[default]\naws_access_key_id = k\naws_secret_access_key = s\n";
  fixture.files.modes["/f"] = 0600;
  REQUIRE(fixture.ask(text).ok());
  fixture.files.modes["/f"] = 0400;
  REQUIRE(fixture.ask(text).ok());
  CHECK(fixture.lines.count("its mode should be 0600") == 0);
  fixture.files.modes["/f"] = 0640;
  REQUIRE(fixture.ask(text).ok());
  REQUIRE(fixture.ask(text).ok());
  CHECK(fixture.lines.count("its mode should be 0600 path=/f") == 1);
}
