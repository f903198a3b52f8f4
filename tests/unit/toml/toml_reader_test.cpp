#include "toml/toml_reader.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

namespace sma {
namespace {

TomlTable read(std::string_view text) {
  auto table = read_toml(text);
  CAPTURE(text);
  REQUIRE(table.ok());
  return std::move(*table);
}

TomlValue value_of(const std::string& text) {
  TomlTable table = read("key = " + text + "\n");
  REQUIRE(table.entries.contains("key"));
  return std::move(table.entries.at("key"));
}

/// The line of what is wrong; 0 if nothing is.
std::size_t wrong_line(std::string_view text) {
  const auto table = read_toml(text);
  return table.ok() ? 0 : std::stoul(table.fault().message);
}

bool refused(const std::string& value) { return wrong_line("key = " + value + "\n") == 1; }

TEST_CASE("a basic string takes all escapes") {
  CHECK(value_of(R"("")").text.empty());
  CHECK(value_of(R"("\b\t\n\f\r\"\\\u00e9\U0001F600")").text == "\b\t\n\f\r\"\\\xC3\xA9\xF0\x9F\x98\x80");
  CHECK(value_of(R"("\e\x41")").text ==
        "\x1B"
        "A");
  CHECK(value_of(R"("# no comment = [ ] { } ; :")").text == "# no comment = [ ] { } ; :");
  for (const char* wrong :
       {R"("\q")", R"("\u12")", R"("\uD800")", R"("\U00110000")", R"("\u+123")", R"("open)", R"("open\")", R"("\)"})
    CHECK_MESSAGE(refused(wrong), wrong);
}

TEST_CASE("a literal string takes everything as it is") {
  CHECK(value_of(R"('C:\new "x"')").text == R"(C:\new "x")");
  CHECK(refused("'it''s'"));
}

TEST_CASE("strings of several lines") {
  CHECK(value_of("\"\"\"\none\r\ntwo\n\"\"\"").text == "one\ntwo\n");
  CHECK(value_of("\"\"\"one \\  \n\n   two\\\n\"\"\"").text == "one two");
  CHECK(value_of("'''\n\\ one\n'''").text == "\\ one\n");
  CHECK(value_of(R"("""a "quoted" word""""")").text == "a \"quoted\" word\"\"");
  CHECK(value_of("''''''").text.empty());
  CHECK(value_of("'''''two'''''").text == "''two''");
  CHECK(value_of("\"\"\"[a]\nb = 1\n# no comment\"\"\"").text == "[a]\nb = 1\n# no comment");
  CHECK(refused("'''''' '"));
  CHECK(refused("\"\"\"open\n\n"));
  CHECK(wrong_line("key = \"\"\"\n\n a \\ b\"\"\"") == 3);
}

TEST_CASE("whole numbers in all notations, up to 64 bits") {
  CHECK(value_of("1_000").integer == 1000);
  CHECK(value_of("+0").integer == 0);
  CHECK(value_of("-17").integer == -17);
  CHECK(value_of("0xDEAD_beef").integer == 0xDEADBEEF);
  CHECK(value_of("0o755").integer == 0755);
  CHECK(value_of("0b1101").integer == 13);
  CHECK(value_of("-9223372036854775808").integer == std::numeric_limits<std::int64_t>::min());
  for (const char* wrong :
       {"01", "1__0", "_1", "1_", "+0x1", "0x", "0xg", "0X1", "9223372036854775808", "--1", "1 0", "1a"})
    CHECK_MESSAGE(refused(wrong), wrong);
}

TEST_CASE("numbers with a fraction or an exponent") {
  CHECK(value_of("3.14").real == 3.14);
  CHECK(value_of("-0.01e+0_2").real == -1);
  CHECK(value_of("5e22").real == 5e22);
  CHECK(std::signbit(value_of("-0.0").real));
  CHECK(value_of("-inf").real == -HUGE_VAL);
  CHECK(std::isnan(value_of("+nan").real));
  for (const char* wrong : {".5", "5.", "5.e1", "1e", "1_.0", "1._0", "1e_1", "00.5", "Inf", "0x1.0", "1.0.0"})
    CHECK_MESSAGE(refused(wrong), wrong);
}

TEST_CASE("booleans, and the words that only the AWS agent takes for them") {
  CHECK(value_of("true").boolean);
  CHECK(value_of("false").kind == TomlValue::Kind::boolean);
  CHECK(value_of("On").kind == TomlValue::Kind::word);
  CHECK(value_of("no").text == "no");
  CHECK(refused("truely"));
  CHECK(refused("eu-central-1"));
}

TEST_CASE("dates and times are refused") {
  for (const char* date : {"1979-05-27T07:32:00Z", "1979-05-27", "07:32:00", "1979-05-27 07:32:00"})
    CHECK(refused(date));
}

TEST_CASE("a list may go over several lines, with comments and a comma at its end") {
  const TomlValue list = value_of("[ # one ]\n  \"a\", # two \"\n\n 2,\n [ 'b', ],\n]  # end");
  REQUIRE(list.items.size() == 3);
  CHECK(list.items[0].text == "a");
  CHECK(list.items[1].line == 4);
  CHECK(list.items[2].items[0].text == "b");
  for (const char* wrong : {"[1 2]", "[,]", "[1,,2]", "[1", "[1]]", "[1}", "[a]"}) CHECK_MESSAGE(refused(wrong), wrong);
}

TEST_CASE("an inline table takes dotted keys, several lines, and nothing more once it is closed") {
  const TomlValue table = value_of("{ a.b = 1, \"a\".c = '=',\n d = {}, }");
  CHECK(table.table.entries.at("a").table.entries.at("c").text == "=");
  for (const char* wrong : {"{a = 1, a = 2}", "{a = {}, a.b = 1}", "{a}", "{a = 1 b = 2}", "{,}", "{a = 1"})
    CHECK_MESSAGE(refused(wrong), wrong);
  CHECK(wrong_line("a = {b = 1}\na.c = 2\n") == 2);
  CHECK(wrong_line("a = {b = 1}\n[a.c]\n") == 2);
}

TEST_CASE("keys are bare, quoted or dotted") {
  const TomlTable table = read("a-b_1 = 1\n\"x=y]:;#\" . 'z.w' = 2\n\"\" = 3\n1.2 = 4\n\"\\u0041\" = 5\n");
  CHECK(table.entries.at("a-b_1").integer == 1);
  CHECK(table.entries.at("x=y]:;#").table.entries.at("z.w").integer == 2);
  CHECK(table.entries.at("").integer == 3);
  CHECK(table.entries.at("1").table.entries.at("2").integer == 4);
  CHECK(table.entries.at("A").integer == 5);
  for (const char* wrong : {"= 1", "a b = 1", "a. = 1", ".a = 1", "a..b = 1", "\xC3\xA9 = 1", "\"\"\"a\"\"\" = 1",
                            "a # b = 1", "a: 1", "a", "; a = 1", "\"a = 1", "a = "})
    CHECK_MESSAGE(wrong_line(wrong) == 1, wrong);
}

TEST_CASE("tables have a header, and lists of tables one for each member") {
  const TomlTable table =
      read("[ a . \"b]c\" ] # ]\nd = 1\n[[list]]\nx = 1\n[list.sub]\ny = 1\n[[list]]\n[list.sub]\ny = 2\n[a]\ne = 1\n");
  CHECK(table.entries.at("a").table.entries.at("b]c").table.entries.at("d").integer == 1);
  CHECK(table.entries.at("a").table.entries.at("e").integer == 1);
  const TomlValue& list = table.entries.at("list");
  REQUIRE(list.items.size() == 2);
  CHECK(list.items[1].table.entries.at("sub").table.entries.at("y").integer == 2);
  CHECK(list.items[1].line == 7);
  for (const char* wrong : {"[a", "[]", "[a.]", "[a] b", "[[a]", "[ [a] ]", "[[a] ]", "[a]]", "[a = 1", "[\"a]"})
    CHECK_MESSAGE(wrong_line(wrong) == 1, wrong);
}

TEST_CASE("nothing is defined twice") {
  for (const char* wrong :
       {"a = 1\na = 2", "a = 1\na.b = 2", "a = 1\n[a]", "[a]\n[a]", "[a]\n[[a]]", "a = []\n[[a]]", "[[a]]\n[a]",
        "a.b = 1\n[a]", "a.b = 1\na = 2", "[[a]]\n[a.b]\n[a.b]", "[a.b]\n[a]\nb.c = 1", "\"a\" = 1\n'a' = 2"})
    CHECK_MESSAGE(wrong_line(wrong) == (std::string_view(wrong).find("[a.b]") == std::string_view::npos ? 2 : 3),
                  wrong);
  CHECK(wrong_line("[a.b]\n[a]\n[a.c]\n") == 0);
  CHECK(wrong_line("[a]\nb.c = 1\nb.d = 2\n[a.b.e]\n") == 0);
}

TEST_CASE("a file may begin with a byte order mark and end its lines as Windows does") {
  CHECK(read("\xEF\xBB\xBF"
             "a = 1\r\nb = [\r\n2]\r\n")
            .entries.size() == 2);
  CHECK(wrong_line("\t\xEF\xBB\xBF# no mark here") == 1);
}

TEST_CASE("what is not UTF-8, and control characters, are refused with their line") {
  for (const std::string_view wrong : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x01",
                                       "\x02", "\x03", "\x7F", "\r", "\r\r\n"})
    CHECK(wrong_line("a = 1\n# " + std::string(wrong)) == 2);
  CHECK(wrong_line(std::string_view("a = '\0'", 7)) == 1);
  CHECK(wrong_line("# \xF4\x8F\xBF\xBF \xED\x9F\xBF \xC2\x80\n") == 0);
}

TEST_CASE("a fault inside a value of several lines is reported with its own line") {
  CHECK(wrong_line("a = [\n1,\n x,\n2]\n") == 3);
  CHECK(wrong_line("a = [1,\nb = 2\n") == 2);
  CHECK(wrong_line("a = [\n1,\n\n") == 1);
}

TEST_CASE("depth is limited, length is not") {
  CHECK(wrong_line("a = " + std::string(1000000, '[')) == 1);
  CHECK(wrong_line("a = " + std::string(60, '[') + std::string(60, ']')) == 0);
  std::string dotted = "a";
  for (int i = 0; i < 100; ++i) dotted += ".a";
  CHECK(wrong_line(dotted + " = 1") == 1);
  CHECK(wrong_line("[" + dotted + "]") == 1);
  const std::string length(300000, 'x');
  const TomlTable table = read("[" + length + "]\n" + length + " = '" + length + "'\n");
  CHECK(table.entries.at(length).table.entries.at(length).text == length);
}

}  // namespace
}  // namespace sma
