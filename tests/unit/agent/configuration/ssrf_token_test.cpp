#include "agent/configuration/ssrf_token.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sma {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

const std::vector<std::string> kNames{"AWS_TOKEN", "AWS_SESSION_TOKEN"};

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/ssrf-token-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::string path_;
};

class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

std::string token(const Variables& variables) {
  const auto found = find_ssrf_token(kNames, Environment(variables), SystemFiles());
  return found.ok() ? std::string(found->value.view()) : "fault: " + found.fault().message;
}

void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

TEST_CASE("the token is the first variable's that is set") {
  CHECK(token({{"AWS_TOKEN", "one"}, {"AWS_SESSION_TOKEN", "two"}}) == "one");
  CHECK(token({{"AWS_TOKEN", " "}, {"AWS_SESSION_TOKEN", "two"}}) == "two");
  CHECK(token({{"OTHER", "x"}}) ==
        "fault: Could not read SSRF token variable(s) AWS_TOKEN, AWS_SESSION_TOKEN: none of them is set; set "
        "AWS_TOKEN=file://PATH, and start the agent with --create-token if no other program writes that file");
}

TEST_CASE("a token file is read without the white space around its content") {
  const Folder folder;
  const std::string path = folder / "token";
  write(path, " \ta token\r\n\n");
  CHECK(token({{"AWS_TOKEN", "file://" + path}}) == "a token");
}

TEST_CASE("an empty or unreadable token file is a fault that names variables and file") {
  const Folder folder;
  const std::string path = folder / "token";
  CHECK(token({{"AWS_TOKEN", "file://" + path}}).find(path) != std::string::npos);
  CHECK(token({{"AWS_TOKEN", "file://" + path}})
            .ends_with("; start the agent with --create-token if no other program writes that file"));
  CHECK(token({{"AWS_TOKEN", "file://" + path}}).starts_with("fault: Could not read SSRF token variable(s) AWS_TOKEN"));
  write(path, " \n");
  CHECK(token({{"AWS_TOKEN", "file://" + path}}).ends_with("/token is empty"));
  CHECK(token({{"AWS_TOKEN", "file://" + (folder / "")}}).find("folder") != std::string::npos);
  CHECK(token({{"AWS_TOKEN", "file://"}}).ends_with(": file:// names no file"));
  CHECK(token({{"AWS_TOKEN", "file://" + path}, {"AWS_SESSION_TOKEN", "set too"}}).ends_with("/token is empty"));
}

TEST_CASE("a token that no header field can carry is refused, and is not shown") {
  const Folder folder;
  const std::string path = folder / "token";
  for (const std::string text : {"one\ntwo", "one\r\ntwo", "a\x01z", "a\x7fz"}) {
    CAPTURE(text);
    write(path, text);
    for (const std::string& value : {text, "file://" + path}) {
      const std::string found = token({{"AWS_TOKEN", value}});
      CHECK(found.ends_with(": the token has a control character or several lines, which no header field can carry"));
      CHECK(found.find(text) == std::string::npos);
    }
  }
  write(path, "with\ttab and \xC3\xA9");
  CHECK(token({{"AWS_TOKEN", "file://" + path}}) == "with\ttab and \xC3\xA9");
}

