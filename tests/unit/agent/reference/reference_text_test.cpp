#include "agent/reference/reference_text.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

/// Literals as they are, references as <REF>, what is not closed as <!TEXT>.
std::string parts_of(std::string_view text) {
  std::string shown;
  for (const TextPart& part : text_parts(text)) {
    const bool literal = part.kind == TextPart::Kind::literal;
    shown += literal ? "|" : part.kind == TextPart::Kind::reference ? "<" : "<!";
    shown += part.text;
    shown += literal ? "" : ">";
  }
  return shown;
}

TEST_CASE("each reference is a part of its own, and what stands between them is kept") {
  CHECK(parts_of("postgres://app:{{secret:prod/db:password}}@db/app") == "|postgres://app:<prod/db:password>|@db/app");
  CHECK(parts_of("{{secret:a}}{{secret:b:c}}") == "<a><b:c>");
  CHECK(parts_of("{{secret:}}") == "<>");
  CHECK(parts_of("{{secret:a}}}") == "<a>|}");
  CHECK(parts_of("{{secret:a} }}") == "<a} >");
  CHECK(parts_of("{{{secret:a}}") == "|{<a>");
}

TEST_CASE("what begins no reference of ours stays") {
  for (const char* text : {"{{", "}}", "{{x}}", "{{ secret:a }}", "{{Secret:a}}", "{{secret}}", "{secret:a}",
                           "{{secret", "{{resolve:secretsmanager:a}}", "${x}", "{{{{", "x"}) {
    CAPTURE(text);
    CHECK(parts_of(text) == "|" + std::string(text));
  }
  CHECK(parts_of("").empty());
}

TEST_CASE("a reference that is not closed before the next braces is refused by name") {
  CHECK(parts_of("{{secret:a") == "<!a>");
  CHECK(parts_of("x{{secret:") == "|x<!>");
  CHECK(parts_of("{{secret:a}") == "<!a}>");
  CHECK(parts_of("{{secret:{{secret:a}}}}") == "<!><a>|}}");
  CHECK(parts_of("{{secret:a {{b}}") == "<!a >|{{b}}");
}

TEST_CASE("many braces take no long time") {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "{{secret:";
  CHECK(text_parts(text).size() == 20'000);
}

}  // namespace
}  // namespace sma
