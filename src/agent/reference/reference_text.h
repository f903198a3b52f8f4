#pragma once

#include <string_view>
#include <vector>

namespace sma {

/// A text in which `{{secret:REF}}` stands for what the reference names.

inline constexpr std::string_view kReferenceBegin = "{{secret:";
inline constexpr std::string_view kReferenceEnd = "}}";

struct TextPart {
  enum class Kind {
    literal,    ///< stays as it is
    reference,  ///< `text` is the REF
    unclosed,   ///< `text` follows a `{{secret:` that no `}}` closes before the next `{{`
  };
  Kind kind;
  std::string_view text;
};

/// The text's parts in their order. A `{{` that begins no `{{secret:` is literal. The parts are put together once: what
/// takes the place of a reference is not searched for references again.
[[nodiscard]] std::vector<TextPart> text_parts(std::string_view text);

}  // namespace sma
