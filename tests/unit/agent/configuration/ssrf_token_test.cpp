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
  return found.ok() ? std::string(found->view()) : "fault: " + found.fault().message;
}

void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

TEST_CASE("the token is the first variable's that is set") {
  CHECK(token({{"AWS_TOKEN", "one"}, {"AWS_SESSION_TOKEN", "two"}}) == "one");
  CHECK(token({{"AWS_TOKEN", " "}, {"AWS_SESSION_TOKEN", "two"}}) == "two");
  CHECK(token({{"OTHER", "x"}}) ==
        "fault: Could not read SSRF token variable(s) AWS_TOKEN, AWS_SESSION_TOKEN: none of them is set");
}

TEST_CASE("a token file is read without the white space around its content") {
  const Folder folder;
  const std::string path = folder / "token";
  write(path, " \ta token\r\n\n");
  CHECK(token({{"AWS_TOKEN", "file://" + path}}) == "a token");
  CHECK(*ssrf_token_folder(kNames, Environment(Variables{{"AWS_TOKEN", "file://" + path}})) + "/token" == path);
  CHECK_FALSE(ssrf_token_folder(kNames, Environment(Variables{{"AWS_TOKEN", "x"}})));
}

TEST_CASE("an empty or unreadable token file is a fault that names variables and file") {
  const Folder folder;
  const std::string path = folder / "token";
  CHECK(token({{"AWS_TOKEN", "file://" + path}}).find(path) != std::string::npos);
  CHECK(token({{"AWS_TOKEN", "file://" + path}}).starts_with("fault: Could not read SSRF token variable(s) AWS_TOKEN"));
  write(path, " \n");
  CHECK(token({{"AWS_TOKEN", "file://" + path}}).ends_with("/token is empty"));
  CHECK(token({{"AWS_TOKEN", "file://" + (folder / "")}}).find("folder") != std::string::npos);
  CHECK(token({{"AWS_TOKEN", "file://"}}).ends_with(": file:// names no file"));
  CHECK(token({{"AWS_TOKEN", "file://" + path}, {"AWS_SESSION_TOKEN", "set too"}}).ends_with("/token is empty"));
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

TEST_CASE("no file is made where the token comes from none, or its folder is missing") {
  CountingRandom random;
  CHECK(create_ssrf_token(kNames, Environment(Variables{{"AWS_TOKEN", "x"}}), random, std::nullopt).ok());
  CHECK(create_ssrf_token(kNames, Environment(Variables{}), random, std::nullopt).ok());
  const auto made =
      create_ssrf_token(kNames, Environment(Variables{{"AWS_TOKEN", "file:///nowhere/token"}}), random, std::nullopt);
  REQUIRE_FALSE(made.ok());
  CHECK(made.fault().message.find("/nowhere/token: No such file or directory") != std::string::npos);
  CHECK_FALSE(
      create_ssrf_token(kNames, Environment(Variables{{"AWS_TOKEN", "file:///proc/token"}}), random, std::nullopt)
          .ok());
}

}  // namespace
}  // namespace sma
