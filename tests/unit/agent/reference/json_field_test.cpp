#include "agent/reference/json_field.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

std::string field(std::string_view secret, std::string_view path) {
  const auto found = json_field(WipedBytes(secret), path);
  return found.ok() ? std::string(found->bytes.view()) : "fault: " + found.fault().message;
}

TEST_CASE("strings as they are, numbers as written, words, and objects and arrays as compact JSON") {
  const std::string_view secret =
      R"({"user":"u\n","port":5.40e3,"on":true,"off":false,"o":{"user":"x","n":null,"l":[1,{"a":"b\"\u0000"}]},
          "l":[ 1 , 2 ],"e":[{},[],""],"empty":""})";
  CHECK(field(secret, "user") == "u\n");
  CHECK(field(secret, "port") == "5.40e3");
  CHECK(field(secret, "on") == "true");
  CHECK(field(secret, "off") == "false");
  CHECK(field(secret, "o") == R"({"user":"x","n":null,"l":[1,{"a":"b\"\u0000"}]})");
  CHECK(field(secret, "l") == "[1,2]");
  CHECK(field(secret, "e") == R"([{},[],""])");
  CHECK(field(secret, "empty").empty());
}

TEST_CASE("the exact key comes before a path by dots") {
  CHECK(field(R"({"spring.datasource.password":"exact","spring":{"datasource":{"password":"path"}}})",
              "spring.datasource.password") == "exact");
  CHECK(field(R"({"spring":{"datasource":{"password":"path"}}})", "spring.datasource.password") == "path");
  for (const char* key : {".", "..", "a.", ".a", "a..b", "0"}) {
    CAPTURE(key);
    CHECK(field(std::string(R"({")") + key + R"(":"exact"})", key) == "exact");
  }
}

TEST_CASE("digits count the elements of an array, and are a key of an object") {
  const std::string_view secret = R"({"hosts":[{"name":"a"},{"name":"b","ports":[1,[2,3]]}],"0":{"1":"key"}})";
  CHECK(field(secret, "hosts.0.name") == "a");
  CHECK(field(secret, "hosts.1.ports.1.0") == "2");
  CHECK(field(secret, "hosts.1.ports.1") == "[2,3]");
  CHECK(field(secret, "0.1") == "key");
}

TEST_CASE("of equal keys the last one counts, on every level") {
  CHECK(field(R"({"a":1,"a":"second"})", "a") == "second");
  CHECK(field(R"({"a":"\ud800","a":"second"})", "a") == "second");
  CHECK(field(R"({"a":{"b":1},"a":{"b":2,"b":3}})", "a.b") == "3");
  CHECK(field(R"({"a":{"b":1},"a":{"c":2}})", "a.b") ==
        "fault: the secret has no field a.b: the object a has no key b");
}

TEST_CASE("each refusal names the path and its reason, and no value") {
  struct Row {
    const char* secret;
    const char* path;
    const char* fault;
  };
  const Row rows[] = {
      {"hunter2", "a", "the secret is no JSON object, so it has no field a"},
      {"", "a", "the secret is no JSON object, so it has no field a"},
      {R"({"a":"hunter2")", "a", "the secret is no JSON object, so it has no field a"},
      {R"(["hunter2"])", "0", "the secret is no JSON object, so it has no field 0"},
      {R"("hunter2")", "a", "the secret is no JSON object, so it has no field a"},
      {"null", "a", "the secret is no JSON object, so it has no field a"},
      {R"({"b":"hunter2"})", "a", "the secret has no field a"},
      {R"({"A":"hunter2"})", "a", "the secret has no field a"},
      {R"({"b":{"a":"hunter2"}})", "a", "the secret has no field a"},
      {R"({"b":"hunter2"})", "a.b", "the secret has no field a.b"},
      {R"({"a":{"c":"hunter2"}})", "a.b", "the secret has no field a.b: the object a has no key b"},
      {R"({"a":"hunter2"})", "a.b", "the secret has no field a.b: a is neither an object nor an array"},
      {R"({"a":"hunter2"})", "a.0", "the secret has no field a.0: a is neither an object nor an array"},
      {R"({"a":1234})", "a.0", "the secret has no field a.0: a is neither an object nor an array"},
      {R"({"a":["hunter2"]})", "a.b", "the secret has no field a.b: a is an array, which takes a number"},
      {R"({"a":["hunter2"]})", "a.-1", "the secret has no field a.-1: a is an array, which takes a number"},
      {R"({"a":["hunter2"]})", "a.1", "the secret has no field a.1: the array a has fewer elements"},
      {R"({"a":[]})", "a.0", "the secret has no field a.0: the array a has fewer elements"},
      {R"({"a":["hunter2"]})", "a.99999999999999999999999",
       "the secret has no field a.99999999999999999999999: the array a has fewer elements"},
      {R"({"a":null})", "a", "the field a of the secret is null"},
      {R"({"a":null})", "a.b", "the field a of the secret is null"},
      {R"({"a":{"b":[null]}})", "a.b.0", "the field a.b.0 of the secret is null"},
      {R"({"a":null,"b":{}})", "b.a", "the secret has no field b.a: the object b has no key a"},
      {R"({"a":{"b":"hunter2"}})", "a..b", "the secret has no field a..b: a part between its dots is empty"},
      {R"({"a":{"b":"hunter2"}})", ".a", "the secret has no field .a: a part between its dots is empty"},
      {R"({"a":{"b":"hunter2"}})", "a.", "the secret has no field a.: a part between its dots is empty"},
      {R"({"a":{"":"hunter2"}})", "a.", "the secret has no field a.: a part between its dots is empty"},
      {R"({"a":"hunter2"})", "x\n\"y", "the secret has no field x\\x0a\\\"y"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.secret);
    CAPTURE(row.path);
    CHECK(field(row.secret, row.path) == std::string("fault: ") + row.fault);
  }
}

/// KEY=TEXT of each field, separated by spaces.
std::string fields(std::string_view secret, std::string_view path = "") {
  const auto found = json_fields(WipedBytes(secret), path);
  if (!found.ok()) return "fault: " + found.fault().message;
  std::string shown;
  for (const JsonField& one : *found)
    shown += one.key + "=" + (one.text ? std::string(one.text->bytes.view()) : "(null)") + " ";
  return shown;
}

TEST_CASE("all fields of an object, in their order, each key once with its last value") {
  CHECK(fields(R"({"b":"x","a":5.0,"o":{"c":[1]},"n":null,"b":"y","n":true})") == "b=y a=5.0 o={\"c\":[1]} n=true ");
  CHECK(fields(R"({"a":null})") == "a=(null) ");
  CHECK(fields(R"({"o":{"c":[{"x":1}]}})", "o.c.0") == "x=1 ");
  CHECK(fields("{}").empty());
}

TEST_CASE("what is no object has no fields") {
  CHECK(fields("hunter2") == "fault: the secret is no JSON object");
  CHECK(fields("[1]") == "fault: the secret is no JSON object");
  CHECK(fields(R"({"a":"hunter2"})", "a") == "fault: the field a of the secret is no JSON object");
  CHECK(fields(R"({"a":[1]})", "a") == "fault: the field a of the secret is no JSON object");
  CHECK(fields(R"({"a":1})", "b") == "fault: the secret has no field b");
  CHECK(fields("5", "b") == "fault: the secret is no JSON object, so it has no field b");
}

TEST_CASE("a path of any length, and a key of any size, do no harm") {
  const std::string dots(100'000, '.');
  CHECK(field(R"({"a":"x"})", dots).starts_with("fault: the secret has no field ..."));
  CHECK(field("{\"" + dots + "\":\"x\"}", dots) == "x");
}

}  // namespace
}  // namespace sma
