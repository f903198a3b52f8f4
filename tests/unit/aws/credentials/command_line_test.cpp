#include "aws/credentials/command_line.h"

#include <doctest/doctest.h>

using namespace sma;
using Words = std::vector<std::string>;

TEST_CASE("blanks separate words") {
  CHECK(split_command("a b\t c\nd ") == Words{"a", "b", "c", "d"});
  CHECK(split_command("") == Words{});
  CHECK(split_command(" \t ") == Words{});
}

TEST_CASE("single quotes take everything as it is") {
  CHECK(split_command(R"('a b' '\"$x' '')") == Words{"a b", R"(\"$x)", ""});
  CHECK(split_command("a'b c'd") == Words{"ab cd"});
}

TEST_CASE("double quotes let a backslash escape a few characters only") {
  CHECK(split_command(R"("a b" "\"\\\$\`" "\n\'" "it's" "")") == Words{"a b", R"("\$`)", R"(\n\')", "it's", ""});
}

TEST_CASE("outside quotes a backslash escapes any character") {
  CHECK(split_command(R"(a\ b \"c \\)") == Words{"a b", "\"c", "\\"});
  CHECK(split_command("a\\\nb") == Words{"ab"});
}

TEST_CASE("nothing is expanded") {
  CHECK(split_command("~/x $HOME `id` $(id) * # | > y; z & w") ==
        Words{"~/x", "$HOME", "`id`", "$(id)", "*", "#", "|", ">", "y;", "z", "&", "w"});
}

TEST_CASE("open quotes and escapes are refused") {
  for (const char* text : {"'a", "\"a", "a\\", "\"a\\\"", "a 'b\"c"}) {
    CAPTURE(text);
    CHECK_FALSE(split_command(text));
  }
}
