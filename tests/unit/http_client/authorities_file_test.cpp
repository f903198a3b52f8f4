#include "http_client/authorities_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>

namespace sma {
namespace {

class OneFile final : public Files {
 public:
  [[nodiscard]] Result<WipedBytes> read(const std::string& path, std::size_t /*limit*/) const override {
    return Fault::internal(path);
  }
  [[nodiscard]] bool exists(const std::string& /*path*/) const override { return state.has_value(); }
  [[nodiscard]] std::optional<FileFacts> facts(const std::string& /*path*/) const override { return state; }

  std::optional<FileFacts> state = FileFacts{.modified = 1, .node = 1, .size = 1};
};

}  // namespace

TEST_CASE("a file that stays as it is keeps its name") {
  OneFile files;
  AuthoritiesFile file(files, "/etc/ca.pem");
  CHECK(file.name() == "/etc/ca.pem");
  CHECK(file.name() == "/etc/ca.pem");
}

TEST_CASE("a file that changes in any way gets another name for the same path") {
  for (const char* path : {"/etc/ca.pem", "certificates/ca.pem"}) {
    OneFile files;
    AuthoritiesFile file(files, path);
    std::set<std::string> names = {file.name()};
    for (const FileFacts& facts :
         {FileFacts{.modified = 2, .node = 1, .size = 1}, FileFacts{.modified = 2, .node = 2, .size = 1},
          FileFacts{.modified = 2, .node = 2, .size = 2}}) {
      files.state = facts;
      const std::string name = file.name();
      CHECK(names.insert(name).second);
      CHECK(std::filesystem::path(name).lexically_normal() == path);
      CHECK(file.name() == name);
    }
  }
}

TEST_CASE("a file that is away for a moment keeps its name") {
  OneFile files;
  AuthoritiesFile file(files, "/ca.pem");
  const std::string name = file.name();
  const auto before = files.state;
  files.state.reset();
  CHECK(file.name() == name);
  files.state = before;
  CHECK(file.name() == name);
}

TEST_CASE("however often a file changes, its name stays of bounded length") {
  OneFile files;
  AuthoritiesFile file(files, "/ca.pem");
  std::string last;
  for (std::int64_t i = 2; i < 500; ++i) {
    files.state->modified = i;
    const std::string name = file.name();
    CHECK(name != last);
    CHECK(name.size() < 200);
    last = name;
  }
}

TEST_CASE("no file has no name") {
  OneFile files;
  AuthoritiesFile file(files, "");
  CHECK(file.name().empty());
  files.state->modified = 2;
  CHECK(file.name().empty());
}

}  // namespace sma
