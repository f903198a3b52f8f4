#include "agent/client/secret_output.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

std::string field(std::string_view secret, std::string_view name) {
  const auto value = secret_field(secret, name);
  return value.ok() ? std::string(value->view()) : "fault: " + value.fault().message;
}

TEST_CASE("a text secret is given byte for byte") {
  const auto bytes = secret_bytes(R"({"ARN":"a","SecretString":"p\u00e4ss\"\\\n\u0000x","CreatedDate":"1"})");
  REQUIRE(bytes.ok());
  CHECK(bytes->view() == std::string_view("p\xC3\xA4ss\"\\\n\0x", 10));
}

TEST_CASE("a binary secret is decoded") {
  const auto bytes = secret_bytes(R"({"SecretBinary":"AP9hYg=="})");
  REQUIRE(bytes.ok());
  CHECK(bytes->view() == std::string_view("\0\xFF"
                                          "ab",
                                          4));
}

TEST_CASE("an answer without a secret is a fault that quotes nothing of it") {
  CHECK(secret_bytes(R"({"ARN":"arn"})").fault().message == "the answer holds no secret");
  CHECK_FALSE(secret_bytes("no json").ok());
  CHECK_FALSE(secret_bytes("").ok());
}

TEST_CASE("one field of a JSON secret: strings as they are, other values as compact JSON") {
  const std::string_view secret =
      R"({"user":"u\n","port":5.40e3,"on":true,"none":null,"o":{"user":"x","l":[1,{"a":"b"}]},"l":[ 1 , 2 ]})";
  CHECK(field(secret, "user") == "u\n");
  CHECK(field(secret, "port") == "5.40e3");
  CHECK(field(secret, "on") == "true");
  CHECK(field(secret, "none") == "null");
  CHECK(field(secret, "o") == R"({"user":"x","l":[1,{"a":"b"}]})");
  CHECK(field(secret, "l") == "[1,2]");
  CHECK(field(R"({"a":1,"a":"second"})", "a") == "second");
}

TEST_CASE("a field that is not there, or a secret that is no object, is a fault without the secret") {
  for (const char* secret :
       {R"({"b":"hunter2"})", "hunter2", R"(["a"])", R"([{"a":"hunter2"}])", R"({"b":{"a":1}})", R"({"a":"hunter2")"}) {
    CAPTURE(secret);
    CHECK(field(secret, "a") == "fault: the secret is no JSON object with a field a");
  }
}

}  // namespace
}  // namespace sma
