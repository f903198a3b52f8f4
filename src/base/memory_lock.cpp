#include "base/memory_lock.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>

namespace sma {
namespace {

// From this size on malloc may take a mapping of its own for a block (mallopt(3), M_MMAP_THRESHOLD).
constexpr std::size_t kMappedBlock = std::size_t{128} << 10;

struct Heap {
  std::uintptr_t begin = 0;  // 0: not known yet
  std::uintptr_t end = 0;    // when it was last looked at
  bool locked = false;
  bool limit_reached = false;
};

constinit std::mutex heap_mutex;
constinit Heap heap;                    // guarded by `heap_mutex`
constinit std::atomic<int> refusal{0};  // the last error of mlock2(2)

std::uintptr_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

std::uintptr_t heap_end() { return address(sbrk(0)); }

// A static program's heap begins with the main thread's thread-local variables: glibc puts them there, by brk(2). In a
// dynamic program they lie elsewhere, and there is no heap as far as this file is concerned.
[[gnu::constructor]] void find_heap() { heap.begin = address(&errno); }

bool lock_pages(std::uintptr_t begin, std::uintptr_t end) {
  begin &= ~(static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE)) - 1);
  auto* const pages = reinterpret_cast<void*>(begin);  // NOLINT(performance-no-int-to-ptr)
  madvise(pages, end - begin, MADV_DONTDUMP);
  if (mlock2(pages, end - begin, MLOCK_ONFAULT) == 0) return true;
  refusal = errno;
  return false;
}

}  // namespace

void lock_in_memory(void* block, std::size_t size) {
  const std::lock_guard guard(heap_mutex);
  const std::uintptr_t begin = address(block);
  const std::uintptr_t end = heap_end();
  if (heap.begin == 0 || begin < heap.begin || begin >= end) {
    if (size >= kMappedBlock) lock_pages(begin, begin + size);
    return;
  }
  if (end != heap.end) {
    heap.end = end;
    heap.locked = lock_pages(heap.begin, end);
    heap.limit_reached = false;
  }
  if (!heap.locked && !heap.limit_reached) heap.limit_reached = !lock_pages(begin, begin + size);
}

// The kernel puts the texts one after another.
void lock_environment() {
  if (environ == nullptr || *environ == nullptr) return;
  const char* last = *environ;
  for (char** entry = environ; *entry != nullptr; ++entry) last = *entry;
  lock_pages(address(*environ), address(last) + std::strlen(last) + 1);
}

std::optional<UnlockedMemory> unlocked_memory() {
  const int error = refusal;
  if (error == 0) return std::nullopt;
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  const struct mallinfo2 held = ::mallinfo2();
  return UnlockedMemory{std::strerror(error), limit.rlim_cur, held.arena + held.hblkhd};
}

}  // namespace sma
