#include "tests/integration/support/process_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <sstream>
#include <vector>

#include "tests/integration/support/temp_folder.h"

namespace sma::integration {

namespace {

std::string folder_of(pid_t pid) { return "/proc/" + std::to_string(pid); }

void find_in(const std::vector<char>& memory, std::size_t size, std::uint64_t start, const std::string& bytes,
             std::vector<std::uint64_t>& places) {
  auto at = memory.begin();
  const auto end = memory.begin() + static_cast<std::ptrdiff_t>(size);
  while ((at = std::search(at, end, bytes.begin(), bytes.end())) != end) {
    places.push_back(start + static_cast<std::uint64_t>(at - memory.begin()));
    ++at;
  }
}

}  // namespace

bool can_read_memory_of(pid_t pid) {
#if defined(__SANITIZE_ADDRESS__)
  return false;  // it keeps freed memory for a while, and maps more than can be looked through
#endif
  const int fd = open((folder_of(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

std::vector<std::uint64_t> places_in_memory(pid_t pid, const std::string& bytes) {
  std::vector<std::uint64_t> places;
  const int fd = open((folder_of(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return places;
  std::vector<char> memory;
  std::istringstream maps(read_file(folder_of(pid) + "/maps"));
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    char readable = '-';
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %c", &start, &end, &readable) != 3 || readable != 'r')
      continue;
    memory.resize(end - start);
    std::size_t size = 0;
    while (size < memory.size()) {
      const ssize_t got = pread(fd, memory.data() + size, memory.size() - size, static_cast<off_t>(start + size));
      if (got <= 0) break;
      size += static_cast<std::size_t>(got);
    }
    find_in(memory, size, start, bytes, places);
  }
  close(fd);
  return places;
}

std::size_t copies_in_memory(pid_t pid, const std::string& bytes) { return places_in_memory(pid, bytes).size(); }

std::string memory_flags(pid_t pid, std::uint64_t address) {
  bool inside = false;
  std::istringstream maps(read_file(folder_of(pid) + "/smaps"));
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2) {
      inside = address >= start && address < end;
    } else if (inside && line.starts_with("VmFlags:")) {
      return line;
    }
  }
  return "";
}

}  // namespace sma::integration
