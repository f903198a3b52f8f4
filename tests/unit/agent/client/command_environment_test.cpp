#include "agent/client/command_environment.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "base/json_text.h"

namespace sma {
namespace {

/// What `exec` would do with an environment, options, and an agent that has `secrets`.
struct Case {
  std::vector<const char*> inherited{};
  ExecRequest request{};
  std::map<std::string, std::string> secrets{};  // the value by `ID` or `ID STAGE`; as JSON if it begins with `"Secret`
  std::vector<std::string> tokens{"AWS_TOKEN"};

  std::vector<std::string> asked{};
  std::vector<std::string> problems{};
  std::vector<std::string> warnings{};
  std::vector<std::string> entries{};

  Result<WipedBytes> answer(const SecretKey& key) {
    const std::string name = key.secret_id + (key.version_stage.empty() ? "" : " " + key.version_stage) +
                             (key.version_id.empty() ? "" : " " + key.version_id);
    asked.push_back(name);
    const auto found = secrets.find(name);
    if (found == secrets.end()) return Fault::denied("400 ResourceNotFoundException");
    std::string text = "{";
    if (!found->second.starts_with("\"Secret")) {
      text += R"("SecretString":)";
      append_json_string(text, found->second);
    } else {
      text += found->second;
    }
    return WipedBytes(text + "}");
  }

