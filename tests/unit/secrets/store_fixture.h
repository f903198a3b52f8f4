#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "secrets/secret_store.h"
#include "tests/unit/base/equal_bytes.h"
#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/manual_scheduler.h"
#include "tests/unit/secrets/fake_source.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace sma {

/// False only if the address sanitizer knows that these bytes are still allocated.
inline bool is_freed([[maybe_unused]] std::string_view bytes) {
#if defined(__SANITIZE_ADDRESS__)
  return __asan_address_is_poisoned(bytes.data()) != 0;
#else
  return true;
#endif
}

using Answer = Result<SecretAnswer>;

/// A store with a source whose calls the test answers.
struct StoreFixture {
  /// `drawn`: each byte of what is drawn at random.
  explicit StoreFixture(SecretStoreSettings settings = {}, std::uint8_t drawn = 0x80)
      : random(drawn), store(scheduler, source, random, log, settings) {}

  Task<Answer> ask(SecretKey key, bool refresh_now = false, Seconds limit = Seconds{58}) {
    return started(scheduler, store.get(std::move(key), refresh_now, scheduler.now() + limit));
  }
  Task<Answer> ask(const char* id) { return ask(key(id)); }
  Task<Answer> refresh(const char* id) { return ask(key(id), true); }

  static SecretKey key(std::string_view id) { return {std::string(id), {}, {}, {}}; }

  /// Sends and answers the last call.
  template <typename Reply>
  void reply(Reply result) {
    source.last().send();
    finish(std::move(result));
  }
  /// Answers the last call.
  template <typename Reply>
  void finish(Reply result) {
    source.last().give(std::move(result));
    scheduler.run_until_idle();
  }

  /// Has `id` fetched and cached now.
  void cache(SecretKey what, std::string_view version, std::string_view text) {
    const Task<Answer> client = ask(what);
    reply(secret(what.secret_id, version, text));
  }
  void cache(const char* id, std::string_view version, std::string_view text) { cache(key(id), version, text); }

  [[nodiscard]] bool is_fresh(const SecretKey& what) { return store.fresh(what).has_value(); }
  [[nodiscard]] bool is_fresh(const char* id) { return is_fresh(key(id)); }

  ManualScheduler scheduler;
  FakeSource source{scheduler};
  EqualBytes random;
  LogLines lines;
  Log log{&lines, LogLevel::debug};
  SecretStore store;
};

/// What a client got: the answer's text, or the fault's code; `waiting` if it got nothing yet.
template <typename Outcome>
std::string text_of(Task<Result<Outcome>>& client) {
  if (!client.done()) return "waiting";
  const Result<Outcome> answer = client.take();
  if (!answer.ok()) return answer.fault().code;
  if constexpr (std::is_same_v<Outcome, SecretAnswer>) {
    return std::string(answer->bytes.view());
  } else {
    return std::string(answer->view());
  }
}

inline SecretVersions versions(std::string id, std::vector<std::string> stages) {
  return {.versions = {{.version_id = std::move(id), .stages = std::move(stages)}}};
}

}  // namespace sma
