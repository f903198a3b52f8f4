#include "os/process_usage.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <string_view>

#include "base/ascii.h"
#include "base/wall_time.h"
#include "base/whole_number.h"

namespace sma {
namespace {

using Number = std::optional<std::uint64_t>;

/// The first number in `text`, which begins with blanks.
Number first_number(std::string_view text) {
  text = trimmed(text.substr(0, text.find('\n')));
  return whole_number<std::uint64_t>(text.substr(0, text.find(' ')));
}

/// A field of /proc/self/stat by its number in proc(5), 4 or more. The name of the program may hold blanks and
/// parentheses.
Number stat_field(const Files& files, int number) {
  const auto content = files.read("/proc/self/stat");
  if (!content.ok()) return std::nullopt;
  std::string_view text = content->view();
  text = text.substr(std::min(text.rfind(')') + 1, text.size()));
  for (int field = 2; field < number; ++field) {
    const std::size_t blank = text.find(' ');
    if (blank == text.npos) return std::nullopt;
    text.remove_prefix(blank + 1);
  }
  return first_number(text);
}

Number max_open_files(const Files& files) {
  constexpr std::string_view kName = "Max open files";
  const auto content = files.read("/proc/self/limits");
  if (!content.ok()) return std::nullopt;
  const std::size_t at = content->view().find(kName);
  return at == std::string_view::npos ? std::nullopt : first_number(content->view().substr(at + kName.size()));
}

Number open_files() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] == '.' ? 0 : 1;
  closedir(folder);
  return count - 1;  // without that of the folder
}

}  // namespace

ProcessUsage process_usage(const Files& files) {
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  const Number pages = stat_field(files, 24);
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return {.cpu_time = Seconds(cpu.tv_sec) + Nanoseconds(cpu.tv_nsec),
          .resident_bytes = pages ? Number(*pages * page) : std::nullopt,
          .open_files = open_files(),
          .max_open_files = max_open_files(files)};
}

std::optional<WallTime> process_start(const Files& files, TimePoint now, WallTime wall_now) {
  const Number ticks = stat_field(files, 22);
  const auto ticks_a_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  if (!ticks || *ticks / ticks_a_second > std::uint64_t{1} << 32) return std::nullopt;
  const Nanoseconds since_boot{static_cast<std::int64_t>(*ticks * (1'000'000'000 / ticks_a_second))};
  return bounded_sum(wall_now, since_boot - now.time_since_epoch());
}

}  // namespace sma
