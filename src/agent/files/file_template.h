#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "agent/reference/printable_text.h"
#include "agent/reference/secret_reference.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "base/wiped_bytes.h"
#include "secrets/secret.h"

namespace sma {

/// What a file's content is made of: a secret, or a text in which `{{secret:REF}}` stands for secrets.
class FileTemplate {
 public:
  explicit FileTemplate(SecretReference reference);
  /// Faults: a `{{secret:` that is not closed; a reference that is none; no reference at all.
  static Result<FileTemplate> read(std::string_view text);

  /// The secrets that are needed, each once, without a role.
  [[nodiscard]] const std::vector<SecretKey>& secrets() const { return secrets_; }

  /// `answers`: the agent's answer for each of `secrets()`, in that order. A fault names the secret and says what
  /// cannot be taken out of it.
  [[nodiscard]] Result<PrintableText> render(std::span<const SharedBytes> answers) const;

 private:
  struct Part {
    WipedBytes literal;  // before the secret
    std::size_t secret;
    std::string json_key;
  };

  FileTemplate() = default;
  void add(WipedBytes literal, SecretReference reference);

  std::vector<SecretKey> secrets_{};
  std::vector<Part> parts_{};
  WipedBytes end_{};
};

}  // namespace sma
