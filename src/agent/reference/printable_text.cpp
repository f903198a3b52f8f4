#include "agent/reference/printable_text.h"

#include <cstddef>

#include "base/utf8.h"

namespace sma {

PrintableText printable_text(std::string_view text) {
  PrintableText printable{.bytes = WipedBytes(text)};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!starts_with_surrogate(text.substr(i))) continue;
    constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // as long as a surrogate
    kReplacement.copy(printable.bytes.data() + i, kReplacement.size());
    printable.surrogate_replaced = true;
  }
  return printable;
}

}  // namespace sma
