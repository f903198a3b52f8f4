#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/secret_registry.h"
#include "tests/integration/support/wait_until.h"

namespace sma::integration {

namespace {

Answer ask_with(AgentProcess& agent, const std::string& token) {
  HttpConnection connection = agent.connect();
  connection.send("GET /v1/token/any HTTP/1.1\r\nHost: localhost\r\nX-Aws-Parameters-Secrets-Token: " + token +
                  "\r\n\r\n");
  return connection.read_answer();
}

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  return text;
}

/// Runs the agent as a user without rights.
std::vector<std::string> as_user(const std::string& id) {
  return {"setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups", "--inh-caps=-all"};
}

/// A folder of this mode for everybody, as /tmp is, or as a volume of Kubernetes.
std::filesystem::path make_folder(const TempFolder& folder, const std::string& name, mode_t mode) {
  const auto path = folder.path() / name;
  std::filesystem::create_directory(path);
  CHECK(chmod(folder.path().c_str(), 0755) == 0);
  CHECK(chmod(path.c_str(), mode) == 0);
  return path;
}

/// A start that ends because of the token, and names its file.
void check_planted(const std::string& file, const std::string& reason, const std::vector<std::string>& arguments,
                   const std::vector<std::string>& wrapper = {}) {
  CAPTURE(reason);
  const standin::Standin aws;
  AgentSettings settings;
  settings.environment = aws.environment();
  settings.environment["AWS_TOKEN"] = "file://" + file;
  settings.arguments = arguments;
  settings.wrapper = wrapper;
  const Outcome outcome = run_agent(settings);
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("cannot read " + file + ": ") != std::string::npos);
  CHECK(outcome.errors.find(reason) != std::string::npos);
}

}  // namespace

TEST_CASE("a token in a file is read and trimmed") {
  const TempFolder folder;
  const std::string file = folder.write("token", " \tfile-token-0123456789 \n");
  AgentWithAws scene(Variables{{"AWS_TOKEN", "file://" + file}});
  SecretRegistry::of_this_run().add("file-token-0123456789");
  scene.aws.put("token/any", "token-any-value");
  CHECK(ask_with(scene.agent(), "file-token-0123456789").status == 200);
  CHECK(ask_with(scene.agent(), "file://" + file).status == 403);
}

TEST_CASE("the token is that of the first variable that is set") {
  AgentWithAws scene(Variables{{"AWS_TOKEN", "  "}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token-01234"}});
  scene.aws.put("token/any", "token-any-value");
  CHECK(ask_with(scene.agent(), "container-token-01234").status == 200);
}

TEST_CASE("a token file that is missing or empty ends the start and names the variable") {
  const TempFolder folder;
  const standin::Standin aws;
  for (const std::string& file : {folder.write("empty", " \n").string(), (folder.path() / "missing").string()}) {
    AgentSettings settings;
    settings.environment = aws.environment();
    settings.environment["AWS_TOKEN"] = "file://" + file;
    const Outcome outcome = run_agent(settings);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find("AWS_TOKEN") != std::string::npos);
  }
}

TEST_CASE("a path that is no file:// ends the start of the agent and of get, with the right form") {
  const TempFolder folder;
  const std::string file = folder.write("token", "file-token-0123456789");
  const standin::Standin aws;
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"--create-token"}, {"get", "token/any"}}) {
    AgentSettings settings;
    settings.environment = aws.environment();
    settings.environment["AWS_TOKEN"] = file;
    settings.environment["SMA_HTTP_PORT"] = "2773";
    settings.arguments = arguments;
    const Outcome outcome = run_agent(settings);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find("write file://" + file) != std::string::npos);
  }
}

