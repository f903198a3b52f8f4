#include <algorithm>
#include <cmath>

#include "tests/standin/answers.h"
#include "tests/standin/encoding.h"
#include "tests/standin/world.h"

namespace sma::standin {

namespace {

constexpr const char* kNotFound = "Secrets Manager can't find the specified secret.";
constexpr std::size_t kMaxBatch = 20;

/// What AWS answers where it cannot: status 400 unless said otherwise.
struct Refusal {
  std::string code;
  std::string message;
};

HttpAnswer refuse(const Refusal& refusal) { return json_error(400, refusal.code, refusal.message); }

HttpAnswer answer_json(Json::Object body, bool ascii) {
  return {200, "application/x-amz-json-1.1", Json(std::move(body)).to_text(ascii), {}};
}

Json strings(const std::vector<std::string>& list) {
  Json::Array out;
  for (const std::string& item : list) out.push_back(item);
  return out;
}

HttpAnswer signature_error(const SignatureCheck& check) {
  const auto error = [&check](int status, const char* code) {
    return json_error(status, code, check.message, "message");
  };
  switch (check.verdict) {
    case Verdict::kUnsigned:
      return error(400, "MissingAuthenticationTokenException");
    case Verdict::kIncomplete:
      return error(400, "IncompleteSignatureException");
    case Verdict::kUnknownKey:
      return error(400, "UnrecognizedClientException");
    case Verdict::kExpiredToken:
      return error(400, "ExpiredTokenException");
    default:
      return error(400, "InvalidSignatureException");
  }
}

std::optional<Refusal> access_refusal(const StoredSecret& secret, const Record& record, const std::string& operation) {
  const std::string& arn = record.signature.principal_arn;
  const bool trusted = secret.principals.empty() ||
                       std::any_of(secret.principals.begin(), secret.principals.end(),
                                   [&arn](const std::string& beginning) { return arn.starts_with(beginning); });
  if (trusted && !secret.denied.contains(operation)) return std::nullopt;
  return Refusal{"AccessDeniedException",
                 "User: " + arn + " is not authorized to perform: secretsmanager:" + operation +
                     " on resource: " + secret.arn +
                     " because no identity-based policy allows the secretsmanager:" + operation + " action"};
}

const SecretVersion* select(const StoredSecret& secret, const Json& asked, Refusal& refusal) {
  const std::string id = asked["VersionId"].text_or("");
  const std::string stage = asked["VersionStage"].text_or(id.empty() ? "AWSCURRENT" : "");
  const SecretVersion* version = id.empty() ? secret.staged(stage) : secret.version(id);
  if (!version) {
    refusal = {"ResourceNotFoundException", "Secrets Manager can't find the specified secret value for " +
                                                (id.empty() ? "staging label: " + stage : "VersionId: " + id)};
    return nullptr;
  }
  if (!stage.empty() && std::find(version->stages.begin(), version->stages.end(), stage) == version->stages.end()) {
    refusal = {"InvalidRequestException",
               "You provided a VersionStage that is not associated to the provided VersionId."};
    return nullptr;
  }
  return version;
}

Json::Object value_of(const StoredSecret& secret, const SecretVersion& version) {
  Json::Object out{{"ARN", secret.arn}, {"CreatedDate", Json::Number{version.created}}, {"Name", secret.name}};
  if (version.binary) out.emplace_back("SecretBinary", base64_encode(*version.binary));
  if (version.text) out.emplace_back("SecretString", *version.text);
  out.emplace_back("VersionId", version.id);
  if (!version.stages.empty()) out.emplace_back("VersionStages", strings(version.stages));
  return out;
}

/// One secret's value, for GetSecretValue and for each id of a batch.
std::optional<Json::Object> read_value(World& world, const Record& record, const Json& asked, Refusal& refusal,
                                       bool* ascii = nullptr) {
  const StoredSecret* secret = world.secrets.find(asked["SecretId"].text_or(""));
  if (!secret) {
    refusal = {"ResourceNotFoundException", kNotFound};
    return std::nullopt;
  }
  if (const auto denied = access_refusal(*secret, record, "GetSecretValue")) {
    refusal = *denied;
    return std::nullopt;
  }
  if (secret->deleted) {
    refusal = {"InvalidRequestException",
               "You can't perform this operation on the secret because it was marked for deletion."};
    return std::nullopt;
  }
  if (ascii) *ascii = secret->ascii;
  const SecretVersion* version = select(*secret, asked, refusal);
  if (!version) return std::nullopt;
  return value_of(*secret, *version);
}

HttpAnswer get_secret_value(World& world, const Record& record, const Json& asked) {
  Refusal refusal;
  bool ascii = false;
  auto value = read_value(world, record, asked, refusal, &ascii);
  return value ? answer_json(std::move(*value), ascii) : refuse(refusal);
}

HttpAnswer describe_secret(World& world, const Record& record, const Json& asked) {
  const StoredSecret* secret = world.secrets.find(asked["SecretId"].text_or(""));
  if (!secret) return refuse({"ResourceNotFoundException", kNotFound});
  if (const auto denied = access_refusal(*secret, record, "DescribeSecret")) return refuse(*denied);
  Json::Object stages;
  for (const SecretVersion& version : secret->versions) {
    if (!version.stages.empty()) stages.emplace_back(version.id, strings(version.stages));
  }
  Json::Array tags;
  for (const auto& [key, value] : secret->tags) tags.push_back(Json::Object{{"Key", key}, {"Value", value}});
  const std::string first = secret->versions.empty() ? "0" : secret->versions.front().created;
  const std::string last = secret->versions.empty() ? "0" : secret->versions.back().created;
  Json::Object out{{"ARN", secret->arn}, {"CreatedDate", Json::Number{first}}};
  if (secret->deleted) out.emplace_back("DeletedDate", Json::Number{last});
  out.emplace_back("LastAccessedDate", Json::Number{scientific_date(std::floor(record.time / 86400) * 86400)});
  out.emplace_back("LastChangedDate", Json::Number{last});
  out.emplace_back("Name", secret->name);
  if (!tags.empty()) out.emplace_back("Tags", std::move(tags));
  out.emplace_back("VersionIdsToStages", std::move(stages));
  return answer_json(std::move(out), false);
}

/// Filters match beginnings, unless they start with `!`; a secret passes where every filter has a value that matches.
bool passes(const StoredSecret& secret, const Json::Array& filters) {
  return std::all_of(filters.begin(), filters.end(), [&secret](const Json& filter) {
    const bool by_tag = filter["Key"].text_or("") == "tag-key";
    const auto values = filter["Values"].strings();
    return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
      const bool negated = value.starts_with('!');
      const std::string wanted = value.substr(negated ? 1 : 0);
      const bool found = by_tag ? std::any_of(secret.tags.begin(), secret.tags.end(),
                                              [&](const auto& tag) { return tag.first.starts_with(wanted); })
                                : secret.name.starts_with(wanted);
      return found != negated;
    });
  });
}

