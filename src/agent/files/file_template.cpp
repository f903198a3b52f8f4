#include "agent/files/file_template.h"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/reference/reference_text.h"
#include "agent/reference/secret_text.h"
#include "base/log.h"

namespace sma {

FileTemplate::FileTemplate(SecretReference reference) { add({}, std::move(reference)); }

Result<FileTemplate> FileTemplate::read(std::string_view text) {
  FileTemplate made;
  WipedBytes literal;
  for (const TextPart& part : text_parts(text)) {
    if (part.kind == TextPart::Kind::literal) {
      literal.append(part.text);
      continue;
    }
    if (part.kind == TextPart::Kind::unclosed)
      return Fault::denied("a " + std::string(kReferenceBegin) + " is not closed by " + std::string(kReferenceEnd));
    auto reference = read_reference(part.text);
    if (!reference.ok()) return reference.fault();
    made.add(std::exchange(literal, {}), std::move(*reference));
  }
  if (made.parts_.empty())
    return Fault::denied("there is no " + std::string(kReferenceBegin) + "REFERENCE" + std::string(kReferenceEnd) +
                         " in it");
  made.end_ = std::move(literal);
  return made;
}

void FileTemplate::add(WipedBytes literal, SecretReference reference) {
  SecretKey key{
      std::move(reference.secret_id), std::move(reference.version_id), std::move(reference.version_stage), {}};
  const auto place = static_cast<std::size_t>(std::ranges::find(secrets_, key) - secrets_.begin());
  if (place == secrets_.size()) secrets_.push_back(std::move(key));
  parts_.push_back({std::move(literal), place, std::move(reference.json_key)});
}

Result<PrintableText> FileTemplate::render(std::span<const SharedBytes> answers) const {
  PrintableText made;
  for (const Part& part : parts_) {
    made.bytes.append(part.literal.view());
    const auto text = secret_text(WipedBytes(answers[part.secret].view()), part.json_key);
    if (!text.ok()) {
      std::string message;
      append_escaped(message, secrets_[part.secret].secret_id);
      return Fault::internal(message + ": " + text.fault().message);
    }
    made.bytes.append(text->bytes.view());
    made.surrogate_replaced = made.surrogate_replaced || text->surrogate_replaced;
  }
  made.bytes.append(end_.view());
  return made;
}

}  // namespace sma
