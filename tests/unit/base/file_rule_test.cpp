#include "base/file_rule.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file_descriptor.h"
#include "base/files.h"

namespace sma {
namespace {

constexpr uid_t kStranger = 12345;

/// A folder for each kind: `mine` (0700), `shared` (as /tmp), `open` (as an emptyDir of Kubernetes).
struct Folders {
  Folders() {
    char name[] = "/tmp/sma-file-rule-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    root = name;
    for (const auto& [folder, mode] : {std::pair{"mine", 0700U}, {"shared", 01777U}, {"open", 0777U}}) {
      std::filesystem::create_directory(root / folder);
      REQUIRE(chmod((root / folder).c_str(), mode) == 0);
    }
  }
  ~Folders() { std::filesystem::remove_all(root); }
  Folders(const Folders&) = delete;
  Folders& operator=(const Folders&) = delete;

  std::string file(const std::string& name, mode_t mode = 0600) const {
    const std::string path = root / name;
    std::ofstream(path) << "text";
    REQUIRE(chmod(path.c_str(), mode) == 0);
    return path;
  }
  std::string link(const std::string& name, const std::string& target) const {
    const std::string path = root / name;
    REQUIRE(symlink(target.c_str(), path.c_str()) == 0);
    return path;
  }
  std::string operator/(const char* name) const { return root / name; }