  Case& run() {
    CommandEnvironment environment(inherited, request, tokens);
    std::vector<Result<WipedBytes>> answers;
    for (const SecretKey& key : environment.secrets()) answers.push_back(answer(key));
    environment.fill(answers);
    problems = environment.problems();
    warnings = environment.warnings();
    if (!problems.empty()) return *this;
    for (const char* entry : environment.entries())
      if (entry != nullptr) entries.emplace_back(entry);
    return *this;
  }
};

using Lines = std::vector<std::string>;

TEST_CASE("an environment without references is passed on as it is, in its order") {
  Case scene{
      .inherited = {"B=2", "A=1", "A=again", "no equals", "=x", "E=", "T={{x}} ${y} {{resolve:secretsmanager:z}}"}};
  CHECK(scene.run().entries ==
        Lines{"B=2", "A=1", "A=again", "no equals", "=x", "E=", "T={{x}} ${y} {{resolve:secretsmanager:z}}"});
  CHECK(scene.asked.empty());
}

TEST_CASE("the very entries that are not changed are passed on, not copies") {
  const char* entry = "A=1";
  const std::vector<const char*> inherited{entry};
  const ExecRequest request;
  CommandEnvironment environment(inherited, request, {});
  environment.fill({});
  CHECK(environment.entries() == std::vector<const char*>{entry, nullptr});
}

TEST_CASE("references in values are replaced, and each secret is asked for once") {
  Case scene{.inherited = {"URL=postgres://{{secret:db:user}}:{{secret:db:password}}@db/app",
                           "OLD={{secret:db:user:AWSPREVIOUS}}", "WHOLE={{secret:text}}"},
             .secrets = {
                 {"db", R"({"user":"u","password":"p"})"}, {"db AWSPREVIOUS", R"({"user":"old"})"}, {"text", "whole"}}};
  CHECK(scene.run().entries == Lines{"URL=postgres://u:p@db/app", "OLD=old", "WHOLE=whole"});
  CHECK(scene.asked == Lines{"db", "db AWSPREVIOUS", "text"});
}

TEST_CASE("what a secret holds is not replaced again") {
  Case scene{.inherited = {"A={{secret:a}}{{secret:b}}"}, .secrets = {{"a", "{{secret:b}}{{secret:"}, {"b", "b}}"}}};
  CHECK(scene.run().entries == Lines{"A={{secret:b}}{{secret:b}}"});
}

TEST_CASE("--env sets a variable or replaces it in its place, whatever it held") {
  Case scene{.inherited = {"A={{secret:none}}", "B=b", "A=twice"},
             .request = {.variables = {{"A", "s:k"}, {"C.d", "s"}}},
             .secrets = {{"s", R"({"k":"v=w"})"}}};
  CHECK(scene.run().entries == Lines{"A=v=w", "B=b", R"(C.d={"k":"v=w"})"});
  CHECK(scene.asked == Lines{"s"});
}

TEST_CASE("--env-json makes a variable of every key") {
  Case scene{.inherited = {"HOME=/"},
             .request = {.fields = {{"s", ""}, {"s:deep.0", "P_"}}},
             .secrets = {{"s", R"({"user":"u","pass-word.1":5.0,"é":true,"deep":[{"7":"x","":"y"}]})"}}};
  CHECK(scene.run().entries ==
        Lines{"HOME=/", "USER=u", "PASS_WORD_1=5.0", "_=true", R"(DEEP=[{"7":"x","":"y"}])", "P_7=x", "P_=y"});
  CHECK(scene.asked == Lines{"s"});
}

TEST_CASE("--env-json makes no variable that exists, is made twice, or has a name that is not allowed") {
  struct Row {
    const char* secret;
    const char* why;
  };
  const Row rows[] = {
      {R"({"home":"x"})", "a key would be the variable HOME, which exists already"},
      {R"({"set":"x"})", "a key would be the variable SET, which exists already"},
      {R"({"a":"x","A":"y"})", "two of its keys would be the variable A"},
      {R"({"a-b":"x","a.b":"y"})", "two of its keys would be the variable A_B"},
      {R"({"path":"x"})", "a key would be the variable PATH, which decides what programs run"},
      {R"({"ld-preload":"x"})", "a key would be the variable LD_PRELOAD, which decides what programs run"},
      {R"({"Ld_":"x"})", "a key would be the variable LD_, which decides what programs run"},
      {R"({"bash_env":"x"})", "a key would be the variable BASH_ENV, which decides what programs run"},
      {R"({"ifs":"x"})", "a key would be the variable IFS, which decides what programs run"},
      {R"({"":"x"})", "a key is empty, and would be a variable without a name"},
      {R"({"1a":"x"})", "a key would be the variable 1A, which begins with a digit"},
      {R"({"a":null})", "the field that would be the variable A is null"},
      {R"({"a":"x\u0000y"})", "A: its value has a NUL byte, which no variable can have"},
      {"text", "the secret is no JSON object"},
      {R"(["x"])", "the secret is no JSON object"},
      {R"("SecretBinary":"eyJhIjoiYiJ9")", "the secret is binary, so it has no fields"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.secret);
    Case scene{.inherited = {"HOME=/", "PATH=/bin"},
               .request = {.variables = {{"SET", "t"}}, .fields = {{"s", ""}}},
               .secrets = {{"s", row.secret}, {"t", "t"}}};
    CHECK(scene.run().problems == Lines{std::string("--env-json: s: ") + row.why});
  }
}

TEST_CASE("two secrets of --env-json do not make one variable") {
  Case scene{.request = {.fields = {{"s", ""}, {"t", ""}}}, .secrets = {{"s", R"({"a":1})"}, {"t", R"({"A":2})"}}};
  CHECK(scene.run().problems == Lines{"--env-json: t: a key would be the variable A, which exists already"});
}

TEST_CASE("a prefix makes names allowed, or not") {
  Case good{.request = {.fields = {{"s", "DB_"}}}, .secrets = {{"s", R"({"path":"x","1":"y"})"}}};
  CHECK(good.run().entries == Lines{"DB_PATH=x", "DB_1=y"});
  Case bad{.request = {.fields = {{"s", "LD_"}}}, .secrets = {{"s", R"({"x":"x"})"}}};
  CHECK(bad.run().problems.size() == 1);
}

TEST_CASE("--clean leaves out SMA_ variables and a literal token, and no others") {
  Case scene{.inherited = {"SMA_TTL_SECONDS=1", "SMAX=1", "AWS_TOKEN=hunter2", "AWS_TOKEN=file:///token",
                           "AWS_REGION=r", "SMA_X={{secret:none}}"},
             .request = {.clean = true}};
  CHECK(scene.run().entries == Lines{"SMAX=1", "AWS_TOKEN=file:///token", "AWS_REGION=r"});
  scene.request.clean = false;
  scene.inherited.pop_back();
  scene.entries.clear();
  CHECK(scene.run().entries.size() == 5);
}

TEST_CASE("every problem is reported, with its variable and reference, and without a value") {
  Case scene{.inherited = {"A={{secret:none:k}} {{secret:s:x}}", "B={{secret:ssm:y}}", "C=hunter2{{secret:hunter2",
                           "D={{secret:b:k}}"},
             .request = {.variables = {{"E", "a:b:c:d:e"}, {"F", "gone"}}, .fields = {{"arn:x", ""}}},
             .secrets = {{"s", R"({"k":"hunter2"})"}, {"b", R"("SecretBinary":"eyJhIjoiYiJ9")"}}};
  const Lines problems = scene.run().problems;
  REQUIRE(problems.size() == 8);
  CHECK(problems[0].starts_with("B: the reference ssm:y: ssm: is reserved"));
  CHECK(problems[1] == "C: a {{secret: in it is not closed by }}");
  CHECK(problems[2].starts_with("E: the reference a:b:c:d:e: too many parts"));
  CHECK(problems[3].starts_with("--env-json: the reference arn:x: an ARN of a secret has seven parts"));
  CHECK(problems[4] == "A: none:k: 400 ResourceNotFoundException");
  CHECK(problems[5] == "A: s:x: the secret has no field x");
  CHECK(problems[6] == "D: b:k: the secret is binary, so it has no fields");
  CHECK(problems[7] == "F: gone: 400 ResourceNotFoundException");
}

TEST_CASE("a value with a NUL, or too large with its name, is refused by name") {
  Case scene{
      .inherited = {"A={{secret:nul}}", "LONG={{secret:long}}"},
      .secrets = {{"nul", std::string("a\0b", 3)}, {"long", std::string(CommandEnvironment::kLargestEntry - 4, 'x')}}};
  CHECK(scene.run().problems == Lines{"A: its value has a NUL byte, which no variable can have",
                                      "LONG: it has 131072 bytes with its name, and Linux takes 131071"});
  Case fits{.inherited = {"LONG={{secret:long}}"},
            .secrets = {{"long", std::string(CommandEnvironment::kLargestEntry - 5, 'x')}}};
  CHECK(fits.run().entries.size() == 1);
}

TEST_CASE("a lone surrogate becomes U+FFFD, with a warning") {
  Case scene{
      .inherited = {"A={{secret:s:a}}"}, .request = {.fields = {{"s", ""}}}, .secrets = {{"s", R"({"a":"\ud800"})"}}};
  scene.inherited = {"B={{secret:s:a}}"};
  CHECK(scene.run().entries == Lines{"B=\xEF\xBF\xBD", "A=\xEF\xBF\xBD"});
  CHECK(scene.warnings.size() == 2);
}

}  // namespace
}  // namespace sma
