#include "agent/configuration/file_entries.h"

#include <doctest/doctest.h>

#include <map>

#include "agent/configuration/settings_reader.h"

namespace sma {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

std::vector<FileSettings> read(std::string_view text, const Variables& variables = {}) {
  auto loaded = read_settings("agent.toml", text, Environment(variables));
  if (!loaded.ok()) FAIL(loaded.fault().message);
  return std::move(loaded->settings.files);
}

/// What is wrong with one file; empty if nothing is.
std::string wrong(const std::string& lines, const Variables& variables = {}) {
  const auto loaded = read_settings("agent.toml", lines.empty() ? "" : "[[files]]\n" + lines, Environment(variables));
  return loaded.ok() ? std::string() : loaded.fault().message;
}

TEST_CASE("a file has all its keys, in the flat form and in the nested one") {
  for (const std::string table : {"[[files]]", "[[capabilities.secrets_manager.files]]"}) {
    const auto files = read("\n" + table + R"(
path = "/run/secrets/db"
secret = "prod/db"
key = "password"
mode = "0640"
group = 999
role_arn = "arn:aws:iam::123456789012:role/R"
refresh_seconds = 60
)" + table + R"(
path = "/run/secrets/app.conf"
template = "/etc/app.conf.in"
)");
    REQUIRE(files.size() == 2);
    CHECK(files[0].path == "/run/secrets/db");
    CHECK(files[0].secret == "prod/db");
    CHECK(files[0].key == "password");
    CHECK(files[0].mode == 0640);
    CHECK(files[0].group == gid_t{999});
    CHECK(files[0].role_arn == "arn:aws:iam::123456789012:role/R");
    CHECK(files[0].refresh == Seconds{60});
    CHECK(files[0].place == "agent.toml:2");
    CHECK(files[1].template_path == "/etc/app.conf.in");
    CHECK(files[1].mode == 0440);
    CHECK_FALSE(files[1].group);
    CHECK_FALSE(files[1].refresh);
    CHECK(files[1].place == "agent.toml:10");
  }
}

TEST_CASE("a variable has paths and references, split at the first =, and wins") {
  const auto files =
      read("[[files]]\npath = \"/a\"\nsecret = \"b\"", {{"SMA_FILES", "/run/one = prod/db:password, /run/two=a=b"}});
  REQUIRE(files.size() == 2);
  CHECK(files[0].path == "/run/one");
  CHECK(files[0].secret == "prod/db:password");
  CHECK(files[0].place == "SMA_FILES");
  CHECK(files[1].secret == "a=b");
  CHECK(wrong("", {{"SMA_FILES", "/run/one"}}) ==
        "SMA_FILES: a file with neither secret nor template is not allowed; allowed: one of the two");
}

TEST_CASE("what is not allowed is told with its line and what is") {
  const std::string path = "path = \"/run/file\"\n";
  const std::string file = path + "secret = \"db\"\n";
  const std::pair<std::string, std::string> cases[] = {
      {"secret = \"db\"", "1: files: a file without path"},
      {"path = \"run/file\"\nsecret = \"db\"", "2: files: path = \"run/file\""},
      {"path = \"/run/\"\nsecret = \"db\"", "2: files: path = \"/run/\""},
      {"path = \"/run/../etc/passwd\"\nsecret = \"db\"", "2: files: path = \"/run/../etc/passwd\""},
      {"path = \"/run//file\"\nsecret = \"db\"", "2: files: path = \"/run//file\""},
      {path, "1: files: a file with neither secret nor template"},
      {file + "template = \"/t\"", "1: files: a file with secret and template"},
      {path + "template = \"/t\"\nkey = \"k\"", "1: files: key beside template"},
      {path + "secret = \"db:password\"\nkey = \"k\"", "1: files: key beside a reference with a JSON key"},
      {path + "secret = \"ssm:db\"", "1: files: secret, because the reference ssm:db: ssm: is reserved"},
      {path + "secret = \"\"", "3: files: secret = \"\""},
      {file + "mode = 440", "4: files: mode = 440"},
      {file + "mode = \"0480\"", "4: files: mode = \"0480\""},
      {file + "mode = \"0442\"", "4: files: mode = \"0442\""},
      {file + "mode = \"4440\"", "4: files: mode = \"4440\""},
      {file + "group = \"users\"", "4: files: group = \"users\""},
      {file + "group = 4294967295", "4: files: group = 4294967295"},
      {file + "role_arn = \"role\"", "4: files: role_arn = \"role\""},
      {file + "refresh_seconds = 0", "4: files: refresh_seconds = 0"},
      {file + "refresh_seconds = 3601", "4: files: refresh_seconds = 3601"},
      {file + "moed = \"0440\"", "4: files: the key moed"},
      {file + "[[files]]\n" + file, "4: files: a second file with the path /run/file"},
  };
  for (const auto& [lines, expected] : cases) {
    CAPTURE(lines);
    const std::string told = wrong(lines);
    CHECK_MESSAGE(told.starts_with("agent.toml:" + expected), told);
    CHECK(told.find(" is not allowed; allowed: ") != std::string::npos);
  }
  CHECK(wrong(file + "moed = \"0440\"").ends_with("; the nearest is mode"));
}

TEST_CASE("files that were written out are read back the same") {
  Settings settings;
  settings.files = {{.path = "/a", .secret = "db", .key = "k", .mode = 0600, .group = 7, .refresh = Seconds{9}},
                    {.path = "/b", .template_path = "/t", .role_arn = "arn:aws:iam::123456789012:role/R"}};
  const std::string text = render_settings(settings);
  settings.files = read(text);
  CHECK(render_settings(settings) == text);
  CHECK(
      text.find("[[capabilities.secrets_manager.files]]\npath = \"/a\"\nsecret = \"db\"\nkey = \"k\"\nmode = \"0600\"\n"
                "group = 7\nrefresh_seconds = 9\n") != std::string::npos);
  CHECK(settings.files[1].role_arn == "arn:aws:iam::123456789012:role/R");
}

}  // namespace
}  // namespace sma
