#include "http_client/authorities.h"

#include <doctest/doctest.h>

#include <map>

#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/manual_scheduler.h"
#include "tests/unit/http_client/certificate_text.h"

namespace sma {
namespace {

using Trusted = std::shared_ptr<const Trust>;

/// Files whose answers may be held back.
class SlowFiles final : public Files {
 public:
  explicit SlowFiles(ManualScheduler& scheduler) : scheduler_(scheduler) {}
  [[nodiscard]] Result<WipedBytes> read(const std::string& path, std::size_t /*limit*/) const override {
    ++reads;
    if (!text) return Fault::internal("cannot read " + path);
    return WipedBytes(*text);
  }
  [[nodiscard]] bool exists(const std::string& /*path*/) const override { return text.has_value(); }
  [[nodiscard]] std::optional<FileFacts> facts(const std::string& /*path*/) const override {
    return text ? std::optional(FileFacts{.modified = modified}) : std::nullopt;
  }
  void put(std::string content) {
    text = std::move(content);
    ++modified;
  }

  std::optional<std::string> text{};
  std::int64_t modified = 1;
  Nanoseconds delay{0};
  bool hangs = false;
  mutable int reads = 0;

 private:
  [[nodiscard]] Task<Result<Done>> run(std::string path, Question question) const override {
    if (hangs) {
      co_await scheduler_.sleep_until(scheduler_.now() + Seconds(5));
      co_return Fault::timeout("cannot read " + path + ": it hangs");
    }
    if (delay > Nanoseconds(0)) co_await scheduler_.sleep_until(scheduler_.now() + delay);
    question(*this);
    co_return Done{};
  }

  ManualScheduler& scheduler_;
};

struct Fixture {
  Task<Result<Trusted>> begin(Nanoseconds time = Seconds(10)) {
    return started(scheduler, authorities.get(scheduler.now() + time));
  }
  Result<Trusted> get() {
    Task<Result<Trusted>> getting = begin();
    REQUIRE(getting.done());
    return getting.take();
  }
  Trusted trusted() {
    Result<Trusted> got = get();
    REQUIRE(got.ok());
    return *got;
  }

  ManualScheduler scheduler;
  LogLines lines;
  Log log{&lines, LogLevel::info};
  SlowFiles files{scheduler};
  Authorities authorities{scheduler, files, log, {.file = "/ca.pem"}};
};

const std::string kBroken =  // NOLINT(cert-err58-cpp)
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

}  // namespace

TEST_CASE_FIXTURE(Fixture, "authorities are read for the first connection, and again only if the file was replaced") {
  files.put(certificate_text());
  CHECK(files.reads == 0);
  const Trusted first = trusted();
  CHECK(trusted() == first);
  CHECK(files.reads == 1);
  files.put(certificate_text());
  CHECK(trusted() != first);
  CHECK(files.reads == 2);
}

TEST_CASE_FIXTURE(Fixture, "a bad replacement is one warning, and what was read before still counts until a good one") {
  files.put(certificate_text());
  const Trusted first = trusted();
  for (const std::string& bad : {std::string(), kBroken, std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n")}) {
    files.put(bad);
    CHECK(trusted() == first);
    CHECK(trusted() == first);
  }
  CHECK(lines.count("WARN the certificate authorities cannot be read again") == 1);
  CHECK(lines.count("/ca.pem") == 1);
  files.put(certificate_text());
  CHECK(trusted() != first);
}

TEST_CASE_FIXTURE(Fixture, "a file that is away for a moment changes nothing") {
  files.put(certificate_text());
  const Trusted first = trusted();
  files.text.reset();
  CHECK(trusted() == first);
  CHECK(lines.lines.empty());
}

TEST_CASE_FIXTURE(Fixture, "a broken authority among good ones is a warning that names its place, once") {
  files.put(certificate_text() + kBroken);
  trusted();
  CHECK(lines.count("WARN a certificate authority is ignored") == 1);
  CHECK(lines.count("PEM block 2, line 10") == 1);
  files.put(certificate_text() + kBroken);
  trusted();
  CHECK(lines.lines.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "what the start has told of is not told again") {
  Authorities checked(scheduler, files, log,
                      {.file = "/ca.pem", .broken = {"PEM block 2, line 10, is broken, or glued to the one after it"}});
  files.put(certificate_text() + kBroken);
  Task<Result<Trusted>> getting = started(scheduler, checked.get(scheduler.now() + Seconds(1)));
  CHECK(getting.take().ok());
  CHECK(lines.lines.empty());
}

TEST_CASE_FIXTURE(Fixture, "without anything to go on with, the fault names the file") {
  const Result<Trusted> got = get();
  REQUIRE_FALSE(got.ok());
  CHECK(got.fault().http_status == 502);
  CHECK(got.fault().message == "the certificate authorities: cannot read /ca.pem");
  files.put(certificate_text());
  CHECK(get().ok());
}

TEST_CASE_FIXTURE(Fixture, "a call waits for a slow file, and any number of calls wait for one reading") {
  files.put(certificate_text());
  files.delay = Seconds(3);
  Task<Result<Trusted>> one = begin();
  Task<Result<Trusted>> other = begin();
  Task<Result<Trusted>> hasty = begin(Seconds(2));
  scheduler.advance(Seconds(2));
  REQUIRE(hasty.done());
  CHECK(hasty.take().fault().message.find("/ca.pem could not be read in time") != std::string::npos);
  scheduler.advance(Seconds(1));
  CHECK(*one.take() == *other.take());
  CHECK(files.reads == 1);
}

TEST_CASE_FIXTURE(Fixture, "while the file system hangs, one call in a while waits for a moment, with one warning") {
  files.put(certificate_text());
  const Trusted first = trusted();
  files.hangs = true;
  Task<Result<Trusted>> waiting = begin();
  CHECK_FALSE(waiting.done());
  scheduler.advance(Seconds(1));
  REQUIRE(waiting.done());
  CHECK(*waiting.take() == first);
  CHECK(trusted() == first);
  scheduler.advance(Seconds(30));
  CHECK(trusted() == first);
  CHECK(lines.count("/ca.pem: it hangs") == 1);
  files.hangs = false;
  files.put(certificate_text());
  scheduler.advance(Seconds(60));
  CHECK(trusted() != first);
}

TEST_CASE_FIXTURE(Fixture, "without a file nothing is read") {
  Authorities none(scheduler, files, log, {});
  Task<Result<Trusted>> getting = started(scheduler, none.get(scheduler.now()));
  CHECK(getting.take().ok());
  CHECK(files.reads == 0);
}

}  // namespace sma