std::optional<Refusal> batch_refusal(const Json& asked) {
  const bool listed = asked.has("SecretIdList");
  if (listed == asked.has("Filters")) {
    return Refusal{"InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both."};
  }
  if (listed && asked.has("MaxResults")) {
    return Refusal{"InvalidParameterException", "'MaxResults' cannot be used with 'SecretIdList'."};
  }
  if (asked["SecretIdList"].items().size() > kMaxBatch) {
    return Refusal{"ValidationException",
                   "1 validation error detected: Value at 'secretIdList' failed to satisfy constraint: Member must "
                   "have length less than or equal to 20"};
  }
  for (const Json& filter : asked["Filters"].items()) {
    const std::string key = filter["Key"].text_or("");
    if (key != "tag-key" && key != "name") return Refusal{"InvalidParameterException", "Unknown filter: " + key};
  }
  const double most = asked["MaxResults"].number_or(kMaxBatch);
  if (most < 1 || most > kMaxBatch) return Refusal{"InvalidParameterException", "MaxResults is 1 to 20."};
  return std::nullopt;
}

/// The ids of this page; the token is the name that the next page begins with.
std::vector<std::string> filtered_page(World& world, const Json& asked, std::string& next) {
  const auto most = static_cast<std::size_t>(asked["MaxResults"].number_or(kMaxBatch));
  const std::string from = base64_decode(asked["NextToken"].text_or(""));
  std::vector<std::string> names;
  for (const auto& [name, secret] : world.secrets.all()) {
    if (name < from || secret.deleted || !passes(secret, asked["Filters"].items())) continue;
    if (names.size() == most) {
      next = base64_encode(name);
      break;
    }
    names.push_back(name);
  }
  return names;
}

HttpAnswer batch_get_secret_value(World& world, const Record& record, const Json& asked) {
  if (const auto refusal = batch_refusal(asked)) return refuse(*refusal);
  std::string next;
  const auto ids = asked.has("SecretIdList") ? asked["SecretIdList"].strings() : filtered_page(world, asked, next);
  Json::Array values;
  Json::Array errors;
  for (const std::string& id : ids) {
    Refusal refusal;
    if (auto value = read_value(world, record, Json::Object{{"SecretId", id}}, refusal)) {
      values.push_back(std::move(*value));
    } else {
      errors.push_back(Json::Object{{"ErrorCode", refusal.code}, {"Message", refusal.message}, {"SecretId", id}});
    }
  }
  Json::Object out{{"Errors", std::move(errors)}};
  if (!next.empty()) out.emplace_back("NextToken", next);
  out.emplace_back("SecretValues", std::move(values));
  return answer_json(std::move(out), false);
}

bool is_valid_id(const std::string& id) {
  static constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_+=.@!:";
  return !id.empty() && id.size() <= 2048 && id.find_first_not_of(kAllowed) == std::string::npos;
}

}  // namespace

HttpAnswer answer_secrets_manager(World& world, Record& record) {
  record.signature = check_signature(record.request, "secretsmanager", world.keys, record.time);
  if (record.signature.verdict != Verdict::kValid) return signature_error(record.signature);
  if (record.request.header("content-type").value_or("") != "application/x-amz-json-1.1") {
    return json_error(404, "UnknownOperationException", "", "message");
  }
  const auto asked = Json::parse(record.request.body);
  if (!asked || !asked->is_object()) return json_error(400, "SerializationException", "", "Message");
  if (record.operation == "BatchGetSecretValue") return batch_get_secret_value(world, record, *asked);
  if (!is_valid_id((*asked)["SecretId"].text_or(""))) {
    return json_error(400, "ValidationException",
                      "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
                      "following: -/_+=.@!",
                      "message");
  }
  if (record.operation == "GetSecretValue") return get_secret_value(world, record, *asked);
  if (record.operation == "DescribeSecret") return describe_secret(world, record, *asked);
  return json_error(400, "UnknownOperationException", "", "message");
}

}  // namespace sma::standin
