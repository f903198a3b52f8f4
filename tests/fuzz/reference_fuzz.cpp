#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/reference/json_field.h"
#include "agent/reference/reference_text.h"
#include "agent/reference/secret_reference.h"

// References, texts with references in them, and the fields of JSON secrets that they name.

namespace {

using namespace sma;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What was read, written with all its parts, is read as the same.
void check_reference(std::string_view text) {
  const auto read = read_reference(text);
  if (!read.ok()) return;
  require(!read->secret_id.empty());
  require(read->version_stage.empty() || read->version_id.empty());
  const std::string written = (text.starts_with("arn:") ? "" : "secretsmanager:") + read->secret_id + ":" +
                              read->json_key + ":" + read->version_stage + ":" + read->version_id;
  const auto again = read_reference(written);
  require(again.ok() && *again == *read);
}

/// Nothing of the text is lost between its parts.
void check_parts(std::string_view text) {
  std::string together;
  for (const TextPart& part : text_parts(text)) {
    using enum TextPart::Kind;
    if (part.kind != literal) together += kReferenceBegin;
    together += part.text;
    if (part.kind == reference) together += kReferenceEnd;
    if (part.kind == reference) check_reference(part.text);
  }
  require(together == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_reference(text);
  check_parts(text);
  // The first line is a path into the rest.
  const std::size_t end = std::min(text.find('\n'), text.size());
  (void)json_field(WipedBytes(text.substr(std::min(end + 1, text.size()))), text.substr(0, end));
  return 0;
}
