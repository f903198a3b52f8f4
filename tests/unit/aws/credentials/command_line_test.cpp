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

TEST_CASE("what only a shell understands is found outside of quotes") {
  for (const char c : std::string_view("|&;<>()$`*?~#")) {
    const std::string text(1, c);
    CAPTURE(text);
    CHECK(shell_syntax("tool a" + text + "b") == text);
    CHECK_FALSE(shell_syntax("tool 'a" + text + "b'"));
    CHECK_FALSE(shell_syntax("tool a\\" + text));
    const bool counts_in_double_quotes = c == '$' || c == '`';
    CHECK(shell_syntax("tool \"a" + text + "b\"").has_value() == counts_in_double_quotes);
    CHECK_FALSE(shell_syntax("tool \"a\\" + text + "b\""));
    CHECK(shell_syntax("tool 'it'\"s\"" + text) == text);
  }
  CHECK_FALSE(shell_syntax("/bin/tool --a=b 'two words' \"it's\" a\\\"b"));
  CHECK_FALSE(shell_syntax(""));
}

TEST_CASE("a variable that is set before the program needs a shell") {
  CHECK(shell_syntax("FOO=1 x") == "FOO=");
  CHECK(shell_syntax(" _a1= x") == "_a1=");
  CHECK_FALSE(shell_syntax("x FOO=1"));
  CHECK_FALSE(shell_syntax("1A=1 x"));
  CHECK_FALSE(shell_syntax("a/b=1 x"));
  CHECK_FALSE(shell_syntax("=x"));
}

TEST_CASE("a command is called by its program, not by the variables before it") {
  CHECK(program_of("/bin/tool --arg x") == "/bin/tool");
  CHECK(program_of("SECRET=hidden 'a tool' x") == "a tool");
  CHECK(program_of("A=b").empty());
  CHECK(program_of("'open").empty());
  CHECK(program_of("").empty());
}

TEST_CASE("open quotes and escapes are refused") {
  for (const char* text : {"'a", "\"a", "a\\", "\"a\\\"", "a 'b\"c"}) {
    CAPTURE(text);
    CHECK_FALSE(split_command(text));
  }
}
