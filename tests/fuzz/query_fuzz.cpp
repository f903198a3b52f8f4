#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/secret_query.h"
#include "base/percent.h"

// Percent decoding, and the reading of a request's path and query built on it.

namespace {

using namespace sma;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string buffer;
  for (const Plus plus : {Plus::kept, Plus::space}) {
    const auto decoded = percent_decoded(text, plus, buffer);
    if (decoded) require(decoded->size() <= text.size());
    const std::string encoded = percent_encoded(text);
    require(percent_decoded(encoded, plus, buffer) == text);
  }

  SecretQuery query;
  if (!query.read_query(text)) require(!query.key().secret_id.empty());
  const std::size_t mark = std::min(text.find('?'), text.size());
  const std::string_view rest = text.substr(std::min(mark + 1, text.size()));
  if (!query.read_path(text.substr(0, mark), rest)) require(!query.key().secret_id.empty());
  return 0;
}
