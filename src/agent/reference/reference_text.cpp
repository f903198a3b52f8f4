#include "agent/reference/reference_text.h"

#include <algorithm>
#include <cstddef>

namespace sma {
namespace {

/// The reference at the start of `text`, which begins after its `{{secret:`.
TextPart reference_at(std::string_view text) {
  text = text.substr(0, text.find("{{"));
  const std::size_t end = text.find(kReferenceEnd);
  if (end == std::string_view::npos) return {TextPart::Kind::unclosed, text};
  return {TextPart::Kind::reference, text.substr(0, end)};
}

}  // namespace

std::vector<TextPart> text_parts(std::string_view text) {
  std::vector<TextPart> parts;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find(kReferenceBegin), text.size());
    if (begin > 0) parts.push_back({TextPart::Kind::literal, text.substr(0, begin)});
    text.remove_prefix(begin);
    if (text.empty()) break;
    text.remove_prefix(kReferenceBegin.size());
    const TextPart part = parts.emplace_back(reference_at(text));
    text.remove_prefix(part.text.size() + (part.kind == TextPart::Kind::reference ? kReferenceEnd.size() : 0));
  }
  return parts;
}

}  // namespace sma
