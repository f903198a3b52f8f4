#include "agent/files/file_setup.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/temp_folder.h"

namespace sma {
namespace {

struct Fixture {
  FileSettings file(const char* name) { return {.path = folder / name, .secret = "db", .place = "agent.toml:7"}; }
  /// What ends the start; empty if nothing does.
  std::string prepared(const std::vector<FileSettings>& settings) {
    auto planned = plan_files(settings, {}, {}, SystemFiles());
    if (!planned.ok()) return planned.fault().message;
    plans = std::move(*planned);
    const Result<Done> done = prepare_folders(plans, log);
    return done.ok() ? "" : done.fault().message;
  }

  TempFolder folder;
  LogLines lines;
  Log log{&lines, LogLevel::info};
  std::vector<PlannedFile> plans;
};

TEST_CASE("the folder of a file is made with mode 0750, and known by device and inode number") {
  Fixture fixture;
  CHECK(fixture.prepared({fixture.file("made/file")}).empty());
  struct stat status {};
  REQUIRE(stat((fixture.folder / "made").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0750);
  CHECK(fixture.plans.front().target.folder_node == status.st_ino);
  CHECK(fixture.plans.front().target.folder_device == status.st_dev);
  CHECK(std::filesystem::is_empty(fixture.folder / "made"));
}

TEST_CASE("looking makes nothing, and says in the same words what making would say") {
  Fixture fixture;
  CHECK(plan_files({fixture.file("made/file")}, {}, {}, SystemFiles()).ok());
  CHECK(std::filesystem::is_empty(fixture.folder.path));
  CHECK(fixture.prepared({fixture.file("no/such/file")}) ==
        "agent.toml:7: files: " + (fixture.folder / "no/") +
            " does not exist; only the last folder of the path is made");
  std::filesystem::create_directory(fixture.folder / "folder");
  CHECK(fixture.prepared({fixture.file("folder")}) ==
        "agent.toml:7: files: " + (fixture.folder / "folder") + " is a folder");
}

TEST_CASE("a folder in which everybody can write is refused if its sticky bit is set") {
  Fixture fixture;
  REQUIRE(chmod(fixture.folder.path.c_str(), 01777) == 0);
  CHECK(fixture.prepared({fixture.file("file")}).find("everybody can write in") != std::string::npos);
  REQUIRE(chmod(fixture.folder.path.c_str(), 0777) == 0);
  CHECK(fixture.prepared({fixture.file("file")}).empty());
}

TEST_CASE("what a killed agent left is removed, once for each folder, and nothing else") {
  Fixture fixture;
  for (const char* name : {".secrets-manager-agent-00112233445566aa", ".hidden", "file"})
    std::ofstream(fixture.folder / name) << "content";
  CHECK(fixture.prepared({fixture.file("file"), fixture.file("other")}).empty());
  CHECK(fixture.lines.count("an incomplete file of an agent that was killed is removed") == 1);
  CHECK(std::filesystem::exists(fixture.folder / ".hidden"));
  CHECK(std::filesystem::exists(fixture.folder / "file"));
  CHECK_FALSE(std::filesystem::exists(fixture.folder / ".secrets-manager-agent-00112233445566aa"));
}

TEST_CASE("an agent that is killed between its first byte and the rename leaves nothing after the next start") {
  Fixture fixture;
  std::ofstream(fixture.folder / "file") << "old";
  const pid_t writer = fork();
  if (writer == 0) {
    // The kernel kills it at the ninth byte.
    constexpr rlimit eight_bytes{8, 8};
    signal(SIGXFSZ, SIG_DFL);
    if (setrlimit(RLIMIT_FSIZE, &eight_bytes) != 0) _exit(1);
    SystemRandom random;
    _exit(write_file({.path = fixture.folder / "file"}, "a new and longer secret", random).ok() ? 2 : 3);
  }
  int status = 0;
  REQUIRE(waitpid(writer, &status, 0) == writer);
  REQUIRE(WIFSIGNALED(status));
  const auto names = [&] {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(fixture.folder.path))
      found.insert(entry.path().filename());
    return found;
  };
  CHECK(names().size() == 2);
  CHECK(fixture.prepared({fixture.file("file")}).empty());
  CHECK(names() == std::set<std::string>{"file"});
  std::string content;
  std::getline(std::ifstream(fixture.folder / "file"), content);
  CHECK(content == "old");
}

TEST_CASE("a file has the group of its own, or that of all") {
  Fixture fixture;
  FileSettings own = fixture.file("own");
  own.group = getegid();
  const auto planned = plan_files({own}, {}, gid_t{4321}, SystemFiles());
  REQUIRE(planned.ok());
  CHECK(planned->front().target.group == getegid());
}

TEST_CASE("a template is read at the start, and a mistake in it has its place") {
  Fixture fixture;
  FileSettings file = fixture.file("app.conf");
  file.secret.clear();
  file.template_path = fixture.folder / "app.conf.in";
  CHECK(fixture.prepared({file}).starts_with("agent.toml:7: files: "));
  std::ofstream(file.template_path) << "password={{secret:db:password";
  CHECK(fixture.prepared({file}) ==
        "agent.toml:7: files: template " + file.template_path + ": a {{secret: is not closed by }}");
  std::ofstream(file.template_path) << "password={{secret:db:password}}";
  CHECK(fixture.prepared({file}).empty());
  CHECK(fixture.plans.front().content.secrets().size() == 1);
}

TEST_CASE("the folders of files are named once each") {
  CHECK(folders_of({{.path = "/run/b/one"}, {.path = "/run/a/two"}, {.path = "/run/b/three"}}) ==
        std::vector<std::string>{"/run/a/", "/run/b/"});
}

}  // namespace
}  // namespace sma
