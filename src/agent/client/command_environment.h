#pragma once

#include <deque>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/client/exec_request.h"
#include "agent/reference/json_field.h"
#include "agent/reference/secret_reference.h"
#include "base/result.h"
#include "base/wiped_bytes.h"
#include "secrets/secret.h"

namespace sma {

/// The environment of the command that `exec` starts: the inherited one, in which each `{{secret:REF}}` is replaced,
/// and what the options add. Pure: it says which secrets it needs, and is filled with the agent's answers.
///
/// Problems are collected and reported together. They name the variable, the reference and the reason, and
/// never a value.
class CommandEnvironment {
 public:
  /// `inherited` are texts `NAME=VALUE`, as in environ(7); what is not of that form is passed on as it is. `tokens` are
  /// the variables that `--clean` leaves out if they hold a token. All must outlive this object.
  CommandEnvironment(std::span<const char* const> inherited, const ExecRequest& request,
                     std::span<const std::string> tokens);

  /// Each once.
  [[nodiscard]] const std::vector<SecretKey>& secrets() const { return secrets_; }

  /// `answers`: of the agent, in the order of `secrets`.
  void fill(std::span<const Result<WipedBytes>> answers);

  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  /// For execve(2), with the null pointer at the end. Valid as long as this object is, after `fill`.
  [[nodiscard]] std::vector<const char*> entries() const;

  /// The most that Linux takes for one `NAME=VALUE` (MAX_ARG_STRLEN), without the NUL at its end.
  static constexpr std::size_t kLargestEntry = (std::size_t{128} << 10) - 1;

 private:
  struct Wanted {
    SecretReference reference;
    std::string text;  ///< as written
    std::size_t secret = 0;
  };
  struct Part {
    std::string_view literal{};
    const Wanted* wanted = nullptr;  ///< null: the literal
  };
  struct Entry {
    std::string name{};
    const char* inherited = nullptr;
    std::vector<Part> parts{};  ///< empty: the inherited text is passed on as it is
    WipedBytes made{};          ///< ends with a NUL
  };
  using Answers = std::span<const Result<WipedBytes>>;

  void inherit(const char* text, const ExecRequest& request, std::span<const std::string> tokens);
  void set(const ExecRequest::Variable& variable);
  std::vector<Part> parts_of(std::string_view name, std::string_view value);
  const Wanted* want(std::string_view name, std::string_view reference);
  std::size_t place_of(const SecretReference& reference);

  void make(Entry& entry, Answers answers);
  void add_fields(const ExecRequest::Fields& fields, const Wanted& wanted, Answers answers);
  std::string add_field(const ExecRequest::Fields& fields, JsonField& field, std::set<std::string>& made);
  std::string finish(Entry& entry, std::string_view value);
  void problem(std::string_view name, std::string_view reference, std::string_view why);
  void warn_of_surrogate(std::string_view name);

  std::vector<SecretKey> secrets_{};
  std::deque<Wanted> wanted_{};
  std::vector<Entry> entries_{};
  std::set<std::string, std::less<>> names_{};
  std::vector<std::pair<const ExecRequest::Fields*, const Wanted*>> fields_{};
  std::vector<std::string> problems_{};
  std::vector<std::string> warnings_{};
};

}  // namespace sma