TEST_CASE("a token that is written to its file counts at once, in the sandbox too, and the old one no longer") {
  const TempFolder folder;
  const std::string file = folder.path() / "token";
  AgentSettings settings;
  settings.arguments = {"--create-token"};
  AgentWithAws scene(Variables{{"AWS_TOKEN", "file://" + file}}, settings);
  scene.aws.put("token/any", "token-any-value");
  (void)scene.agent().port();
  const std::string old_token = trimmed(read_file(file));
  for (const std::string token : {"second-token-0123456789", "third-token-0123456789"}) {
    SecretRegistry::of_this_run().add(token);
    folder.write("new", token + "\n");
    REQUIRE(chmod((folder.path() / "new").c_str(), 0640) == 0);
    std::filesystem::rename(folder.path() / "new", file);
    wait_until("the new token", [&] { return ask_with(scene.agent(), token).status == 200; });
    CHECK(ask_with(scene.agent(), old_token).status == 403);
  }
  // A file that --create-token would not take at the start is not taken later either.
  folder.write("new", "fourth-token-0123456789");
  REQUIRE(chmod((folder.path() / "new").c_str(), 0644) == 0);
  std::filesystem::rename(folder.path() / "new", file);
  wait_until("the refusal",
             [&] { return scene.agent().log().find("others can read or change it") != std::string::npos; });
  std::filesystem::remove(file);
  CHECK(ask_with(scene.agent(), "third-token-0123456789").status == 200);
}

TEST_CASE("--create-token takes no file that another user may have put there") {
  const TempFolder folder;
  const auto shared = make_folder(folder, "shared", 01777);
  const std::string file = shared / "token";
  const std::vector<std::string> create{"--create-token"};
  const auto plant = [&](mode_t mode) {
    std::filesystem::remove_all(file);
    folder.write("shared/token", "planted-token-0123456789");
    REQUIRE(chmod(file.c_str(), mode) == 0);
  };
  plant(0644);
  check_planted(file, "others can read or change it", create);
  plant(0666);
  check_planted(file, "others can read or change it", create);
  plant(0600);
  std::filesystem::create_hard_link(file, folder.path() / "second");
  check_planted(file, "it has a second name (a hard link)", create);
  for (const char* target : {"/etc/hostname", "/nowhere/at/all", "../second"}) {
    std::filesystem::remove(file);
    std::filesystem::create_symlink(target, file);
    check_planted(file, "it is a symbolic link", create);
  }
  CHECK_FALSE(std::filesystem::exists("/nowhere"));
  std::filesystem::remove(file);
  REQUIRE(mkfifo(file.c_str(), 0600) == 0);
  check_planted(file, "it is not a regular file", create);
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  check_planted(file, "it is a folder", create);
}

TEST_CASE("a token file of another user ends the start if everybody can write in its folder") {
  if (!works_as_root({"setpriv", "--reuid=12345", "true"})) return;
  const TempFolder folder;
  const auto shared = make_folder(folder, "shared", 01777);
  const std::string file = folder.write("shared/token", "planted-token-0123456789");
  REQUIRE(chown(file.c_str(), 12346, 12346) == 0);
  REQUIRE(chmod(file.c_str(), 0644) == 0);
  const std::string reason = file + " belongs to user 12346, and everybody can write in its folder";
  check_planted(file, reason, {});
  check_planted(file, reason, {}, as_user("12345"));
  REQUIRE(chmod(file.c_str(), 0600) == 0);
  check_planted(file, "it belongs to user 12346", {"--create-token"});
  check_planted(file, "Permission denied", {"--create-token"}, as_user("12345"));
}

TEST_CASE("a token file of another user in a sound folder is used, and a client may read any") {
  if (!works_as_root({"true"})) return;
  const TempFolder folder;
  const auto sound = make_folder(folder, "sound", 0755);
  const std::string file = folder.write("sound/token", "file-token-0123456789");
  REQUIRE(chown(file.c_str(), 12346, 12346) == 0);
  REQUIRE(chmod(file.c_str(), 0640) == 0);
  AgentWithAws scene(Variables{{"AWS_TOKEN", "file://" + file}});
  SecretRegistry::of_this_run().add("file-token-0123456789");
  scene.aws.put("token/any", "token-any-value");
  CHECK(ask_with(scene.agent(), "file-token-0123456789").status == 200);
  CHECK(scene.agent().log().find("SSRF token in") == std::string::npos);
  CHECK(scene.agent().log().find("everybody") == std::string::npos);

  make_folder(folder, "shared", 01777);
  const std::string planted = folder.write("shared/token", "file-token-0123456789");
  REQUIRE(chown(planted.c_str(), 12346, 12346) == 0);
  AgentSettings get;
  get.environment = {{"AWS_TOKEN", "file://" + planted}, {"SMA_HTTP_PORT", std::to_string(scene.agent().port())}};
  get.arguments = {"get", "token/any"};
  CHECK(run_agent(get).output == "token-any-value");
}

