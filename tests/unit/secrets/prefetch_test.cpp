#include "secrets/prefetch.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

#include "tests/unit/secrets/store_fixture.h"

namespace sma {
namespace {

constexpr const char* kRole = "arn:aws:iam::111122223333:role/reader";
constexpr const char* kOtherRole = "arn:aws:iam::111122223333:role/other";

struct Fixture : StoreFixture {
  using StoreFixture::StoreFixture;

  void prefetch(PrefetchSettings settings) {
    made = std::make_unique<Prefetch>(scheduler, source, store, log, std::move(settings));
    task = started(scheduler, made->run(random));
  }
  void prefetch(std::size_t count, double ratio = 1.0, std::string role = {}) {
    PrefetchSettings settings{.cache_buffer_ratio = ratio};
    for (std::size_t i = 0; i < count; ++i) settings.secrets.push_back({"s" + std::to_string(i), role});
    prefetch(settings);
  }
  /// What AWS would answer to the last batch: a value for each id.
  SecretBatch all_of_last() {
    SecretBatch batch;
    for (const std::string& id : source.last().ids) batch.values.push_back(secret(id, "v1", "value of " + id));
    return batch;
  }
  SecretBatch page(std::vector<std::string> names, std::string next = {}) {
    SecretBatch batch;
    for (const std::string& name : names) batch.values.push_back(secret(name, "v1", "value of " + name));
    batch.next_token = std::move(next);
    return batch;
  }
  bool finished(std::size_t loaded, std::size_t failed, std::size_t skipped) {
    return task.done() && lines.count("prefetch finished loaded=" + std::to_string(loaded) +
                                      " failed=" + std::to_string(failed) + " skipped=" + std::to_string(skipped)) == 1;
  }
  std::string memory(SecretKey what) {
    const std::optional<SecretAnswer> answer = store.fresh(what);
    return answer ? std::string(answer->bytes.view()) : "nothing";
  }