  std::filesystem::path root;
};

/// Whether this test may give files away.
bool is_root() {
  if (geteuid() == 0) return true;
  MESSAGE("skipped: only root can give a file to another user");
  return false;
}

void give_away(const std::string& path) { REQUIRE(lchown(path.c_str(), kStranger, kStranger) == 0); }

/// `""`, `"open"` if the file can be replaced, or why it is refused.
std::string verdict(const std::string& path, FileRule rule = FileRule::not_planted) {
  struct stat opened {};
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(file.valid());
  REQUIRE(fstat(file.get(), &opened) == 0);
  const auto place = check_place(path, opened, rule);
  if (!place.ok()) return place.fault().message;
  return place->in_open_folder ? "open" : "";
}

TEST_CASE("a file of our own may be anywhere, and one that everybody can replace is remarked") {
  const Folders folders;
  for (const FileRule rule : {FileRule::not_planted, FileRule::own}) {
    CHECK(verdict(folders.file("mine/a"), rule).empty());
    CHECK(verdict(folders.file("shared/a"), rule).empty());
    CHECK(verdict(folders.file("open/a"), rule) == "open");
  }
  CHECK(verdict(folders.file("mine/wide", 0666)).empty());
}

TEST_CASE("a stranger's file is refused only in a folder that is shared as /tmp is") {
  if (!is_root()) return;
  const Folders folders;
  for (const char* name : {"mine/a", "shared/a", "open/a"}) give_away(folders.file(name));
  CHECK(verdict(folders / "mine/a").empty());
  CHECK(verdict(folders / "open/a") == "open");
  CHECK(verdict(folders / "shared/a") ==
        (folders / "shared/a") + " belongs to user 12345, and everybody can write in its folder");
}

TEST_CASE("a link counts by its own owner, and so does what it leads to") {
  if (!is_root()) return;
  const Folders folders;
  const std::string mine = folders.file("mine/a");
  give_away(folders.file("shared/strange"));
  CHECK(verdict(folders.link("shared/good", mine)).empty());
  CHECK(verdict(folders.link("mine/good", "a")).empty());
  CHECK(verdict(folders.link("mine/up", "../mine/./good")).empty());
  CHECK(verdict(folders.link("mine/leads-out", "../shared/strange")).find("shared/strange belongs to user 12345") !=
        std::string::npos);
  // As a volume of Kubernetes: the file is a link through a link to a folder.
  std::filesystem::create_directory(folders.root / "open/..2026");
  folders.file("open/..2026/token");
  folders.link("open/..data", "..2026");
  CHECK(verdict(folders.link("open/token", "..data/token")).empty());
}

TEST_CASE("a stranger's link or folder on the way is refused in a shared folder") {
  if (!is_root()) return;
  const Folders folders;
  folders.file("mine/a");
  give_away(folders.link("mine/way", "."));
  CHECK(verdict(folders / "mine/way/a").empty());
  std::filesystem::create_directory(folders.root / "shared/folder");
  folders.file("shared/folder/a");
  CHECK(verdict(folders / "shared/folder/a").empty());
  give_away(folders / "shared/folder");
  CHECK(verdict(folders / "shared/folder/a").find("shared/folder belongs to user 12345") != std::string::npos);
  CHECK(verdict(folders / "shared/folder/../../mine/a").find("shared/folder belongs") != std::string::npos);
}

TEST_CASE("a stranger's link is refused in a shared folder even if the kernel follows it") {
  if (!is_root()) return;
  const Folders folders;
  struct stat opened {};
  REQUIRE(stat(folders.file("mine/a").c_str(), &opened) == 0);
  const std::string link = folders.link("shared/link", "../mine/a");
  give_away(link);
  const auto place = check_place(link, opened, FileRule::not_planted);
  REQUIRE_FALSE(place.ok());
  CHECK(place.fault().message.find("shared/link belongs to user 12345") != std::string::npos);
}

TEST_CASE("a second name of a file is refused in a shared folder, and always for a file of our own") {
  const Folders folders;
  const std::string file = folders.file("mine/a");
  REQUIRE(::link(file.c_str(), (folders / "shared/a").c_str()) == 0);
  CHECK(verdict(folders / "mine/a").empty());
  CHECK(verdict(folders / "shared/a") == "it has a second name (a hard link)");
  CHECK(verdict(folders / "mine/a", FileRule::own) == "it has a second name (a hard link)");
}

TEST_CASE("a file of our own is a regular file that others can neither read nor change") {
  const Folders folders;
  for (const mode_t mode : {0644U, 0602U, 0666U, 0604U})
    CHECK(verdict(folders.file("mine/a", mode), FileRule::own).starts_with("others can read or change it"));
  CHECK(verdict(folders.file("mine/a", 0660), FileRule::own).empty());
  REQUIRE(mkfifo((folders / "mine/pipe").c_str(), 0600) == 0);
  CHECK(verdict(folders / "mine/pipe", FileRule::own) == "it is not a regular file");
  CHECK(verdict(folders / "mine", FileRule::own) == "it is not a regular file");
  CHECK(verdict(folders / "mine/pipe").empty());
  if (!is_root()) return;
  give_away(folders / "mine/a");
  CHECK(verdict(folders / "mine/a", FileRule::own) == "it belongs to user 12345");
}

TEST_CASE("a file that is not the one at its path any more is refused") {
  const Folders folders;
  const std::string path = folders.file("mine/a");
  struct stat opened {};
  REQUIRE(stat(path.c_str(), &opened) == 0);
  std::filesystem::rename(folders.file("mine/b"), path);
  auto place = check_place(path, opened, FileRule::not_planted);
  REQUIRE_FALSE(place.ok());
  CHECK(place.fault().message == "it was replaced while it was opened");
  std::filesystem::remove(path);
  place = check_place(path, opened, FileRule::not_planted);
  REQUIRE_FALSE(place.ok());
  CHECK(place.fault().message == "No such file or directory");
}

TEST_CASE("relative paths, pipes named by their descriptor and links in a circle are looked at too") {
  const Folders folders;
  const std::string relative = std::filesystem::relative(folders.file("mine/a"));
  CHECK(verdict(relative).empty());
  CHECK(verdict("./" + relative).empty());
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const FileDescriptor reading(ends[0]);
  const FileDescriptor writing(ends[1]);
  CHECK(verdict("/dev/fd/" + std::to_string(reading.get())).empty());
  CHECK(verdict("/proc/self/fd/" + std::to_string(reading.get())).empty());
  struct stat opened {};
  REQUIRE(stat((folders / "mine/a").c_str(), &opened) == 0);
  folders.link("mine/one", "two");
  const auto place = check_place(folders.link("mine/two", "one"), opened, FileRule::not_planted);
  REQUIRE_FALSE(place.ok());
  CHECK(place.fault().message == "Too many levels of symbolic links");
}

TEST_CASE("the root folder and the working folder are looked at too, by a link as well") {
  const Folders folders;
  for (const std::string& path : {std::string("/"), std::string("."), folders.link("mine/root", "/")}) {
    CAPTURE(path);
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK(check_place(path, status, FileRule::not_planted).ok());
  }
}

TEST_CASE("files are read by the rule, which follows no link for a file of our own") {
  const Folders folders;
  const SystemFiles files;
  const std::string path = folders.file("open/a", 0640);
  const auto read = files.read_checked(path, FileRule::own);
  REQUIRE(read.ok());
  CHECK(read->content.view() == "text");
  CHECK(read->permissions == 0640);
  CHECK(read->in_open_folder);
  const std::string link = folders.link("mine/link", path);
  CHECK(files.read_checked(link, FileRule::not_planted).ok());
  CHECK(files.read_checked(link, FileRule::own).fault().message == "cannot read " + link + ": it is a symbolic link");
  CHECK(files.read_checked(folders.file("mine/wide", 0644), FileRule::own).fault().message.find("others can read") !=
        std::string::npos);
  CHECK(files.read_checked(folders / "mine/wide", FileRule::any).ok());
}

TEST_CASE("what a library reads by its path is looked at as well, a folder too, unless it is not there") {
  const Folders folders;
  const SystemFiles files;
  CHECK(files.check_trusted("").ok());
  CHECK(files.check_trusted(folders / "shared/none").ok());
  CHECK(files.check_trusted(folders.file("shared/a")).ok());
  CHECK(files.check_trusted(folders / "mine").ok());
  CHECK(files.read_trusted(folders / "shared/a")->view() == "text");
  if (!is_root()) return;
  std::filesystem::create_directory(folders.root / "shared/folder");
  for (const char* name : {"shared/a", "shared/folder"}) {
    give_away(folders / name);
    CHECK(files.check_trusted(folders / name).fault().message ==
          "cannot read " + (folders / name) + ": " + (folders / name) +
              " belongs to user 12345, and everybody can write in its folder");
  }
  CHECK_FALSE(files.read_trusted(folders / "shared/a").ok());
}

}  // namespace
}  // namespace sma
