#include "os/process_usage.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <map>
#include <string>

#include "base/file_descriptor.h"

namespace sma {
namespace {

struct ProcFiles final : Files {
  Result<WipedBytes> read(const std::string& path, std::size_t /*limit*/) const override {
    const auto found = texts.find(path);
    if (found == texts.end()) return Fault::internal("none");
    return WipedBytes(found->second);
  }
  bool exists(const std::string& path) const override { return texts.contains(path); }

  std::map<std::string, std::string> texts;
};

ProcFiles files_of(const std::string& stat, const std::string& limits = {}) {
  ProcFiles files;
  files.texts = {{"/proc/self/stat", stat}, {"/proc/self/limits", limits}};
  return files;
}

const std::string kStat =
    "71 (a (b) c) S 1 71 71 0 -1 4194560 905 0 3 0 12 34 0 0 20 0 2 0 250 34567168 412 18446744073709551615 1 1 0\n";

TEST_CASE("what the kernel says is read, whatever the name of the program holds") {
  const ProcFiles files = files_of(kStat,
                                   "Limit                     Soft Limit           Hard Limit           Units     \n"
                                   "Max open files            1024                 524288               files     \n");
  const ProcessUsage usage = process_usage(files);
  CHECK(usage.resident_bytes == 412 * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
  CHECK(usage.max_open_files == 1024);
  const auto start = process_start(files, TimePoint(Seconds(100)), WallTime(Seconds(1000)));
  REQUIRE(start);
  CHECK(*start == WallTime(Seconds(900) + Nanoseconds(Seconds(250)) / sysconf(_SC_CLK_TCK)));
}

TEST_CASE("what is missing, cut off or no number is left out") {
  for (const std::string& stat : {std::string(), std::string("71 (a) S 1"), std::string("71"),
                                  kStat.substr(0, kStat.find(" 250 ") + 1) + "x y z"}) {
    CAPTURE(stat);
    const ProcFiles files =
        files_of(stat, "Max open files            unlimited            unlimited            files\n");
    CHECK_FALSE(process_usage(files).resident_bytes);
    CHECK_FALSE(process_usage(files).max_open_files);
    CHECK_FALSE(process_start(files, TimePoint{}, WallTime{}));
  }
  const ProcessUsage nothing = process_usage(ProcFiles());
  CHECK_FALSE(nothing.resident_bytes);
  CHECK_FALSE(nothing.max_open_files);
  CHECK(nothing.cpu_time > Nanoseconds(0));
}

TEST_CASE("this process has as many descriptors as it opens, and runs for a while") {
  const SystemFiles files;
  const auto before = process_usage(files);
  const FileDescriptor one(dup(0));
  const auto after = process_usage(files);
  REQUIRE(after.open_files);
  CHECK(*after.open_files == *before.open_files + 1);
  CHECK(*after.resident_bytes > 1 << 20);
  CHECK(*after.max_open_files > 3);
  CHECK(after.cpu_time >= before.cpu_time);
}

}  // namespace
}  // namespace sma
