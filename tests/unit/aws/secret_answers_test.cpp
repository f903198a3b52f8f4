#include "aws/secret_answers.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

std::string rendered(std::string_view body) {
  const auto secret = read_secret_value(WipedBytes(body));
  return secret.ok() ? std::string(secret->answer.view()) : secret.fault().code;
}

/// What a client gets for a `SecretString` that AWS sent as `json`, without the quotes.
std::string rendered_string(std::string_view json) {
  const std::string answer = rendered("{\"SecretString\":\"" + std::string(json) + "\"}");
  constexpr std::string_view kHead = R"({"ARN":null,"Name":null,"VersionId":null,"SecretString":")";
  constexpr std::string_view kTail = R"(","CreatedDate":null})";
  REQUIRE(answer.starts_with(kHead));
  REQUIRE(answer.ends_with(kTail));
  return answer.substr(kHead.size(), answer.size() - kHead.size() - kTail.size());
}

}  // namespace

TEST_CASE("a secret is rendered compactly, in the order clients expect") {
  const auto secret = read_secret_value(
      WipedBytes(R"({ "CreatedDate": 1.523477145713E9, "VersionStages": ["AWSCURRENT", "x"], "SecretString": "s",
                      "Unknown": {"SecretString": [1]}, "VersionId": "v", "Name": "n", "ARN": "arn:aws:secretsmanager:x" })"));
  REQUIRE(secret.ok());
  CHECK(secret->answer.view() == R"({"ARN":"arn:aws:secretsmanager:x","Name":"n","VersionId":"v","SecretString":"s",)"
                                 R"("VersionStages":["AWSCURRENT","x"],"CreatedDate":"1523477145.713"})");
  CHECK(secret->arn == "arn:aws:secretsmanager:x");
  CHECK(secret->name == "n");
  CHECK(secret->version_id == "v");
}

TEST_CASE("a binary secret stays base64") {
  CHECK(rendered(
            R"({"ARN":"a","Name":"n","VersionId":"v","SecretBinary":"AP\/+==","VersionStages":[],"CreatedDate":1})") ==
        R"({"ARN":"a","Name":"n","VersionId":"v","SecretBinary":"AP/+==","VersionStages":[],"CreatedDate":"1"})");
}

TEST_CASE("ARN, Name, VersionId and CreatedDate are null if AWS sent none, the others are left out") {
  const std::string expected = R"({"ARN":null,"Name":null,"VersionId":null,"SecretString":"s","CreatedDate":null})";
  CHECK(rendered(R"({"SecretString":"s"})") == expected);
  CHECK(rendered(R"({"ARN":null,"SecretString":"s","SecretBinary":null,"VersionStages":null,"CreatedDate":null})") ==
        expected);
}

TEST_CASE("an answer with neither SecretString nor SecretBinary, or with both, is none, in a batch too") {
  for (const char* wrong :
       {R"({})", R"({"status":"login required"})", R"({"__type":"InternalServiceError"})",
        R"({"ARN":"a","Name":"n","VersionId":"v"})", R"({"Name":"n","SecretString":null})",
        R"({"SecretString":null,"SecretBinary":null})", R"({"secretString":"s"})",
        R"({"Name":"n","SecretString":"s","SecretBinary":"AA=="})", R"({"Secret":{"SecretString":"s"}})"}) {
    CAPTURE(wrong);
    const auto secret = read_secret_value(WipedBytes(wrong));
    REQUIRE_FALSE(secret.ok());
    CHECK(secret.fault().is_transient());
    const std::string batch = R"({"SecretValues":[{"Name":"m","SecretString":"s"},)" + std::string(wrong) + "]}";
    const auto values = read_batch(WipedBytes(batch));
    REQUIRE_FALSE(values.ok());
    CHECK(values.fault().is_transient());
  }
  CHECK(rendered(R"({"SecretString":null,"SecretBinary":"AA=="})") ==
        R"({"ARN":null,"Name":null,"VersionId":null,"SecretBinary":"AA==","CreatedDate":null})");
}

TEST_CASE("an empty secret is a secret") { CHECK(rendered_string("").empty()); }

TEST_CASE("escapes have the form that Rust's serde_json writes") {
  CHECK(rendered_string(R"(\"\\\/\b\f\n\r\t\u0000\u001F\u007f\u00e9\u20ac\ud83d\udd11)") ==
        "\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7F\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x91");
}

TEST_CASE("lone surrogates survive") { CHECK(rendered_string(R"(a\ud800b\uDFFF\udbff)") == R"(a\ud800b\udfff\udbff)"); }

TEST_CASE("every character of Unicode arrives as it was sent, escaped or not") {
  const auto utf8 = [](std::uint32_t code) {
    std::string text;
    const auto put = [&](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6), put(0x80 | (code & 63));
    } else if (code < 0x10000) {
      put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
    } else {
      put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 63)), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
    }
    return text;
  };
  const auto escaped = [](std::uint32_t code) {
    char text[16];
    if (code < 0x10000) {
      std::snprintf(text, sizeof text, "\\u%04x", code);
    } else {
      std::snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + (code & 0x3FF));
    }
    return std::string(text);
  };
  std::string plain;
  std::string all_escaped;
  for (std::uint32_t code = 0x80; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    plain += utf8(code);
    all_escaped += escaped(code);
  }
  // Not CHECK(a == b): a failure would print megabytes.
  const bool plain_arrives = rendered_string(plain) == plain;
  const bool escaped_arrives = rendered_string(all_escaped) == plain;
  CHECK(plain_arrives);
  CHECK(escaped_arrives);
}

