#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/process_memory.h"
#include "tests/integration/support/wait_until.h"

// Files that the agent writes and that follow their secrets.

namespace sma::integration {

namespace {

namespace fs = std::filesystem;
using standin::FaultPlan;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

bool is_root() {
  if (geteuid() == 0) return true;
  MESSAGE("skipped: needs root");
  return false;
}

/// A file system in memory over a folder, if this user may mount one.
class Tmpfs {
 public:
  Tmpfs(const fs::path& folder, const std::string& options) : folder_(folder) {
    mounted_ = geteuid() == 0 && mount("tmpfs", folder_.c_str(), "tmpfs", 0, options.c_str()) == 0;
    if (!mounted_) MESSAGE("skipped: a tmpfs cannot be mounted");
  }
  ~Tmpfs() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  Tmpfs(const Tmpfs&) = delete;
  Tmpfs& operator=(const Tmpfs&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  bool make_read_only() { return mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

 private:
  fs::path folder_;
  bool mounted_ = false;
};

/// Makes the entry of a file; more of its lines follow.
std::string entry(const fs::path& path, const std::string& lines) {
  return "[[files]]\npath = \"" + path.string() + "\"\n" + lines + "\n";
}

/// An agent with files in a folder of its own, which it has to make.
class FilesScene {
 public:
  standin::Standin& aws() { return scene_->aws; }
  /// To be called before `agent`.
  void add(const std::string& name, const std::string& lines) { settings.config += entry(folder / name, lines); }

  AgentProcess& agent() {
    if (!started_) {
      for (auto& [name, value] : more) settings.environment[name] = value;
      for (auto& [name, value] : aws().environment()) settings.environment.emplace(name, value);
      started_.emplace(settings);
      started_->wait_until_listening();
    }
    return *started_;
  }
  [[nodiscard]] std::string read(const std::string& name) const { return read_file(folder / name); }
  void wait_for(const std::string& name, const std::string& content) {
    agent();
    wait_until(name + " holds what it should", [&] { return read(name) == content; });
  }
  int ready() { return agent().get("/ready").status; }

  TempFolder base;
  fs::path folder = base.path() / "secrets";
  AgentSettings settings;
  Variables more;

 private:
  std::optional<AgentWithAws> scene_{std::in_place};
  std::optional<AgentProcess> started_;
};

ino_t node_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_ino;
}

/// What the start says that must fail.
std::string refusal(const std::string& config, std::vector<std::string> arguments = {}) {
  AgentSettings settings;
  settings.config = config;
  settings.arguments = std::move(arguments);
  const Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 1);
  return outcome.errors;
}

}  // namespace

TEST_CASE("a file holds the exact bytes of its secret, without a line end, with mode and folder as promised") {
  FilesScene scene;
  scene.aws().put("files/text", "file-text-value");
  const std::string binary = std::string("\0\xff\n\r\x01 binary-file-value", 23);
  scene.aws().put_binary("files/binary", binary);
  scene.aws().put("files/json", R"({"user":"file-json-user","password":"file-json-password"})");
  scene.add("text", "secret = \"files/text\"");
  scene.add("binary", "secret = \"files/binary\"\nmode = \"0600\"");
  scene.add("by-reference", "secret = \"files/json:password\"");
  scene.add("by-key", "secret = \"files/json\"\nkey = \"user\"");
  scene.wait_for("text", "file-text-value");
  scene.wait_for("binary", binary);
  scene.wait_for("by-reference", "file-json-password");
  scene.wait_for("by-key", "file-json-user");
  struct stat status {};
  REQUIRE(stat((scene.folder / "text").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0440);
  REQUIRE(stat((scene.folder / "binary").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  REQUIRE(stat(scene.folder.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0750);
  CHECK(scene.agent().stop() == 0);
  CHECK(scene.read("text") == "file-text-value");
  CHECK(std::distance(fs::directory_iterator(scene.folder), {}) == 4);
}

TEST_CASE("files and their folder get the group of --token-group, or one of their own") {
  if (!is_root()) return;
  FilesScene scene;
  scene.aws().put("files/group", "file-group-value");
  scene.settings.arguments = {"--token-group", "4321"};
  scene.add("default", "secret = \"files/group\"");
  scene.add("own", "secret = \"files/group\"\ngroup = 4322");
  scene.wait_for("default", "file-group-value");
  scene.wait_for("own", "file-group-value");
  struct stat status {};
  REQUIRE(stat((scene.folder / "default").c_str(), &status) == 0);
  CHECK(status.st_gid == 4321);
  REQUIRE(stat((scene.folder / "own").c_str(), &status) == 0);
  CHECK(status.st_gid == 4322);
  REQUIRE(stat(scene.folder.c_str(), &status) == 0);
  CHECK(status.st_gid == 4321);
}

TEST_CASE("in a template each reference is replaced, and nothing else") {
  FilesScene scene;
  scene.aws().put("files/template", R"({"user":"template-user-name","password":"{{secret:files/other}}"})");
  scene.aws().put("files/other", "template-other-value");
  const fs::path source =
      scene.base.write("app.conf.in",
                       "user={{secret:files/template:user}}\npassword={{secret:files/template:password}}\n"
                       "other={{secret:files/other}}\n{{kept}} $HOME\n");
  scene.add("app.conf", "template = \"" + source.string() + "\"");
  scene.wait_for("app.conf",
                 "user=template-user-name\npassword={{secret:files/other}}\nother=template-other-value\n"
                 "{{kept}} $HOME\n");
}

TEST_CASE("a list of files in a variable is split at the first =") {
  FilesScene scene;
  scene.aws().put("files/a=b", "file-equals-value");
  scene.aws().put("files/second", "file-second-value");
  scene.more["SMA_FILES"] =
      (scene.folder / "one").string() + "=files/a=b, " + (scene.folder / "two").string() + "=files/second";
  scene.wait_for("one", "file-equals-value");
  scene.wait_for("two", "file-second-value");
}

TEST_CASE("a file follows a rotation unasked, and one whose bytes are equal is not touched") {
  FilesScene scene;
  scene.aws().put("files/rotated", "file-before-rotation");
  scene.aws().put("files/constant", "file-constant-value");
  scene.add("rotated", "secret = \"files/rotated\"\nrefresh_seconds = 1");
  scene.add("constant", "secret = \"files/constant\"\nrefresh_seconds = 1");
  scene.wait_for("rotated", "file-before-rotation");
  scene.wait_for("constant", "file-constant-value");
  const ino_t before = node_of(scene.folder / "constant");
  scene.aws().put("files/rotated", "file-after-rotation");
  scene.wait_for("rotated", "file-after-rotation");
  scene.aws().clear_records();
  scene.aws().wait_for("DescribeSecret", 4);
  CHECK(node_of(scene.folder / "constant") == before);
}

TEST_CASE("a file that was removed, or changed by another program, is written again") {
  FilesScene scene;
  scene.aws().put("files/removed", "file-removed-value");
  scene.add("removed", "secret = \"files/removed\"\nrefresh_seconds = 1");
  scene.wait_for("removed", "file-removed-value");
  fs::remove(scene.folder / "removed");
  scene.wait_for("removed", "file-removed-value");
  fs::remove(scene.folder / "removed");
  std::ofstream(scene.folder / "removed") << "another's";
  scene.wait_for("removed", "file-removed-value");
}

TEST_CASE("SIGHUP renews files at once") {
  FilesScene scene;
  scene.aws().put("files/hangup", "file-before-hangup");
  scene.add("hangup", "secret = \"files/hangup\"\nrefresh_seconds = 3600");
  scene.wait_for("hangup", "file-before-hangup");
  scene.aws().put("files/hangup", "file-after-hangup");
  scene.agent().child().signal(SIGHUP);
  scene.wait_for("hangup", "file-after-hangup");
}

TEST_CASE("files work if nothing is cached, and their secrets stay if the cache is full") {
  for (const auto& [name, value] :
       Variables{{"SMA_TTL_SECONDS", "0"}, {"SMA_CACHE_SIZE", "0"}, {"SMA_CACHE_SIZE", "1"}}) {
    CAPTURE(name);
    CAPTURE(value);
    FilesScene scene;
    scene.more[name] = value;
    scene.aws().put("files/uncached", "file-uncached-value");
    scene.aws().put("files/other", "file-other-value");
    scene.add("uncached", "secret = \"files/uncached\"\nrefresh_seconds = 1");
    scene.wait_for("uncached", "file-uncached-value");
    CHECK(scene.agent().get_secret("files/other").status == 200);
    scene.aws().put("files/uncached", "file-uncached-rotated");
    scene.wait_for("uncached", "file-uncached-rotated");
  }
}

TEST_CASE("the last good file stays while AWS is away, and follows again when it is back") {
  FilesScene scene;
  scene.aws().put("files/away", "file-before-outage");
  scene.add("away", "secret = \"files/away\"\nrefresh_seconds = 1");
  scene.more["AWS_MAX_ATTEMPTS"] = "1";
  scene.wait_for("away", "file-before-outage");
  const ino_t before = node_of(scene.folder / "away");
  scene.aws().fail(FaultPlan::error(500, "InternalServiceError").times(FaultPlan::kAlways));
  scene.aws().put("files/away", "file-after-outage");
  CHECK(scene.agent().logs("a secret of files does not come, they stay as they are"));
  CHECK(scene.read("away") == "file-before-outage");
  CHECK(node_of(scene.folder / "away") == before);
  scene.aws().clear_faults();
  scene.wait_for("away", "file-after-outage");
}

TEST_CASE(
    "a file that cannot be written at the start because AWS is away is written when it is back, and the gate opens") {
  FilesScene scene;
  scene.aws().put("files/late", "file-late-value");
  scene.add("late", "secret = \"files/late\"");
  scene.more["AWS_MAX_ATTEMPTS"] = "1";
  scene.aws().fail(FaultPlan::error(500, "InternalServiceError").on("GetSecretValue").times(FaultPlan::kAlways));
  CHECK(scene.agent().logs("a secret of files does not come"));
  CHECK_FALSE(fs::exists(scene.folder / "late"));
  CHECK(scene.ready() == 503);
  CHECK(scene.agent().get("/ping").status == 200);
  scene.aws().clear_faults();
  scene.wait_for("late", "file-late-value");
  wait_until("the gate is open", [&] { return scene.ready() == 200; });
}

TEST_CASE("a refused secret leaves its file as it is, with one line at ERROR, and the gate stays open") {
  FilesScene scene;
  scene.aws().put("files/refused", "file-refused-value");
  scene.add("refused", "secret = \"files/refused\"\nrefresh_seconds = 1");
  scene.wait_for("refused", "file-refused-value");
  wait_until("the gate is open", [&] { return scene.ready() == 200; });
  scene.aws().fail(FaultPlan::error(400, "AccessDeniedException").on("GetSecretValue").times(FaultPlan::kAlways));
  scene.aws().fail(FaultPlan::error(400, "AccessDeniedException").on("DescribeSecret").times(FaultPlan::kAlways));
  CHECK(scene.agent().logs("ERROR a secret of files is refused, they stay as they are"));
  scene.aws().clear_records();
  scene.aws().wait_for("GetSecretValue", 3);
  CHECK(count_of(scene.agent().log(), "a secret of files is refused") == 1);
  CHECK(scene.read("refused") == "file-refused-value");
  CHECK(scene.ready() == 200);
  CHECK(contains(scene.agent().get("/status").body, R"("last_error":"AccessDeniedException")"));
  scene.aws().clear_faults();
  scene.aws().put("files/refused", "file-allowed-again");
  scene.wait_for("refused", "file-allowed-again");
}

TEST_CASE("a missing JSON key is an error of its file alone, told once") {
  FilesScene scene;
  scene.aws().put("files/keys", R"({"there":"file-there-value"})");
  scene.add("missing", "secret = \"files/keys:missing\"\nrefresh_seconds = 1");
  scene.add("there", "secret = \"files/keys:there\"\nrefresh_seconds = 1");
  scene.wait_for("there", "file-there-value");
  CHECK(scene.agent().logs("files/keys: the secret has no field missing"));
  scene.aws().clear_records();
  scene.aws().wait_for("DescribeSecret", 2);
  CHECK(count_of(scene.agent().log(), "the secret has no field missing") == 1);
  CHECK(scene.ready() == 503);
}

TEST_CASE("the gate is red until every file was written, and status names each file") {
  FilesScene scene;
  scene.aws().put("files/first", "file-first-value");
  scene.aws().put("files/held", "file-held-value");
  scene.add("first", "secret = \"files/first\"");
  scene.add("held", "secret = \"files/held\"");
  const auto gate = scene.aws().hold("GetSecretValue");
  scene.aws().fail(FaultPlan::held(gate).secret("files/held").on("GetSecretValue"));
  scene.agent();
  gate->wait_for(1);
  CHECK(scene.ready() == 503);
  const std::string before = scene.agent().get("/status").body;
  CHECK(contains(before,
                 R"({"path":")" + (scene.folder / "held").string() + R"(","age_seconds":null,"last_error":null})"));
  gate->open();
  wait_until("the gate is open", [&] { return scene.ready() == 200; });
  CHECK(scene.read("held") == "file-held-value");
  const std::string after = scene.agent().get("/status").body;
  CHECK(contains(after, R"("path":")" + (scene.folder / "held").string() + R"(","age_seconds":)"));
  CHECK_FALSE(contains(after, R"("age_seconds":null)"));
  AgentSettings client;
  client.environment["SMA_HTTP_PORT"] = std::to_string(scene.agent().port());
  client.arguments = {"status"};
  CHECK(contains(run_agent(client).output, "FILE   "));
}

TEST_CASE("what an agent that was killed left in the folder is removed at the start, and nothing else") {
  FilesScene scene;
  scene.aws().put("files/remains", "file-remains-value");
  scene.add("remains", "secret = \"files/remains\"");
  fs::create_directory(scene.folder);
  std::ofstream(scene.folder / ".secrets-manager-agent-0123456789abcdef") << "half a sec";
  std::ofstream(scene.folder / ".secrets-manager-agent-notes") << "a person's";
  scene.wait_for("remains", "file-remains-value");
  CHECK_FALSE(fs::exists(scene.folder / ".secrets-manager-agent-0123456789abcdef"));
  CHECK(fs::exists(scene.folder / ".secrets-manager-agent-notes"));
}

TEST_CASE("a folder that was removed and made again is told once at ERROR on standard error") {
  FilesScene scene;
  scene.aws().put("files/folder", "file-folder-value");
  scene.add("folder", "secret = \"files/folder\"\nrefresh_seconds = 1");
  scene.wait_for("folder", "file-folder-value");
  if (contains(scene.agent().log(), "the sandbox is not complete")) return;
  fs::remove_all(scene.folder);
  fs::create_directory(scene.folder);
  scene.agent().child().wait_for_error("was removed and made again: restart the agent");
  scene.aws().clear_records();
  scene.aws().wait_for("DescribeSecret", 3);
  CHECK(count_of(scene.agent().child().errors(), "was removed and made again") == 1);
  CHECK(count_of(scene.agent().log(), "was removed and made again") == 1);
}

TEST_CASE("beside its files the sandbox lets the agent write nothing") {
  FilesScene scene;
  scene.aws().put("files/only", "file-only-value");
  scene.add("only", "secret = \"files/only\"");
  scene.wait_for("only", "file-only-value");
  CHECK_FALSE(contains(scene.agent().log(), "no sandbox"));
}

TEST_CASE("a folder that is full keeps the old file whole, and the new one comes when there is room") {
  FilesScene scene;
  fs::create_directory(scene.folder);
  const Tmpfs tmpfs(scene.folder, "size=64k,mode=0750");
  if (!tmpfs.mounted()) return;
  const std::string before(20000, 'a');
  const std::string after(20000, 'b');
  scene.aws().put("files/full", before);
  scene.add("full", "secret = \"files/full\"\nrefresh_seconds = 1");
  scene.wait_for("full", before);
  CHECK_FALSE(contains(scene.agent().log(), "is on a disk"));
  std::ofstream(scene.folder / "filler") << std::string(1 << 20, 'f');
  scene.aws().put("files/full", after);
  CHECK(scene.agent().logs("No space left on device"));
  CHECK(scene.read("full") == before);
  CHECK(std::distance(fs::directory_iterator(scene.folder), {}) == 2);
  fs::remove(scene.folder / "filler");
  scene.wait_for("full", after);
  CHECK(count_of(scene.agent().log(), "No space left on device") == 1);
}

TEST_CASE("a folder that is read-only is refused at the start") {
  const TempFolder base;
  const fs::path folder = base.path() / "secrets";
  fs::create_directory(folder);
  Tmpfs tmpfs(folder, "size=64k,mode=0750");
  if (!tmpfs.mounted() || !tmpfs.make_read_only()) return;
  const std::string config = entry(folder / "file", "secret = \"files/any\"");
  const std::string expected = "agent.toml:1: files: " + folder.string() + "/ is read-only";
  CHECK(contains(refusal(config), ":1: files: " + folder.string() + "/ is read-only"));
  CHECK(contains(refusal(config, {"--check-config"}), ":1: files: " + folder.string() + "/ is read-only"));
}

TEST_CASE("a path that is itself a mount is refused at the start, with its line") {
  if (!is_root()) return;
  const TempFolder base;
  const fs::path file = base.write("mounted", "old");
  if (mount(file.c_str(), file.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    MESSAGE("skipped: a file cannot be mounted");
    return;
  }
  const std::string config = "\n" + entry(file, "secret = \"files/any\"");
  const std::string errors = refusal(config);
  const std::string checked = refusal(config, {"--check-config"});
  umount2(file.c_str(), MNT_DETACH);
  CHECK(contains(errors, ":2: files: " + file.string() + " is a mount, which no file can take the place of"));
  CHECK(contains(checked, ":2: files: " + file.string() + " is a mount"));
  CHECK(read_file(file) == "old");
}

TEST_CASE("places and templates that cannot work are refused at the start, with their line") {
  const TempFolder base;
  const fs::path file = base.path() / "secrets" / "file";
  const std::string secret = "secret = \"files/any\"";
  CHECK(contains(refusal(entry("relative", secret)), ":2: files: path = \"relative\" is not allowed"));
  CHECK(contains(refusal(entry(file, secret) + entry(file, secret)), ":4: files: a second file with the path"));
  CHECK(contains(refusal(entry(base.path() / "no" / "such" / "file", secret)),
                 "only the last folder of the path is made"));
  CHECK(contains(refusal(entry(base.path(), secret)), ":1: files: " + base.path().string()));
  CHECK(contains(refusal(entry(file, "template = \"/no/such/template\"")), ":1: files: "));
  const fs::path source = base.write("half", "{{secret:files/any");
  CHECK(contains(refusal(entry(file, "template = \"" + source.string() + "\"")),
                 ":1: files: template " + source.string() + ": a {{secret: is not closed by }}"));
  CHECK_FALSE(fs::exists(file.parent_path()));
}

TEST_CASE("--check-config shows the files and makes nothing, and --online tries their secrets") {
  AgentWithAws scene;
  scene.aws.put("files/online", "file-online-value");
  const TempFolder base;
  AgentSettings settings;
  for (const auto& [name, value] : scene.aws.environment()) settings.environment.emplace(name, value);
  settings.config = entry(base.path() / "secrets" / "file", "secret = \"files/online\"\nrefresh_seconds = 60");
  settings.arguments = {"--check-config", "--online"};
  const Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.output, "[[capabilities.secrets_manager.files]]\npath = \""));
  CHECK(contains(outcome.output, "refresh_seconds = 60\n"));
  CHECK(contains(outcome.output, "files/online  yes"));
  CHECK_FALSE(fs::exists(base.path() / "secrets"));
}

}  // namespace sma::integration
