#include "http_server/delayed_close.h"

#include <sys/socket.h>

#include <utility>

namespace sma {

void DelayedClose::add(FileDescriptor socket) {
  shutdown(socket.get(), SHUT_WR);
  entries_[(oldest_ + count_++) % kMost] = {.socket = std::move(socket), .due = scheduler_.now() + kDelay};
  if (!due_.armed()) due_.arm(scheduler_.now() + kDelay);
}

void DelayedClose::close_due() {
  while (count_ > 0 && entries_[oldest_].due <= scheduler_.now()) close_oldest();
  if (count_ > 0) due_.arm(scheduler_.now() + kDelay);
}

void DelayedClose::close_oldest() {
  if (count_ == 0) return;
  entries_[oldest_].socket.close();
  oldest_ = (oldest_ + 1) % kMost;
  --count_;
}

}  // namespace sma
