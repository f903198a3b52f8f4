#include "agent/reference/printable_text.h"

#include "base/utf8.h"

namespace sma {

PrintableText printable_text(std::string_view text) {
  PrintableText printable{.bytes = WipedBytes(text)};
  printable.surrogate_replaced = replace_surrogates({printable.bytes.data(), printable.bytes.size()});
  return printable;
}

}  // namespace sma
