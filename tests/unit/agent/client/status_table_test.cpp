#include "agent/client/status_table.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

std::string table_of(std::string_view answer) { return status_table(WipedBytes(answer)).value_or("none"); }

TEST_CASE("the status is shown as a table") {
  CHECK(table_of(R"({"version":1,"agent":"1.2.3","uptime_seconds":7300,"region":"eu-central-1",
"endpoints":{"secretsmanager":"https://sm","sts":"https://sts"},
"listening":["http://127.0.0.1:2773","unix:/run/agent.sock"],
"credentials":{"source":"container","identity":"arn:i","expires_in_seconds":3000},
"secrets":[{"id":"my/secret","role_arn":null,"version_id":"v","age_seconds":12,"fresh_for_seconds":288,"uses":1042,"last_error":null},
{"id":"other","role_arn":"arn:r","version_id":"v","age_seconds":400,"fresh_for_seconds":0,"uses":3,"last_error":"TimeoutError"}],
"connections":{"open":3,"limit":800},
"aws_calls":{"ok":5,"throttled":0,"denied":1,"transient":0,"error":0},
"memory":{"anonymous_bytes":1677722,"file_bytes":4194304}})") ==
        "agent            1.2.3, up for 2 h\n"
        "listening on     http://127.0.0.1:2773, unix:/run/agent.sock\n"
        "region           eu-central-1\n"
        "secrets from     https://sm\n"
        "credentials      container, for another 50 min\n"
        "identity         arn:i\n"
        "connections      3 of 800\n"
        "calls to AWS     5 ok, 0 throttled, 1 denied, 0 transient, 0 error\n"
        "memory           1.6 MiB, and 4.0 MiB of the program's file\n"
        "\n"
        "SECRET                                     AGE   FRESH     USES  LAST ERROR\n"
        "my/secret                                 12 s   4 min     1042\n"
        "other                                    6 min expired        3  TimeoutError\n"
        "  as arn:r\n");
}

TEST_CASE("no line has more than 80 columns, and nothing in it changes the terminal") {
  const std::string lengthy(300, 'x');
  const std::string table =
      table_of(R"({"version":1,"region":")" + lengthy + R"(","secrets":[{"id":"\u001b[31m\u00e9)" + lengthy +
               R"(","uses":123456789012345,"last_error":")" + lengthy + R"("}]})");
  CHECK(table.find('\x1b') == std::string::npos);
  for (std::size_t begin = 0; begin < table.size();) {
    const std::size_t end = table.find('\n', begin);
    std::size_t columns = 0;
    for (const char c : table.substr(begin, end - begin)) columns += (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
    CHECK(columns <= 80);
    begin = end + 1;
  }
}

TEST_CASE("an empty cache and missing credentials are said") {
  const std::string table = table_of(R"({"version":1,"secrets":[],"credentials":{"source":null}})");
  CHECK(table.find("No secret is cached.\n") != std::string::npos);
  CHECK(table.find("credentials      none\n") != std::string::npos);
}

TEST_CASE("what is no status of version 1 is none") {
  for (const char* answer : {"", "healthy", "[]", "{}", R"({"version":2})"}) CHECK(table_of(answer) == "none");
}

}  // namespace
}  // namespace sma