  std::unique_ptr<Prefetch> made;
  Task<void> task;
};

TEST_CASE("with nothing to prefetch nothing is asked and nothing logged") {
  Fixture f;
  f.prefetch(PrefetchSettings{});
  CHECK(f.task.done());
  CHECK(f.made->tried_all());
  CHECK(f.source.calls.empty());
  CHECK(f.lines.lines.empty());
}

TEST_CASE("explicit secrets are fetched 20 a call, and found by name and by ARN") {
  Fixture f;
  f.prefetch(45);
  for (const std::size_t size : {20U, 20U, 5U}) {
    CHECK(f.source.last().operation == "batch");
    CHECK(f.source.last().ids.size() == size);
    f.reply(Result<SecretBatch>(f.all_of_last()));
  }
  CHECK(f.finished(45, 0, 0));
  CHECK(f.source.operations() == "batch batch batch");
  for (const std::size_t i : {0U, 19U, 44U}) {
    const std::string name = "s" + std::to_string(i);
    CHECK(f.memory(f.key(name)) == "value of " + name);
    CHECK(f.memory(f.key(arn_of(name))) == "value of " + name);
  }
}

TEST_CASE("a secret configured by a part of its ARN is found under that too") {
  Fixture f;
  const std::string partial = arn_of("db").substr(0, arn_of("db").size() - 7);
  f.prefetch({.secrets = {{partial, {}}}});
  f.reply(Result<SecretBatch>(f.page({"db"})));
  CHECK(f.finished(1, 0, 0));
  for (const std::string& id : {partial, std::string("db"), arn_of("db")}) CHECK(f.memory(f.key(id)) == "value of db");
}

TEST_CASE("a secret configured by a part of its ARN is not taken for one whose name begins like it") {
  Fixture f;
  const std::string partial = arn_of("db").substr(0, arn_of("db").size() - 7);
  f.prefetch({.secrets = {{partial, {}}, {"db-replica", {}}}});
  f.reply(Result<SecretBatch>(f.page({"db-replica", "db"})));
  CHECK(f.finished(2, 0, 0));
  CHECK(f.memory(f.key(partial)) == "value of db");
  CHECK(f.memory(f.key("db-replica")) == "value of db-replica");
}

TEST_CASE("the age of a prefetched secret counts from when its call was handed over") {
  Fixture f;
  f.prefetch(1);
  f.source.last().send();
  f.scheduler.advance(Seconds{10});
  f.finish(Result<SecretBatch>(f.all_of_last()));
  f.scheduler.advance(Seconds{290});
  CHECK(f.is_fresh("s0"));
  f.scheduler.advance(Nanoseconds{1});
  CHECK_FALSE(f.is_fresh("s0"));
  Task<Answer> client = f.ask("s0");
  CHECK(f.source.last().operation == "describe");
}

TEST_CASE("prefetch begins after a random part of its jitter") {
  Fixture f;
  f.prefetch({.secrets = {{"db", {}}}, .max_jitter = Seconds{10}});
  f.scheduler.advance(f.random.part_of(Seconds{10}) - Nanoseconds{1});
  CHECK(f.source.calls.empty());
  f.scheduler.advance(Nanoseconds{1});
  CHECK(f.source.operations() == "batch");
}

TEST_CASE("each role has its own calls and its own cache, and one role's trouble delays no other") {
  Fixture f;
  f.prefetch({.secrets = {{"db", {}}, {"db", kRole}, {"api", kRole}, {"db", kOtherRole}}});
  REQUIRE(f.source.calls.size() == 3);
  CHECK(f.source.calls[1]->key.role_arn == kRole);
  CHECK(f.source.calls[1]->ids == std::vector<std::string>{"db", "api"});
  f.reply(Result<SecretBatch>(f.page({"db"})));
  CHECK(f.memory({"db", {}, {}, kOtherRole}) == "value of db");
  CHECK(f.memory(f.key("db")) == "nothing");
  CHECK(f.memory({"db", {}, {}, kRole}) == "nothing");
}

TEST_CASE("at most 4 roles are loaded side by side") {
  Fixture f;
  PrefetchSettings settings;
  for (int i = 0; i < 6; ++i) settings.secrets.push_back({"db", std::string(kRole) + std::to_string(i)});
  f.prefetch(settings);
  CHECK(f.source.calls.size() == 4);
  f.source.calls[2]->give(Result<SecretBatch>(f.page({"db"})));
  f.scheduler.run_until_idle();
  CHECK(f.source.calls.size() == 5);
}

TEST_CASE("a malformed role is a logged failure") {
  Fixture f;
  f.prefetch({.secrets = {{"db", "reader"}}, .filter_tags = {{"team", "arn:x"}}});
  CHECK(f.finished(0, 2, 0));
  CHECK(f.lines.count("secret_id=db role_arn=reader") == 1);
  CHECK(f.lines.count("tag_key=team role_arn=arn:x") == 1);
}

TEST_CASE("secrets with a tag are fetched page by page") {
  Fixture f;
  f.prefetch({.filter_tags = {{"team", {}}}});
  CHECK(f.source.last().operation == "tagged");
  CHECK(f.source.last().key.secret_id == "team");
  CHECK(f.source.last().token.empty());
  f.reply(Result<SecretBatch>(f.page({"a", "b"}, "more")));
  CHECK(f.source.last().token == "more");
  f.reply(Result<SecretBatch>(f.page({}, "yet more")));
  CHECK(f.source.last().token == "yet more");
  f.reply(Result<SecretBatch>(f.page({"c"})));
  CHECK(f.finished(3, 0, 0));
  CHECK(f.memory(f.key("c")) == "value of c");
}

TEST_CASE("a list of pages that never ends is given up") {
  Fixture f;
  f.source.on_call = [&](const auto& call) {
    call->send();
    call->give(Result<SecretBatch>(f.page({}, "more")));
  };
  f.prefetch({.filter_tags = {{"team", {}}}});
  CHECK(f.finished(0, 1, 0));
}

TEST_CASE("prefetch fills each role's cache to its ratio and pushes nothing out") {
  Fixture f({.cache_size = 10});
  f.cache("mine", "v1", "x");
  f.prefetch(20, 0.5);
  CHECK(f.source.last().ids.size() == 4);
  f.reply(Result<SecretBatch>(f.all_of_last()));
  CHECK(f.finished(4, 0, 16));
  CHECK(f.is_fresh("mine"));
}

TEST_CASE("pages of a tag end when there is no more room") {
  Fixture f({.cache_size = 10});
  f.prefetch({.filter_tags = {{"team", {}}}, .cache_buffer_ratio = 0.2});
  f.reply(Result<SecretBatch>(f.page({"a", "b", "c"}, "more")));
  CHECK(f.finished(2, 0, 1));
  CHECK(f.source.calls.size() == 1);
}

TEST_CASE("with caching off nothing is prefetched") {
  Fixture f({.cache_size = 0});
  f.prefetch({.secrets = {{"db", {}}}, .filter_tags = {{"team", {}}}});
  CHECK(f.source.calls.empty());
  CHECK(f.finished(0, 0, 1));
}

TEST_CASE("what a client has fetched, or is fetching, is not asked for") {
  Fixture f;
  f.cache("s0", "v1", "mine");
  Task<Answer> client = f.ask("s1");
  f.prefetch(3);
  CHECK(f.source.last().ids == std::vector<std::string>{"s2"});
  f.reply(Result<SecretBatch>(f.all_of_last()));
  CHECK(f.finished(1, 0, 2));
}

TEST_CASE("a client's own fetch wins over a prefetch that was handed over before, during and after it") {
  Fixture f;
  f.prefetch(3);
  const auto batch = f.source.calls.back();
  const SecretBatch values = f.all_of_last();
  f.cache("s0", "v2", "ended meanwhile");
  Task<Answer> during = f.ask("s1");
  const auto call = f.source.calls.back();
  call->send();
  batch->send();
  batch->give(Result<SecretBatch>(values));
  f.scheduler.run_until_idle();
  CHECK(f.memory(f.key("s0")) == "ended meanwhile");
  CHECK(f.memory(f.key("s1")) == "nothing");
  CHECK(f.memory(f.key("s2")) == "value of s2");
  // Nor does the older value come to stand beside the newer one, under the ARN.
  CHECK(f.memory(f.key(arn_of("s0"))) == "nothing");
  call->give(secret("s1", "v2", "fetched"));
  f.scheduler.run_until_idle();
  CHECK(f.memory(f.key("s1")) == "fetched");
  CHECK(f.finished(1, 0, 2));
}

TEST_CASE("an expired entry is not absent: prefetch leaves it to its clients") {
  Fixture f;
  f.cache("s0", "v1", "mine");
  f.scheduler.advance(Seconds{301});
  f.prefetch(1);
  CHECK(f.finished(0, 0, 1));
}

TEST_CASE("clients are served while prefetch waits, and a prefetched secret's fetch replaces it under both keys") {
  Fixture f;
  f.prefetch(1);
  f.reply(Result<SecretBatch>(f.all_of_last()));
  Task<Answer> client = f.refresh("s0");
  f.reply(secret("s0", "v2", "new"));
  CHECK(text_of(client) == "new");
  CHECK(f.memory(f.key(arn_of("s0"))) == "new");
}

TEST_CASE("what a batch did not hold is fetched by single calls") {
  Fixture f;
  f.prefetch(3);
  f.reply(Result<SecretBatch>(f.page({"s1"})));
  for (const char* id : {"s0", "s2"}) {
    CHECK(f.source.last().operation == "get");
    CHECK(f.source.last().key.secret_id == id);
    f.reply(secret(id, "v1", "single"));
  }
  CHECK(f.finished(3, 0, 0));
  CHECK(f.memory(f.key("s2")) == "single");
}

TEST_CASE("failures within a batch are logged by name, and those that may pass are tried singly") {
  Fixture f;
  f.prefetch(3);
  SecretBatch batch = f.page({"s0"});
  batch.failures = {{"s1", refusal("ResourceNotFoundException", "not there")},
                    {"s2", Fault::of_aws(Fault::Kind::transient, 500, "InternalServiceError", "oops")}};
  f.reply(Result<SecretBatch>(std::move(batch)));
  CHECK(f.source.operations() == "batch get");
  f.reply(Fault::timeout("late"));
  CHECK_FALSE(f.task.done());
  CHECK(f.lines.count("prefetch failed secret_id=s1 role_arn=\"\" error=ResourceNotFoundException") == 1);
  CHECK(f.lines.count("prefetch failed, it is tried again secret_id=s2 role_arn=\"\" error=TimeoutError") == 1);
}

TEST_CASE("a caller that may not use batches gets its secrets by single calls, without trying another batch") {
  Fixture f;
  f.source.on_call = [&](const auto& call) {
    call->send();
    if (call->operation == "batch")
      call->give(refusal("AccessDeniedException", "no BatchGetSecretValue"));
    else if (call->key.secret_id == "s7")
      call->give(refusal("AccessDeniedException", "not this one"));
    else
      call->give(secret(call->key.secret_id, "v1", "single"));
  };
  f.prefetch(25);
  CHECK(f.finished(24, 1, 0));
  CHECK(f.source.calls.size() == 26);
  CHECK(f.lines.count("fetched one by one") == 1);
}

TEST_CASE("a role that cannot be assumed is given up after two calls, each secret logged by name") {
  Fixture f;
  f.source.on_call = [&](const auto& call) {
    call->give(refusal("AccessDeniedException", "not authorized to assume"));
  };
  f.prefetch(25, 1.0, kRole);
  CHECK(f.source.operations() == "batch get");
  CHECK(f.finished(0, 25, 0));
  CHECK(f.lines.count("prefetch failed secret_id=s24") == 1);
}

TEST_CASE("a batch that met a transient fault is tried singly, and only once if the fault stays") {
  Fixture f;
  f.source.on_call = [&](const auto& call) { call->give(Fault::connection("refused")); };
  f.prefetch(25);
  CHECK(f.source.operations() == "batch get batch get");
}

TEST_CASE("what failed by a transient fault is tried again, with waits that grow to 60 s, until it is loaded") {
  Fixture f;
  bool away = true;
  std::vector<TimePoint> batches;
  f.source.on_call = [&](const auto& call) {
    call->send();
    if (call->operation == "batch") batches.push_back(f.scheduler.now());
    if (away)
      call->give(Fault::connection("refused"));
    else
      call->give(Result<SecretBatch>(f.page(call->ids)));
  };
  f.prefetch(3);
  f.scheduler.advance(Seconds{600});
  constexpr int kLongest[]{1, 2, 4, 8, 16, 32, 60, 60};
  REQUIRE(batches.size() > std::size(kLongest));
  for (std::size_t i = 0; i < std::size(kLongest); ++i) {
    const Nanoseconds half = Nanoseconds(Seconds{kLongest[i]}) / 2;
    CHECK(batches[i + 1] - batches[i] == half + f.random.part_of(half));
  }
  CHECK(f.lines.count("prefetch failed, it is tried again secret_id=s0") == 1);
  CHECK_FALSE(f.task.done());

  away = false;
  f.scheduler.advance(Seconds{60});
  CHECK(f.finished(3, 0, 0));
  CHECK(f.memory(f.key("s2")) == "value of s2");
}

TEST_CASE("what is refused when it is tried again is not tried a third time, and what a client fetched is left alone") {
  Fixture f;
  f.prefetch(2);
  f.reply(Fault::connection("refused"));
  f.reply(Fault::connection("refused"));
  f.cache("s1", "v1", "mine");
  f.scheduler.advance(Seconds{1});
  CHECK(f.source.last().ids == std::vector<std::string>{"s0"});
  f.reply(refusal("AccessDeniedException"));
  f.reply(refusal("AccessDeniedException"));
  CHECK(f.finished(0, 1, 1));
  CHECK(f.lines.count("prefetch failed secret_id=s0") == 1);
}

TEST_CASE("only what failed is tried again: a role's tag, not its secrets or another's") {
  Fixture f;
  f.prefetch({.secrets = {{"a", kRole}, {"b", {}}}, .filter_tags = {{"team", kRole}}});
  f.source.calls[0]->give(Result<SecretBatch>(f.page({"a"})));
  f.source.calls[1]->give(Result<SecretBatch>(f.page({"b"})));
  f.scheduler.run_until_idle();
  REQUIRE(f.source.last().operation == "tagged");
  f.reply(Fault::timeout("late"));
  f.scheduler.advance(Seconds{1});
  CHECK(f.source.operations() == "batch batch tagged tagged");
  CHECK(f.source.last().key.role_arn == kRole);
  f.reply(Result<SecretBatch>(f.page({"c"})));
  CHECK(f.finished(3, 0, 0));
}

TEST_CASE("prefetch may be cancelled while it waits to try again") {
  Fixture f;
  f.prefetch(1);
  f.reply(Fault::connection("refused"));
  f.reply(Fault::connection("refused"));
  f.task = {};
  f.scheduler.advance(Seconds{60});
  CHECK(f.source.operations() == "batch get");
}

TEST_CASE("a batch too large for one answer comes in by single calls") {
  Fixture f;
  f.source.on_call = [&](const auto& call) {
    if (call->operation == "batch")
      call->give(Fault::connection("the answer is too large"));
    else
      call->give(secret(call->key.secret_id, "v1", "single"));
  };
  f.prefetch(3);
  CHECK(f.finished(3, 0, 0));
}

TEST_CASE("a tag that fails is logged by its key") {
  Fixture f;
  f.prefetch({.filter_tags = {{"team", {}}, {"app", {}}}});
  f.reply(refusal("AccessDeniedException"));
  f.reply(Result<SecretBatch>(f.page({"a"})));
  CHECK(f.finished(1, 1, 0));
  CHECK(f.lines.count("prefetch failed tag_key=team") == 1);
}

TEST_CASE("a secret that is listed and tagged is loaded once") {
  Fixture f;
  f.prefetch({.secrets = {{"a", {}}, {"a", {}}}, .filter_tags = {{"team", {}}}});
  f.reply(Result<SecretBatch>(f.page({"a"})));
  f.reply(Result<SecretBatch>(f.page({"a"})));
  CHECK(f.finished(1, 0, 2));
}

TEST_CASE("prefetch may be cancelled at any moment") {
  for (std::size_t calls = 0; calls < 3; ++calls) {
    Fixture f;
    f.prefetch({.secrets = {{"db", {}}, {"db", kRole}, {"api", {}}}, .filter_tags = {{"team", {}}}});
    for (std::size_t i = 0; i < calls; ++i) {
      f.source.calls[i]->give(Result<SecretBatch>(f.page({"db", "api"})));
      f.scheduler.run_until_idle();
    }
    f.task = {};
    f.scheduler.run_until_idle();
    CHECK(f.lines.count("prefetch finished") == 0);
  }
}

TEST_CASE("a prefetch that ends after the agent's secrets were wiped keeps nothing") {
  Fixture f;
  f.prefetch(1);
  f.store.cancel_all();
  f.store.wipe();
  SecretBatch batch = f.all_of_last();
  const std::string_view bytes = batch.values.front().answer.view();
  f.reply(Result<SecretBatch>(std::move(batch)));
  CHECK(f.finished(0, 0, 1));
  CHECK(is_freed(bytes));
}

TEST_CASE("no line of prefetch holds a secret") {
  Fixture f;
  f.prefetch(2);
  f.reply(Result<SecretBatch>(f.page({"s0"})));
  f.reply(secret("s1", "v1", "value of s1"));
  CHECK(f.task.done());
  CHECK(f.lines.count("value") == 0);
}

}  // namespace
}  // namespace sma