TEST_CASE("a token file that everybody can replace or read is used, and the log says so") {
  const TempFolder folder;
  const auto open = make_folder(folder, "open", 0777);
  const std::string file = folder.write("open/token", "file-token-0123456789");
  REQUIRE(chmod(file.c_str(), 0644) == 0);
  AgentWithAws scene(Variables{{"AWS_TOKEN", "file://" + file}});
  SecretRegistry::of_this_run().add("file-token-0123456789");
  scene.aws.put("token/any", "token-any-value");
  CHECK(ask_with(scene.agent(), "file-token-0123456789").status == 200);
  const std::string log = scene.agent().log();
  CHECK(log.find(" INFO everybody can replace " + file + ", because everybody can write in its folder\n") !=
        std::string::npos);
  CHECK(log.find(" WARN everybody can read or change the SSRF token in " + file) != std::string::npos);
}

TEST_CASE("a configuration or credentials file of another user is refused in a shared folder") {
  if (!works_as_root({"true"})) return;
  const TempFolder folder;
  make_folder(folder, "shared", 01777);
  const std::string config = folder.write("shared/config.toml", "http_port = 0\n");
  REQUIRE(chown(config.c_str(), 12346, 12346) == 0);
  const standin::Standin aws;
  AgentSettings settings;
  settings.environment = aws.environment();
  settings.arguments = {"--config", config};
  Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find(config + " belongs to user 12346") != std::string::npos);
  settings.arguments.emplace_back("--check-config");
  CHECK(run_agent(settings).exit_code == 1);
  settings.arguments.back() = "--health-check";
  CHECK(run_agent(settings).errors.find("belongs to user") == std::string::npos);

  const std::string keys = folder.write("shared/keys", "[default]\naws_access_key_id = k\naws_secret_access_key = s\n");
  REQUIRE(chown(keys.c_str(), 12346, 12346) == 0);
  AgentWithAws scene(Variables{{"SMA_CREDENTIALS_FILE_PATH", keys}});
  CHECK(scene.agent().get_secret("token/any").body.find(keys + " belongs to user 12346") != std::string::npos);
}

TEST_CASE("--create-token without a token file ends the start and does not show the value") {
  const standin::Standin aws;
  AgentSettings settings;
  settings.environment = aws.environment();
  settings.arguments = {"--create-token"};
  const Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("with --create-token AWS_TOKEN must be file://PATH") != std::string::npos);
}

TEST_CASE("--create-token writes a random token for owner and group before it listens") {
  const TempFolder folder;
  const std::string file = folder.path() / "token";
  AgentSettings settings;
  settings.arguments = {"--create-token"};
  std::string first;
  for (int round = 0; round < 2; ++round) {
    AgentWithAws scene(Variables{{"AWS_TOKEN", "file://" + file}}, settings);
    scene.aws.put("token/any", "token-any-value");
    (void)scene.agent();
    const std::string token = trimmed(read_file(file));
    SecretRegistry::of_this_run().add(token);
    CHECK(token.size() >= 43);
    struct stat status {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    CHECK(ask_with(scene.agent(), token).status == 200);
    CHECK(ask_with(scene.agent(), "guess").status == 403);
    // A file that is there is the token of others too: it stays.
    if (round == 0) first = token;
    CHECK(token == first);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  }
}

}  // namespace sma::integration
