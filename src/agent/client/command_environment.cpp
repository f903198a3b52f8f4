#include "agent/client/command_environment.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "agent/reference/reference_text.h"
#include "agent/reference/secret_text.h"
#include "base/ascii.h"
#include "base/log.h"
#include "base/utf8.h"

namespace sma {
namespace {

constexpr std::string_view kOwnPrefix = "SMA_";
constexpr std::string_view kTokenFile = "file://";
constexpr std::string_view kFieldsOption = "--env-json";

bool is_left_out(std::string_view name, std::string_view value, std::span<const std::string> tokens) {
  if (name.starts_with(kOwnPrefix)) return true;
  return std::ranges::find(tokens, name) != tokens.end() && !trimmed(value).starts_with(kTokenFile);
}

/// A JSON key as the name of a variable: letters in upper case, and `_` for each character that no name may have.
std::string folded(std::string_view key) {
  std::string name;
  while (!key.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_length(key), 1);
    const char c = key.front();
    name += is_letter_or_digit(c) ? to_upper(c) : '_';
    key.remove_prefix(length);
  }
  return name;
}

/// A secret must not decide which programs and libraries the command runs, or how a shell reads.
std::optional<std::string> name_problem(const std::string& name) {
  if (name.empty()) return "a key is empty, and would be a variable without a name";
  if (is_digit(name.front())) return "a key would be the variable " + name + ", which begins with a digit";
  if (name == "PATH" || name == "BASH_ENV" || name == "IFS" || name.starts_with("LD_"))
    return "a key would be the variable " + name + ", which decides what programs run";
  return std::nullopt;
}

bool has_reference(const std::vector<TextPart>& parts) {
  return std::ranges::any_of(parts, [](const TextPart& part) { return part.kind != TextPart::Kind::literal; });
}

}  // namespace

CommandEnvironment::CommandEnvironment(std::span<const char* const> inherited, const ExecRequest& request,
                                       std::span<const std::string> tokens) {
  for (const char* text : inherited) inherit(text, request, tokens);
  for (const ExecRequest::Variable& variable : request.variables)
    if (!names_.contains(variable.name)) set(variable);
  for (const ExecRequest::Fields& fields : request.fields)
    if (const Wanted* wanted = want(kFieldsOption, fields.reference)) fields_.emplace_back(&fields, wanted);
}

void CommandEnvironment::inherit(const char* text, const ExecRequest& request, std::span<const std::string> tokens) {
  const char* const equals = std::strchr(text, '=');
  if (equals == nullptr) {
    entries_.push_back({.inherited = text});
    return;
  }
  const std::string_view name(text, static_cast<std::size_t>(equals - text));
  if (request.clean && is_left_out(name, equals + 1, tokens)) return;
  const auto variable = std::ranges::find(request.variables, name, &ExecRequest::Variable::name);
  if (variable == request.variables.end()) {
    names_.emplace(name);
    entries_.push_back({.name = std::string(name), .inherited = text, .parts = parts_of(name, equals + 1)});
  } else if (!names_.contains(name)) {
    set(*variable);
  }
}

void CommandEnvironment::set(const ExecRequest::Variable& variable) {
  names_.insert(variable.name);
  if (const Wanted* wanted = want(variable.name, variable.reference))
    entries_.push_back({.name = variable.name, .parts = {{.wanted = wanted}}});
}

std::vector<CommandEnvironment::Part> CommandEnvironment::parts_of(std::string_view name, std::string_view value) {
  std::vector<Part> parts;
  const std::vector<TextPart> read = text_parts(value);
  if (!has_reference(read)) return parts;
  for (const TextPart& part : read) {
    if (part.kind == TextPart::Kind::literal) {
      parts.push_back({.literal = part.text});
    } else if (part.kind == TextPart::Kind::unclosed) {
      problem(name, "", "a {{secret: in it is not closed by }}");
    } else if (const Wanted* wanted = want(name, part.text)) {
      parts.push_back({.wanted = wanted});
    }
  }
  return parts;
}

const CommandEnvironment::Wanted* CommandEnvironment::want(std::string_view name, std::string_view reference) {
  auto read = read_reference(reference);
  if (!read.ok()) {
    problem(name, "", read.fault().message);
    return nullptr;
  }
  const std::size_t secret = place_of(*read);
  return &wanted_.emplace_back(Wanted{std::move(*read), std::string(reference), secret});
}

