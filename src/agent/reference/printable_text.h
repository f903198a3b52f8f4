#pragma once

#include <string_view>

#include "base/wiped_bytes.h"

namespace sma {

/// The bytes of a secret, or of a part of it, for a program to use.
struct PrintableText {
  WipedBytes bytes;
  /// The text held a lone surrogate (`\ud800`), which UTF-8 cannot express. It was replaced by U+FFFD.
  bool surrogate_replaced = false;
};

/// `text`, as base/json_document.h returns it, without lone surrogates.
[[nodiscard]] PrintableText printable_text(std::string_view text);

}  // namespace sma
