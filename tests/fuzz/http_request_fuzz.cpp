// Feeds arbitrary bytes to the request reader, whole and in pieces: nothing may crash, and how the bytes were cut may
// not matter. The first byte chooses the pieces.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http_server/request_reader.h"

namespace {

using namespace sma;

class Transcript {
 public:
  void feed(std::string_view bytes) {
    while (!bytes.empty() && !over_) {
      const auto space = reader_.space();
      const std::size_t size = std::min(bytes.size(), space.size());
      std::copy_n(bytes.begin(), size, space.begin());
      reader_.add(size);
      bytes.remove_prefix(size);
      drain();
    }
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void drain() {
    for (;;) {
      const Progress progress = reader_.read(request_);
      if (progress.state == Progress::State::incomplete) return;
      if (progress.state == Progress::State::refused) {
        over_ = true;
        text_ += std::to_string(progress.refusal.status).append(progress.refusal.reason);
        return;
      }
      if (request_.path.empty() || request_.fields().size() > ServerRequest::kMaxFields) std::abort();
      text_.append(request_.method).append(request_.path).append("?").append(request_.query);
      for (const ServerField& field : request_.fields()) text_.append(field.name).append(":").append(field.value);
      text_ += reader_.keep_alive() ? '+' : '-';
      reader_.finish();
    }
  }

  BufferPool pool_{std::size_t{2} << 20};
  RequestReader reader_{pool_};
  ServerRequest request_;
  std::string text_;
  bool over_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Transcript whole;
  whole.feed(bytes);
  Transcript cut;
  const std::size_t piece = 1 + data[0];
  for (std::string_view left = bytes; !left.empty(); left.remove_prefix(std::min(piece, left.size())))
    cut.feed(left.substr(0, piece));
  if (cut.text() != whole.text()) std::abort();
  return 0;
}