std::size_t CommandEnvironment::place_of(const SecretReference& reference) {
  const SecretKey key{reference.secret_id, reference.version_id, reference.version_stage, ""};
  const auto found = std::ranges::find(secrets_, key);
  if (found != secrets_.end()) return static_cast<std::size_t>(found - secrets_.begin());
  secrets_.push_back(key);
  return secrets_.size() - 1;
}

void CommandEnvironment::fill(Answers answers) {
  for (Entry& entry : entries_)
    if (!entry.parts.empty()) make(entry, answers);
  for (const auto& [fields, wanted] : fields_) add_fields(*fields, *wanted, answers);
}

void CommandEnvironment::make(Entry& entry, Answers answers) {
  WipedBytes value;
  for (const Part& part : entry.parts) {
    if (part.wanted == nullptr) {
      value.append(part.literal);
      continue;
    }
    const Result<WipedBytes>& answer = answers[part.wanted->secret];
    const Result<PrintableText> text =
        answer.ok() ? secret_text(answer->copy(), part.wanted->reference.json_key) : answer.fault();
    if (!text.ok()) {
      problem(entry.name, part.wanted->text, text.fault().message);
      continue;
    }
    if (text->surrogate_replaced) warn_of_surrogate(entry.name);
    value.append(text->bytes.view());
  }
  if (const std::string why = finish(entry, value.view()); !why.empty()) problem(entry.name, "", why);
}

void CommandEnvironment::add_fields(const ExecRequest::Fields& fields, const Wanted& wanted, Answers answers) {
  const Result<WipedBytes>& answer = answers[wanted.secret];
  Result<std::vector<JsonField>> read = answer.ok() ? secret_fields(answer->copy(), wanted.reference.json_key)
                                                    : Result<std::vector<JsonField>>(answer.fault());
  if (!read.ok()) return problem(kFieldsOption, wanted.text, read.fault().message);
  std::set<std::string> made;
  for (JsonField& field : *read)
    if (const std::string why = add_field(fields, field, made); !why.empty()) problem(kFieldsOption, wanted.text, why);
}

/// Why the field cannot be a variable; empty if it is one now.
std::string CommandEnvironment::add_field(const ExecRequest::Fields& fields, JsonField& field,
                                          std::set<std::string>& made) {
  const std::string name = fields.prefix + folded(field.key);
  if (auto why = name_problem(name)) return std::move(*why);
  if (!made.insert(name).second) return "two of its keys would be the variable " + name;
  if (!names_.insert(name).second) return "a key would be the variable " + name + ", which exists already";
  if (!field.text) return "the field that would be the variable " + name + " is null";
  if (field.text->surrogate_replaced) warn_of_surrogate(name);
  Entry& entry = entries_.emplace_back(Entry{.name = name});
  const std::string why = finish(entry, field.text->bytes.view());
  return why.empty() ? why : name + ": " + why;
}

/// Why the entry cannot have this value; empty if it has it now.
std::string CommandEnvironment::finish(Entry& entry, std::string_view value) {
  if (value.find('\0') != std::string_view::npos) return "its value has a NUL byte, which no variable can have";
  const std::size_t size = entry.name.size() + 1 + value.size();
  if (size > kLargestEntry)
    return "it has " + std::to_string(size) + " bytes with its name, and Linux takes " + std::to_string(kLargestEntry);
  entry.made.reserve(size + 1);
  entry.made.append(entry.name);
  entry.made.push_back('=');
  entry.made.append(value);
  entry.made.push_back('\0');
  return "";
}

std::vector<const char*> CommandEnvironment::entries() const {
  std::vector<const char*> texts;
  texts.reserve(entries_.size() + 1);
  for (const Entry& entry : entries_) texts.push_back(entry.made.empty() ? entry.inherited : entry.made.data());
  texts.push_back(nullptr);
  return texts;
}

void CommandEnvironment::problem(std::string_view name, std::string_view reference, std::string_view why) {
  std::string& text = problems_.emplace_back();
  append_escaped(text, name);
  text += ": ";
  if (!reference.empty()) {
    append_escaped(text, reference);
    text += ": ";
  }
  text += why;
}

void CommandEnvironment::warn_of_surrogate(std::string_view name) {
  std::string& text = warnings_.emplace_back("warning: ");
  append_escaped(text, name);
  text += " holds a lone surrogate, which UTF-8 cannot express; U+FFFD takes its place";
}

}  // namespace sma
