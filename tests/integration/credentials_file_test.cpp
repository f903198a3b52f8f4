#include <doctest/doctest.h>

#include <filesystem>
#include <functional>

#include "tests/integration/support/agent_with_aws.h"

// `credentials_file_path`, as the real binary follows a real file.

namespace sma::integration {

namespace {

namespace fs = std::filesystem;

const std::string kUser = "arn:aws:iam::123456789012:user/";

/// AWS knows the users one, two and three; the environment has keys too, which must not be used.
struct Scene {
  explicit Scene(const Variables& more = {}, const std::string& file = "folder/credentials")
      : path(folder.path() / file), with_aws(variables(more)) {
    for (const char* user : {"one", "two", "three"}) {
      aws().with([&](standin::World& world) {
        world.keys.add({id_of(user), secret_of(user), "", kUser + user, std::nullopt});
      });
    }
    aws().put("file/secret", "file-secret-value");
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  static std::string id_of(const std::string& user) { return "AKIAFILE0000000" + user; }
  static std::string secret_of(const std::string& user) { return "secret/key/of/user/" + user; }
  static std::string keys_of(const std::string& user, const std::string& profile = "default") {
    return "[" + profile + "]\naws_access_key_id = " + id_of(user) + "\naws_secret_access_key = " + secret_of(user) +
           "\n";
  }
  Variables variables(const Variables& more) const {
    Variables all{{"SMA_CREDENTIALS_FILE_PATH", path}};
    for (const auto& [name, value] : more) all[name] = value;
    return all;
  }
  void replace(const std::string& text) const {
    fs::create_directories(path.parent_path());
    fs::rename(folder.write("new", text), path);
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  }
  /// Asks AWS, and gives the user whose keys were used; nothing where that failed.
  std::string who_reads() {
    aws().clear_records();
    if (agent().get_secret("file/secret", "&refreshNow=true").status != 200) return "";
    return aws().last("GetSecretValue").signature.principal_arn.substr(kUser.size());
  }
  /// The kernel's message and a request race: whose keys are used becomes `user` within a few requests.
  bool soon_reads(const std::string& user) {
    for (int i = 0; i < 1000; ++i)
      if (who_reads() == user) return true;
    return false;
  }
  bool logged(const std::string& text) { return agent().logs(text); }

  standin::Standin& aws() { return with_aws.aws; }
  AgentProcess& agent() { return with_aws.agent(); }

  TempFolder folder;
  fs::path path;
  AgentWithAws with_aws;
};

}  // namespace

TEST_CASE("the credentials file alone is used, and the start check is left out") {
  Scene scene;
  scene.replace(Scene::keys_of("one"));
  CHECK(scene.agent().get("/ping").status == 200);
  CHECK(scene.aws().count("GetCallerIdentity") == 0);
  CHECK(scene.who_reads() == "one");
  CHECK(scene.logged("INFO credentials found source=\"file " + scene.path.string()));
  CHECK(scene.agent().log().find("0600") == std::string::npos);
}

TEST_CASE("a credentials file that is replaced by a rename, or written over, is in use at once") {
  Scene scene;
  scene.replace(Scene::keys_of("one"));
  CHECK(scene.who_reads() == "one");
  scene.replace(Scene::keys_of("two"));
  CHECK(scene.soon_reads("two"));
  scene.folder.write("folder/credentials", Scene::keys_of("three"));
  CHECK(scene.soon_reads("three"));
}

TEST_CASE("a credentials file in a volume of Kubernetes is read again when the volume's link is switched") {
  Scene scene(Variables(), "volume/credentials");
  scene.folder.write("volume/..1/credentials", Scene::keys_of("one"));
  scene.folder.write("volume/..2/credentials", Scene::keys_of("two"));
  const fs::path volume = scene.folder.path() / "volume";
  fs::create_symlink("..1", volume / "..data");
  fs::create_symlink("..data/credentials", volume / "credentials");
  CHECK(scene.who_reads() == "one");
  fs::create_symlink("..2", volume / "..data_tmp");
  fs::rename(volume / "..data_tmp", volume / "..data");
  fs::remove_all(volume / "..1");
  CHECK(scene.soon_reads("two"));
}

TEST_CASE("a credentials file that is missing, empty or malformed at the start is a warning, and found later") {
  for (const char* text : {"", " \n", "nonsense\n", "[default]\n", "[default]\naws_access_key_id = A\n"}) {
    Scene scene;
    if (*text != '\0') scene.replace(text);
    const Answer answer = scene.agent().get_secret("file/secret");
    CHECK(answer.status == 500);
    CHECK(member(answer.body, "__type") == "InternalFailure");
    CHECK(member(answer.body, "message").find(scene.path.string()) != std::string::npos);
    CHECK(scene.logged(" WARN no credentials reason="));
    scene.replace(Scene::keys_of("one"));
    CHECK(scene.who_reads() == "one");
    scene.replace(Scene::keys_of("two"));
    CHECK(scene.soon_reads("two"));
  }
}

TEST_CASE("a bad credentials file later keeps the last good keys") {
  Scene scene;
  scene.replace(Scene::keys_of("one"));
  CHECK(scene.who_reads() == "one");
  for (const char* text : {"", "nonsense\n", "[other]\n"}) {
    scene.replace(text);
    CHECK(scene.who_reads() == "one");
  }
  fs::remove(scene.path);
  CHECK(scene.who_reads() == "one");
  scene.replace(Scene::keys_of("two"));
  CHECK(scene.soon_reads("two"));
}

TEST_CASE("a credentials file whose change nobody tells of is read when AWS refuses its keys") {
  Scene scene;
  const std::string elsewhere = scene.folder.write("elsewhere/file", Scene::keys_of("one"));
  fs::create_directories(scene.path.parent_path());
  fs::create_symlink(elsewhere, scene.path);
  CHECK(scene.who_reads() == "one");
  for (const char* user : {"two", "three"}) {
    scene.folder.write("elsewhere/file", Scene::keys_of(user));
    scene.aws().with([&](standin::World& world) {
      world.keys.revoke(Scene::id_of("one"));
      if (user == std::string("three")) world.keys.revoke(Scene::id_of("two"));
    });
    CHECK(scene.who_reads() == user);
  }
}

TEST_CASE("a credentials file that others may read is a warning, and AWS_PROFILE names its section") {
  Scene scene(Variables{{"AWS_PROFILE", "app"}});
  scene.replace(Scene::keys_of("one") + Scene::keys_of("two", "app"));
  fs::permissions(scene.path, fs::perms::group_read, fs::perm_options::add);
  CHECK(scene.who_reads() == "two");
  CHECK(scene.logged(" WARN others may read or change the credentials file: its mode should be 0600"));
}

TEST_CASE("the keys of the credentials file assume the role that a request names") {
  Scene scene;
  scene.replace(Scene::keys_of("one"));
  standin::Role role;
  role.arn = "arn:aws:iam::123456789012:role/reader";
  role.principals = {kUser + "one"};
  scene.aws().with([&](standin::World& world) { world.add_role(role); });
  CHECK(scene.agent().get_secret("file/secret", "&roleArn=" + percent_encode(role.arn)).status == 200);
  CHECK(scene.aws().last("AssumeRole").signature.principal_arn == kUser + "one");
}

TEST_CASE("the credentials file may be a FIFO whose writer is slow") {
  AgentSettings settings;
  settings.wrapper = {"/bin/sh", "-c",
                      "mkfifo -m 600 fifo && { (echo '[default]'; echo 'aws_access_key_id = AKIASTANDINEXAMPLE00'; "
                      "echo 'aws_secret_access_key = standin/EXAMPLE+secret/access/key0000000') > fifo & } && "
                      "exec \"$@\"",
                      "-"};
  AgentWithAws scene(
      Variables{{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}, {"SMA_CREDENTIALS_FILE_PATH", "fifo"}},
      settings);
  scene.aws.put("file/fifo", "file-fifo-value");
  CHECK(scene.agent().get_secret("file/fifo").status == 200);
}

}  // namespace sma::integration
