#include "base/task.h"

#include <cstdlib>

#include "base/wiped_bytes.h"

namespace sma {

void* PromiseBase::operator new(std::size_t size) {
  void* frame = std::malloc(size);
  if (frame == nullptr) std::abort();
  return frame;
}

void PromiseBase::operator delete(void* frame, std::size_t size) {
  wipe(frame, size);
  std::free(frame);
}

}  // namespace sma