TEST_CASE("a token that is made is random, whole, and readable by owner and group only") {
  const Folder folder;
  const std::string path = folder / "token";
  const Environment environment(Variables{{"AWS_TOKEN", "file://" + path}});
  CountingRandom random;
  const mode_t before = umask(0077);
  CHECK(create_ssrf_token(kNames, environment, random, getgid()).ok());
  umask(before);
  CHECK(token({{"AWS_TOKEN", "file://" + path}}) == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  CHECK(status.st_gid == getgid());
  CHECK(folder.files() == 1);
}

TEST_CASE("a token file that is there stays as it is") {
  const Folder folder;
  const std::string path = folder / "token";
  write(path, "old");
  CountingRandom random;
  CHECK(create_ssrf_token(kNames, Environment(Variables{{"AWS_TOKEN", "file://" + path}}), random, std::nullopt).ok());
  CHECK(token({{"AWS_TOKEN", "file://" + path}}) == "old");
}

TEST_CASE("of two that make the file at once both end with the token of one") {
  const Folder folder;
  const std::string path = folder / "with space";
  const Environment environment(Variables{{"AWS_TOKEN", "file://" + path}});
  // Between the look at the file and the link that makes it, another agent makes it.
  class Interrupted final : public Random {
   public:
    explicit Interrupted(const std::string& path) : path_(path) {}
    void fill(std::span<std::uint8_t> bytes) override {
      std::fill(bytes.begin(), bytes.end(), std::uint8_t{7});
      write(path_, "the other's");
    }

   private:
    const std::string& path_;
  } random(path);
  CHECK(create_ssrf_token(kNames, environment, random, std::nullopt).ok());
  CHECK(token({{"AWS_TOKEN", "file://" + path}}) == "the other's");
  CHECK(folder.files() == 1);
}

TEST_CASE("to make a token in no file is a fault that does not show the value") {
  CountingRandom random;
  const auto create = [&](const Variables& variables) {
    const auto created = create_ssrf_token(kNames, Environment(variables), random, std::nullopt);
    return created.ok() ? "" : created.fault().message;
  };
  CHECK(
      create({{"AWS_SESSION_TOKEN", "a token 0123456789"}}) ==
      "Could not read SSRF token variable(s) AWS_TOKEN, AWS_SESSION_TOKEN: with --create-token AWS_SESSION_TOKEN must "
      "be file://PATH");
  CHECK(create({{"AWS_TOKEN", "/no/such/file/0123456789"}}).ends_with("AWS_TOKEN must be file://PATH"));
  CHECK(create({}).find("none of them is set; set AWS_TOKEN=file://PATH") != std::string::npos);
  CHECK(create({{"AWS_TOKEN", "file://"}}).ends_with("file:// names no file"));
  CHECK(create({{"AWS_TOKEN", "file:/run/token"}}).ends_with("write file:///run/token"));
}

TEST_CASE("a value that names a file in another form is refused, with the right form") {
  const Folder folder;
  const std::string path = folder / "token";
  write(path, "the-token-of-the-file");
  const std::string right = "write file://" + path;
  const std::string relative = std::filesystem::relative(path).string();
  for (const std::string& wrong : {path, "file:" + path, "FILE://" + path, "File:" + path, "FILE:/" + path,
                                   "\"file://" + path + "\"", "'" + path + "'", "  " + path + " "}) {
    CAPTURE(wrong);
    CHECK(token({{"AWS_TOKEN", wrong}}).ends_with("AWS_TOKEN names a file in a form that is not known: " + right));
  }
  CHECK(token({{"AWS_TOKEN", relative}}).ends_with("write file://" + relative));
  CHECK(token({{"AWS_TOKEN", folder / ""}}).find("in a form that is not known") != std::string::npos);
  CHECK(token({{"AWS_TOKEN", "~/token"}}).ends_with("write file:///PATH, with the whole path"));
  CHECK(token({{"AWS_TOKEN", "file:~/token"}}).ends_with("write file:///PATH, with the whole path"));
  CHECK(token({{"AWS_TOKEN", "file:"}}).ends_with("write file:///PATH"));
  CHECK(token({{"AWS_TOKEN", "file:token"}}).ends_with("write file://token"));
  CHECK(token({{"AWS_SESSION_TOKEN", path}}).find("AWS_SESSION_TOKEN names a file") != std::string::npos);
}

TEST_CASE("a token that is short, or begins with a slash and is no file, is used with a warning") {
  const Folder folder;
  const auto warnings = [](const std::string& value) {
    const auto found = find_ssrf_token(kNames, Environment(Variables{{"AWS_TOKEN", value}}), SystemFiles());
    REQUIRE(found.ok());
    std::string all;
    for (const std::string& warning : found->warnings) all += warning + "\n";
    return all;
  };
  CHECK(warnings("0123456789abcde") ==
        "the SSRF token in AWS_TOKEN has fewer than 16 characters: it is easy to guess\n");
  CHECK(warnings("0123456789abcdef").empty());
  CHECK(warnings("abc/def+0123456789==").empty());
  CHECK(warnings("/abc/def+0123456789==") ==
        "the SSRF token in AWS_TOKEN begins with a slash: if it is the path of a file, write file:///PATH\n");
  const std::string path = folder / "token";
  write(path, "/short\n");
  CHECK(warnings("file://" + path) ==
        "the SSRF token in " + path + " has fewer than 16 characters: it is easy to guess\n");
}

TEST_CASE("no file is made if its folder is missing") {
  CountingRandom random;
  const auto made =
      create_ssrf_token(kNames, Environment(Variables{{"AWS_TOKEN", "file:///nowhere/token"}}), random, std::nullopt);
  REQUIRE_FALSE(made.ok());
  CHECK(made.fault().message.find("/nowhere/token: /nowhere/ does not exist") != std::string::npos);
  CHECK_FALSE(
      create_ssrf_token(kNames, Environment(Variables{{"AWS_TOKEN", "file:///proc/token"}}), random, std::nullopt)
          .ok());
}

}  // namespace
}  // namespace sma
