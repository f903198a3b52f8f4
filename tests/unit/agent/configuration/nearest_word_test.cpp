#include "agent/configuration/nearest_word.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace sma {
namespace {

using Words = std::vector<std::string_view>;

const Words kOptions{"--config",       "--help",         "--version",     "--check-config",
                     "--health-check", "--create-token", "--token-group", "--lambda"};

TEST_CASE("a typing error finds the word that was meant") {
  struct Case {
    const char* typed;
    const char* meant;
  };
  for (const Case& one :
       {Case{"--confg", "--config"}, Case{"--Config", "--config"}, Case{"--conifg", "--config"},
        Case{"--configg", "--config"}, Case{"--create", "--create-token"}, Case{"--check", "--check-config"},
        Case{"--health", "--health-check"}, Case{"-help", "--help"}, Case{"--healthcheck", "--health-check"},
        Case{"--lamda", "--lambda"}, Case{"--t", "--token-group"}, Case{"group", "--token-group"},
        Case{"--token_group", "--token-group"}})
    CHECK_MESSAGE(nearest_word(one.typed, kOptions) == one.meant, one.typed);
}

TEST_CASE("a word that is one of them is its own nearest") {
  for (const std::string_view option : kOptions) CHECK(nearest_word(option, kOptions) == option);
}

TEST_CASE("something is nearest to everything, unless there are no words") {
  CHECK(nearest_word("", kOptions) == "--config");
  CHECK(nearest_word("xyz", Words{"abc"}) == "abc");
  CHECK(nearest_word("xyz", {}).empty());
}

TEST_CASE("of words that are equally near the first counts") {
  CHECK(nearest_word("ac", Words{"abc", "adc"}) == "abc");
  CHECK(nearest_word("ac", Words{"adc", "abc"}) == "adc");
}

TEST_CASE("words of any length are compared") {
  const std::string lengthy(100000, 'x');
  CHECK(nearest_word(lengthy, Words{"abc", "xxx"}) == "xxx");
  CHECK(nearest_word("yyy", Words{lengthy, "xyz"}) == "xyz");
}

}  // namespace
}  // namespace sma
