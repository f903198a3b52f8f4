#include "aws/xml_text.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

std::string text_of(std::string_view xml) {
  const auto text = xml_text(xml, "p", "n");
  return text ? std::string(text->view()) : "(none)";
}

}  // namespace

TEST_CASE("an element is found by its parent's and its own name") {
  CHECK(text_of("<p><n>x</n></p>") == "x");
  CHECK(text_of("<?xml version=\"1.0\"?>\n<r><!-- <p><n>no</n></p> --><n>no</n><q><n>no</n></q></r>\n") == "(none)");
  CHECK(text_of("<r xmlns=\"https://x/\"><q><n>no</n></q><p id=\"1\"><m/><n >yes</n ></p></r>") == "yes");
  CHECK(text_of("<p><n>first</n><n>second</n></p>") == "first");
  CHECK(text_of("<p><n/></p>").empty());
  CHECK(text_of("<p><n></n></p>").empty());
}

TEST_CASE("entities, character references and CDATA are undone") {
  CHECK(text_of("<p><n>&lt;&gt;&amp;&quot;&apos;</n></p>") == "<>&\"'");
  CHECK(text_of("<p><n>&#65;&#x42;&#xe9;&#8364;&#x1F511;</n></p>") == "AB\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x91");
  CHECK(text_of("<p><n>a<![CDATA[<&amp;>]]>b<!-- c -->d<m>e</m>f</n></p>") == "a<&amp;>bdf");
  CHECK(text_of("<p><n>&amp;lt;</n></p>") == "&lt;");
}

TEST_CASE("what is no XML has no text") {
  for (const char* wrong : {"",
                            "x",
                            "<",
                            "<p",
                            "<p>",
                            "<p><n>",
                            "<p><n>x",
                            "<p><n>x</p>",
                            "<p><n>x</m></p>",
                            "<p><n>&x;</n></p>",
                            "<p><n>&amp</n></p>",
                            "<p><n>&#0;</n></p>",
                            "<p><n>&#xD800;</n></p>",
                            "<p><n>&#x110000;</n></p>",
                            "<p><n>&#;</n></p>",
                            "<p><n>&#-1;</n></p>",
                            "<!DOCTYPE p [<!ENTITY x \"y\">]><p><n>&x;</n></p>",
                            "<>",
                            "</p>",
                            "<p><n><![CDATA[x</n></p>",
                            "<p><!-- <n>x</n></p>"})
    CHECK(text_of(wrong) == "(none)");
}

TEST_CASE("depth is bounded") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  CHECK(text_of(deep + "<p><n>x</n></p>") == "(none)");
}

}  // namespace sma