TEST_CASE("large secrets arrive whole") {
  for (const std::size_t size : {65'536U, 1'000'000U}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>('!' + 5 + i % 50));
    std::erase(text, '\\');
    const bool arrives = rendered_string(text) == text;
    CHECK(arrives);
  }
}

TEST_CASE("an answer that cannot be read may pass, and nothing of it is quoted") {
  for (const char* wrong :
       {"", "hunter2", "[\"hunter2\"]", "\"hunter2\"", "{\"SecretString\":\"hunter2", "{\"SecretString\":1}",
        "{\"SecretString\":[\"hunter2\"]}", "{\"SecretBinary\":{}}", "{\"ARN\":true}", "{\"VersionStages\":{}}",
        "{\"VersionStages\":[1]}", "{\"VersionStages\":[null]}", "{\"CreatedDate\":\"1\"}", "{\"CreatedDate\":1e99}",
        "{\"SecretString\":\"hunter2\"} x"}) {
    const auto secret = read_secret_value(WipedBytes(wrong));
    REQUIRE_FALSE(secret.ok());
    CHECK(secret.fault().code == "ConnectionError");
    CHECK(secret.fault().http_status == 502);
    CHECK(secret.fault().is_transient());
    CHECK(secret.fault().message.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a description tells the versions and their stages") {
  const auto description = read_description(WipedBytes(
      R"({"ARN":"a","Tags":[{"Key":"k"}],"VersionIdsToStages":{"v1":["AWSPREVIOUS"],"v2":["AWSCURRENT","x"],"v3":[]}})"));
  REQUIRE(description.ok());
  REQUIRE(description->versions.size() == 3);
  CHECK(description->versions[0].version_id == "v1");
  CHECK(description->versions[1].stages == std::vector<std::string>{"AWSCURRENT", "x"});
  CHECK(description->versions[2].stages.empty());
  CHECK_FALSE(description->deleted);
  CHECK(read_description(WipedBytes("{}"))->versions.empty());
  CHECK(read_description(WipedBytes(R"({"DeletedDate":1.6E9})"))->deleted);
  CHECK_FALSE(read_description(WipedBytes(R"({"DeletedDate":null})"))->deleted);
  for (const char* wrong :
       {"", "[]", "{\"DeletedDate\":\"now\"}", "{\"VersionIdsToStages\":[]}", "{\"VersionIdsToStages\":{\"v\":1}}",
        "{\"VersionIdsToStages\":{\"v\":null}}", "{\"VersionIdsToStages\":{\"v\":[1]}}"})
    CHECK(read_description(WipedBytes(wrong)).fault().code == "ConnectionError");
}

TEST_CASE("a batch holds secrets, failures by name, and the next page's token") {
  const auto batch = read_batch(WipedBytes(
      R"({"SecretValues":[{"ARN":"a1","Name":"n1","SecretString":"s1"},{"ARN":"a2","Name":"n2","SecretBinary":"AA=="}],)"
      R"("Errors":[{"SecretId":"n3","ErrorCode":"ResourceNotFoundException","Message":"gone"}],"NextToken":"t"})"));
  REQUIRE(batch.ok());
  REQUIRE(batch->values.size() == 2);
  CHECK(batch->values[0].name == "n1");
  CHECK(batch->values[1].answer.view() ==
        R"({"ARN":"a2","Name":"n2","VersionId":null,"SecretBinary":"AA==","CreatedDate":null})");
  REQUIRE(batch->failures.size() == 1);
  CHECK(batch->failures[0].secret_id == "n3");
  CHECK(batch->failures[0].fault.code == "ResourceNotFoundException");
  CHECK(batch->failures[0].fault.message == "gone");
  CHECK(batch->next_token == "t");
}

TEST_CASE("an empty batch is no fault, one of the wrong kinds is") {
  const auto batch = read_batch(WipedBytes("{}"));
  REQUIRE(batch.ok());
  CHECK(batch->values.empty());
  CHECK(batch->next_token.empty());
  for (const char* wrong : {"", "[]", "{\"SecretValues\":{}}", "{\"SecretValues\":[1]}", "{\"SecretValues\":[null]}",
                            "{\"Errors\":[1]}", "{\"Errors\":[{\"SecretId\":1}]}", "{\"NextToken\":1}"})
    CHECK(read_batch(WipedBytes(wrong)).fault().code == "ConnectionError");
}

TEST_CASE("the reason why a batch lacks a secret has 4 KiB at most") {
  const std::string text(10'000, 'm');
  const auto batch = read_batch(
      WipedBytes(R"({"Errors":[{"SecretId":"a","ErrorCode":")" + text + R"(","Message":")" + text + R"("}]})"));
  REQUIRE(batch.ok());
  CHECK(batch->failures.at(0).fault.code == text.substr(0, 4096));
  CHECK(batch->failures.at(0).fault.message == text.substr(0, 4096));
}

TEST_CASE("an answer that is not UTF-8 cannot be read: no secret is served with other bytes than AWS has") {
  for (const char* bytes : {"\x80", "\xFF", "\xC3", "\xED\xA0\x80", "\xC0\xAF"}) {
    const std::string secret = std::string(R"({"Name":"n","SecretString":"a)") + bytes + R"(b"})";
    CHECK_FALSE(read_secret_value(WipedBytes(secret)).ok());
    CHECK_FALSE(read_batch(WipedBytes(R"({"SecretValues":[)" + secret + "]}")).ok());
  }
}

}  // namespace sma
