#include "base/environment.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>

using namespace sma;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

struct ProcessVariable {
  ProcessVariable(std::string variable, const char* value) : name(std::move(variable)) {
    setenv(name.c_str(), value, 1);
  }
  ~ProcessVariable() { unsetenv(name.c_str()); }
  ProcessVariable(const ProcessVariable&) = delete;
  ProcessVariable& operator=(const ProcessVariable&) = delete;
  std::string name;
};

}  // namespace

TEST_CASE("a variable that is empty or only white space counts as unset") {
  const Environment environment(Variables{{"SET", " x "}, {"EMPTY", ""}, {"BLANK", " \t\r\n\v\f"}});
  CHECK(environment.get("SET") == " x ");
  CHECK_FALSE(environment.get("EMPTY"));
  CHECK_FALSE(environment.get("BLANK"));
  CHECK_FALSE(environment.get("NONE"));
  CHECK(environment.get_or("BLANK", "instead") == "instead");
  CHECK(environment.share("BLANK").empty());
  CHECK(environment.share("SET").view() == " x ");
  CHECK(environment.all().size() == 3);
}

TEST_CASE("the process's variables are read without a copy of their values") {
  const ProcessVariable variable("SMA_TEST_VARIABLE", "value = more");
  const Environment environment = Environment::of_process();
  CHECK(environment.get("SMA_TEST_VARIABLE") == "value = more");
  CHECK(environment.get("SMA_TEST_VARIABLE")->data() == std::getenv("SMA_TEST_VARIABLE"));
}

TEST_CASE("a hidden variable can still be read here, but no longer at the place that the kernel gave it") {
  const ProcessVariable variable("SMA_TEST_SECRET", "a secret");
  const ProcessVariable same("SMA_TEST_SAME", "a secret");
  const ProcessVariable other("SMA_TEST_OTHER", "no secret");
  Environment environment = Environment::of_process();
  environment.hide(std::array<std::string, 3>{"SMA_TEST_SECRET", "SMA_TEST_SAME", "SMA_TEST_UNKNOWN"});
  CHECK(environment.get("SMA_TEST_SECRET") == "a secret");
  CHECK(environment.get("SMA_TEST_SAME")->data() == environment.get("SMA_TEST_SECRET")->data());
  CHECK(environment.get("SMA_TEST_OTHER") == "no secret");
  CHECK(std::string_view(std::getenv("SMA_TEST_SECRET"), 9) == std::string_view("\0\0\0\0\0\0\0\0\0", 9));
  CHECK(std::getenv("SMA_TEST_SAME") == std::string());
  CHECK(std::getenv("SMA_TEST_OTHER") == std::string("no secret"));
}

TEST_CASE("programs get all variables but the one that is withheld") {
  Environment environment(Variables{{"ONE", "1"}, {"TOKEN", "t"}, {"EMPTY", ""}});
  CHECK(environment.for_programs().all().size() == 3);
  environment.withhold("TOKEN");
  const Environment given = environment.for_programs();
  CHECK_FALSE(given.get("TOKEN"));
  CHECK(given.all().size() == 2);
  CHECK(environment.get("TOKEN") == "t");
}
