#include "aws/secret_answers.h"

#include <algorithm>

#include "aws/decimal_seconds.h"
#include "base/json_document.h"
#include "base/json_writer.h"
#include "base/utf8.h"

namespace sma {
namespace {

Fault unreadable() { return Fault::connection("the answer of Secrets Manager cannot be read"); }

/// None also if the body is not UTF-8: a secret is never served with some of its bytes replaced.
std::optional<JsonDocument> parse_exactly(WipedBytes body) {
  if (!is_utf8(body.view())) return std::nullopt;
  return JsonDocument::parse(std::move(body));
}

/// The members of one object. Asking for a member of another kind shows in `right` at the end.
class Members {
 public:
  explicit Members(JsonValue object) : object_(object), right_(object.is_object()) {}

  std::optional<std::string_view> string(std::string_view name) { return checked(name, object_[name].string()); }
  std::optional<std::string_view> number(std::string_view name) { return checked(name, object_[name].number()); }
  std::string text(std::string_view name) { return std::string(string(name).value_or("")); }
  JsonValue array(std::string_view name) { return container(object_[name], object_[name].is_array()); }
  JsonValue object(std::string_view name) { return container(object_[name], object_[name].is_object()); }
  std::vector<std::string> strings(JsonValue array) {
    std::vector<std::string> found;
    for (const JsonValue element : array) {
      right_ = right_ && element.string();
      found.emplace_back(element.string().value_or(""));
    }
    return found;
  }

  [[nodiscard]] bool right() const { return right_; }
  void refuse() { right_ = false; }

 private:
  std::optional<std::string_view> checked(std::string_view name, std::optional<std::string_view> value) {
    if (!value && !object_[name].is_null()) right_ = false;
    return value;
  }
  JsonValue container(JsonValue value, bool is_kind) {
    if (is_kind) return value;
    if (!value.is_null()) right_ = false;
    return {};
  }

  JsonValue object_;
  bool right_;
};

/// What a secret's answer consists of. The secret itself is a view into the document.
struct SecretFields {
  std::optional<std::string_view> arn;
  std::optional<std::string_view> name;
  std::optional<std::string_view> version_id;
  std::optional<std::string_view> secret_string;
  std::optional<std::string_view> secret_binary;
  std::optional<std::vector<std::string>> version_stages;
  std::optional<std::string> created_date;
};

SharedBytes rendered(const SecretFields& fields) {
  return shared_json([&](JsonWriter& json) {
    json.begin_object().key("ARN").string_or_null(fields.arn).key("Name").string_or_null(fields.name);
    json.key("VersionId").string_or_null(fields.version_id);
    if (fields.secret_string) json.field("SecretString", *fields.secret_string);
    if (fields.secret_binary) json.field("SecretBinary", *fields.secret_binary);
    if (fields.version_stages) json.key("VersionStages").strings(*fields.version_stages);
    json.key("CreatedDate").string_or_null(fields.created_date).end_object();
  });
}

/// Why a batch lacks one secret. A refusal of that secret is final; anything else may go away.
Fault batch_failure(std::string_view code, std::string_view message) {
  constexpr std::string_view kFinal[] = {"ResourceNotFound", "AccessDenied", "DecryptionFailure", "Invalid"};
  const bool is_final = std::ranges::any_of(kFinal, [&](std::string_view prefix) { return code.starts_with(prefix); });
  const Fault::Kind kind = is_final ? Fault::Kind::denied : Fault::Kind::transient;
  return Fault::of_aws(kind, is_final ? 400 : 500, std::string(error_text(code)), std::string(error_text(message)));
}

std::optional<SecretValue> read_secret(JsonValue object) {
  Members members(object);
  SecretFields fields;
  fields.arn = members.string("ARN");
  fields.name = members.string("Name");
  fields.version_id = members.string("VersionId");
  fields.secret_string = members.string("SecretString");
  fields.secret_binary = members.string("SecretBinary");
  if (const JsonValue stages = members.array("VersionStages"); stages.exists())
    fields.version_stages = members.strings(stages);
  if (const auto created = members.number("CreatedDate")) {
    fields.created_date = decimal_seconds(*created);
    if (!fields.created_date) members.refuse();
  }
  // What has neither is no secret, whatever else it says: it must not take the place of a good value.
  if (fields.secret_string.has_value() == fields.secret_binary.has_value()) members.refuse();
  if (!members.right()) return std::nullopt;
  return SecretValue{.answer = rendered(fields),
                     .arn = std::string(fields.arn.value_or("")),
                     .name = std::string(fields.name.value_or("")),
                     .version_id = std::string(fields.version_id.value_or("")),
                     .version_stages = std::move(fields.version_stages).value_or(std::vector<std::string>())};
}

}  // namespace

Result<SecretValue> read_secret_value(WipedBytes body) {
  const auto document = parse_exactly(std::move(body));
  if (!document) return unreadable();
  auto secret = read_secret(document->root());
  if (!secret) return unreadable();
  return std::move(*secret);
}

Result<SecretVersions> read_description(WipedBytes body) {
  const auto document = JsonDocument::parse(std::move(body));
  if (!document) return unreadable();
  Members members(document->root());
  SecretVersions description;
  description.arn = members.text("ARN");
  description.name = members.text("Name");
  for (const JsonValue stages : members.object("VersionIdsToStages")) {
    if (!stages.is_array()) members.refuse();
    description.versions.push_back({.version_id = std::string(stages.key()), .stages = members.strings(stages)});
  }
  description.deleted = members.number("DeletedDate").has_value();
  if (!members.right()) return unreadable();
  return description;
}

Result<SecretBatch> read_batch(WipedBytes body) {
  const auto document = parse_exactly(std::move(body));
  if (!document) return unreadable();
  Members members(document->root());
  SecretBatch batch;
  for (const JsonValue entry : members.array("SecretValues")) {
    auto secret = read_secret(entry);
    if (!secret) return unreadable();
    batch.values.push_back(std::move(*secret));
  }
  for (const JsonValue entry : members.array("Errors")) {
    Members failure(entry);
    batch.failures.push_back(
        {.secret_id = failure.text("SecretId"),
         .fault = batch_failure(failure.string("ErrorCode").value_or(""), failure.string("Message").value_or(""))});
    if (!failure.right()) members.refuse();
  }
  batch.next_token = members.text("NextToken");
  if (!members.right()) return unreadable();
  return batch;
}

}  // namespace sma
