#include "agent/files/file_template.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace sma {
namespace {

SharedBytes answer(const std::string& text) { return SharedBytes(R"({"SecretString":)" + text + "}"); }

/// The content, or the fault's message.
std::string rendered(const FileTemplate& content, const std::vector<SharedBytes>& answers) {
  const auto made = content.render(answers);
  return made.ok() ? std::string(made->bytes.view()) : made.fault().message;
}

std::string rendered(std::string_view text, const std::vector<SharedBytes>& answers) {
  const auto content = FileTemplate::read(text);
  return content.ok() ? rendered(*content, answers) : content.fault().message;
}

TEST_CASE("a file of one secret is that secret, binary or text, or a field of it") {
  CHECK(rendered(FileTemplate({.secret_id = "db"}), {answer(R"("value\n")")}) == "value\n");
  CHECK(rendered(FileTemplate({.secret_id = "db"}), {SharedBytes(R"({"SecretBinary":"AP8K"})")}) ==
        std::string("\0\xff\n", 3));
  CHECK(rendered(FileTemplate({.secret_id = "db", .json_key = "port"}), {answer(R"("{\"port\":5432}")")}) == "5432");
}

TEST_CASE("in a template each secret is needed once, and its text is not read again") {
  const auto content =
      FileTemplate::read("a={{secret:one:x}} b={{secret:two}} c={{secret:one:y:AWSPREVIOUS}} {{secret:one}}\n");
  REQUIRE(content.ok());
  CHECK(content->secrets() ==
        std::vector<SecretKey>{{"one", "", "", ""}, {"two", "", "", ""}, {"one", "", "AWSPREVIOUS", ""}});
  CHECK(rendered(*content, {answer(R"("{\"x\":1}")"), answer(R"("{{secret:one}}")"), answer(R"("{\"y\":2}")")}) ==
        "a=1 b={{secret:one}} c=2 {\"x\":1}\n");
}

TEST_CASE("a template without a reference, with half of one, or with one that is none is refused") {
  CHECK(rendered("{{nothing}} of ours", {}) == "there is no {{secret:REFERENCE}} in it");
  CHECK(rendered("{{secret:db", {}) == "a {{secret: is not closed by }}");
  CHECK(rendered("{{secret:}}", {}).find("the secret's name is missing") != std::string::npos);
}

TEST_CASE("a field that is missing is told with the name of its secret, and no value") {
  const std::string told =
      rendered(FileTemplate({.secret_id = "db", .json_key = "no"}), {answer(R"("{\"a\":\"value\"}")")});
  CHECK(told == "db: the secret has no field no");
}

TEST_CASE("a lone surrogate is replaced, and that is said") {
  const auto made = FileTemplate({.secret_id = "db"}).render(std::vector{answer(R"("\ud800")")});
  REQUIRE(made.ok());
  CHECK(made->surrogate_replaced);
}

}  // namespace
}  // namespace sma
