#include "agent/reference/secret_text.h"

#include <doctest/doctest.h>

#include <string>

#include "base/json_text.h"

namespace sma {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

Result<PrintableText> output_of(std::string_view answer, std::string_view field = "") {
  return secret_text(WipedBytes(answer), field);
}

std::string text_of(const Result<PrintableText>& output) {
  return output.ok() ? std::string(output->bytes.view()) : "fault: " + output.fault().message;
}

/// The agent's answer with `secret` as its text.
std::string answer_with(std::string_view secret) {
  std::string answer = R"({"ARN":"a","SecretString":)";
  append_json_string(answer, secret);
  return answer + "}";
}

std::string field(std::string_view secret, std::string_view name) {
  return text_of(output_of(answer_with(secret), name));
}

TEST_CASE("a text secret is printed byte for byte") {
  const auto output = output_of(R"({"ARN":"a","SecretString":"p\u00e4ss\"\\\n\u0000x","CreatedDate":"1"})");
  REQUIRE(output.ok());
  CHECK(output->bytes.view() == std::string_view("p\xC3\xA4ss\"\\\n\0x", 10));
  CHECK_FALSE(output->surrogate_replaced);
}

TEST_CASE("a binary secret is decoded") {
  CHECK(text_of(output_of(R"({"SecretBinary":"AP9hYg=="})")) == std::string("\0\xFF"
                                                                            "ab",
                                                                            4));
  CHECK(text_of(output_of(R"({"SecretBinary":""})")).empty());
}

TEST_CASE("an answer without a secret is a fault that quotes nothing of it") {
  for (const char* answer : {R"({"ARN":"arn"})", "no json", "", R"(["SecretString"])", R"({"SecretString":5})",
                             R"({"SecretString":null})", R"({"SecretBinary":"A_"})", R"({"a":{"SecretString":"b"}})"}) {
    CAPTURE(answer);
    CHECK(text_of(output_of(answer)) == "fault: the answer holds no secret");
  }
}

TEST_CASE("a binary secret has no fields, also if its bytes are JSON") {
  CHECK(text_of(output_of(R"({"SecretBinary":"eyJhIjoiYiJ9"})", "a")) ==
        "fault: the secret is binary, so it has no fields");
}

TEST_CASE("the fields of a text secret; a binary one and an answer without a secret have none") {
  const auto fields = secret_fields(WipedBytes(answer_with(R"({"a":1,"b":"x"})")), "");
  REQUIRE(fields.ok());
  REQUIRE(fields->size() == 2);
  CHECK((*fields)[1].key == "b");
  CHECK(secret_fields(WipedBytes(R"({"SecretBinary":"eyJhIjoiYiJ9"})"), "").fault().message ==
        "the secret is binary, so it has no fields");
  CHECK(secret_fields(WipedBytes(R"({"ARN":"a"})"), "").fault().message == "the answer holds no secret");
}

TEST_CASE("a field may hold NUL, JSON, or much") {
  CHECK(field(R"({"a":"x\u0000y"})", "a") == std::string("x\0y", 3));
  CHECK(field(R"({"a":"{\"a\":\"inner\"}"})", "a") == R"({"a":"inner"})");
  const std::string large(std::size_t{8} << 20, 'x');
  CHECK(field(R"({"b":"\ud800","a":")" + large + R"("})", "a") == large);
}

TEST_CASE("a lone surrogate in a text secret is printed as U+FFFD, and reported") {
  struct Row {
    const char* secret;  // as the agent's answer writes it
    std::string printed;
  };
  const std::string r = kReplacement;
  const Row rows[] = {{R"(\ud800)", r},
                      {R"(a\uDBFFb)", "a" + r + "b"},
                      {R"(\udc00)", r},
                      {R"(\udfff\ud800)", r + r},
                      {R"(\ud800\ud83d\ude00)", r + "\xF0\x9F\x98\x80"},
                      {R"(\ud800\\udc00)", r + "\\udc00"},
                      {R"(\ud800\u0000)", r + std::string(1, '\0')}};
  for (const Row& row : rows) {
    CAPTURE(row.secret);
    const auto output = output_of(std::string(R"({"SecretString":")") + row.secret + R"("})");
    CHECK(text_of(output) == row.printed);
    CHECK((output.ok() && output->surrogate_replaced));
  }
}

TEST_CASE("what only looks like a lone surrogate is printed as it is") {
  const auto pair = output_of(R"({"SecretString":"\ud83d\ude00 \ud7ff \ue000"})");
  CHECK(text_of(pair) == "\xF0\x9F\x98\x80 \xED\x9F\xBF \xEE\x80\x80");
  CHECK((pair.ok() && !pair->surrogate_replaced));
  const auto escaped = output_of(answer_with(R"({"a":"\ud800"})"));
  CHECK(text_of(escaped) == R"({"a":"\ud800"})");
  CHECK((escaped.ok() && !escaped->surrogate_replaced));
  const auto binary = output_of(R"({"SecretBinary":"7aCA"})");  // ED A0 80
  CHECK(text_of(binary) == "\xED\xA0\x80");
  CHECK((binary.ok() && !binary->surrogate_replaced));
}

TEST_CASE("a lone surrogate elsewhere does not disturb the field that is asked for") {
  for (const char* secret :
       {R"({"k":"v","other":"\ud800"})", R"({"other":"\udc00","k":"v"})", R"({"\ud800":1,"k":"v"})",
        R"({"k":"v","o":{"\udfff":["\ud800"]}})", "{\"k\":\"v\",\"other\":\"\xED\xA0\x80\"}"}) {
    CAPTURE(secret);
    const auto output = output_of(answer_with(secret), "k");
    CHECK(text_of(output) == "v");
    CHECK((output.ok() && !output->surrogate_replaced));
  }
}

TEST_CASE("a lone surrogate in the field that is asked for is printed as U+FFFD, or as an escape in JSON") {
  const auto text = output_of(answer_with(R"({"k":"a\ud800b"})"), "k");
  CHECK(text_of(text) == std::string("a") + kReplacement + "b");
  CHECK((text.ok() && text->surrogate_replaced));
  const auto json = output_of(answer_with(R"({"k":{"\ud800":"\udc00"}})"), "k");
  CHECK(text_of(json) == R"({"\ud800":"\udc00"})");
  CHECK((json.ok() && !json->surrogate_replaced));
}

}  // namespace
}  // namespace sma
