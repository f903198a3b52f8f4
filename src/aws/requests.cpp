#include "aws/requests.h"

#include <array>

#include "base/json_writer.h"
#include "base/percent.h"

namespace sma {
namespace {

class FormBody {
 public:
  explicit FormBody(std::string_view action) {
    body_.append("Action=");
    body_.append(action);
    body_.append("&Version=2011-06-15");
  }

  void add(std::string_view name, std::string_view value) {
    body_.append("&");
    body_.append(name);
    body_.append("=");
    append_percent_encoded(body_, value);
  }
  void add_role(const AssumeRoleRequest& request) {
    add("RoleArn", request.role_arn);
    add("RoleSessionName", request.session_name);
    if (request.duration) add("DurationSeconds", std::to_string(request.duration->count()));
  }
  WipedBytes take() { return std::move(body_); }

 private:
  WipedBytes body_;
};

}  // namespace

WipedBytes get_secret_value_body(const SecretKey& key) {
  return wiped_json([&](JsonWriter& json) {
    json.begin_object().field("SecretId", key.secret_id);
    if (!key.version_id.empty()) json.field("VersionId", key.version_id);
    if (!key.version_stage.empty()) json.field("VersionStage", key.version_stage);
    json.end_object();
  });
}

WipedBytes describe_secret_body(std::string_view secret_id) {
  return wiped_json([&](JsonWriter& json) { json.begin_object().field("SecretId", secret_id).end_object(); });
}

WipedBytes batch_get_body(std::span<const std::string> secret_ids) {
  return wiped_json(
      [&](JsonWriter& json) { json.begin_object().key("SecretIdList").strings(secret_ids).end_object(); });
}

WipedBytes batch_get_tagged_body(std::string_view tag_key, std::string_view next_token) {
  return wiped_json([&](JsonWriter& json) {
    json.begin_object().key("Filters").begin_array().begin_object();
    json.field("Key", "tag-key").key("Values").strings(std::array{tag_key}).end_object().end_array();
    if (!next_token.empty()) json.field("NextToken", next_token);
    json.end_object();
  });
}

WipedBytes get_caller_identity_body() { return FormBody("GetCallerIdentity").take(); }

WipedBytes assume_role_body(const AssumeRoleRequest& request) {
  FormBody body("AssumeRole");
  body.add_role(request);
  if (!request.external_id.empty()) body.add("ExternalId", request.external_id);
  return body.take();
}

WipedBytes web_identity_body(const AssumeRoleRequest& request, const WipedBytes& token) {
  FormBody body("AssumeRoleWithWebIdentity");
  body.add_role(request);
  body.add("WebIdentityToken", token.view());
  return body.take();
}

}  // namespace sma
