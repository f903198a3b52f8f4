#include "aws/requests.h"

#include "base/json_text.h"
#include "base/percent.h"

namespace sma {
namespace {

/// One JSON object of strings.
class ObjectBody {
 public:
  ObjectBody() { body_.append("{"); }

  ObjectBody& name(std::string_view name) {
    if (body_.size() > 1) body_.append(",");
    append_json_string(body_, name);
    body_.append(":");
    return *this;
  }
  void text(std::string_view value) { append_json_string(body_, value); }
  void raw(std::string_view json) { body_.append(json); }
  void texts(std::span<const std::string> values) {
    body_.append("[");
    for (const std::string& value : values) {
      if (&value != &values.front()) body_.append(",");
      append_json_string(body_, value);
    }
    body_.append("]");
  }
  WipedBytes take() {
    body_.append("}");
    return std::move(body_);
  }

 private:
  WipedBytes body_;
};

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
  ObjectBody body;
  body.name("SecretId").text(key.secret_id);
  if (!key.version_id.empty()) body.name("VersionId").text(key.version_id);
  if (!key.version_stage.empty()) body.name("VersionStage").text(key.version_stage);
  return body.take();
}

WipedBytes describe_secret_body(std::string_view secret_id) {
  ObjectBody body;
  body.name("SecretId").text(secret_id);
  return body.take();
}

WipedBytes batch_get_body(std::span<const std::string> secret_ids) {
  ObjectBody body;
  body.name("SecretIdList").texts(secret_ids);
  return body.take();
}

WipedBytes batch_get_tagged_body(std::string_view tag_key, std::string_view next_token) {
  ObjectBody filter;
  const std::string value(tag_key);
  filter.name("Key").text("tag-key");
  filter.name("Values").texts({&value, 1});
  ObjectBody body;
  body.name("Filters").raw("[");
  body.raw(filter.take().view());
  body.raw("]");
  if (!next_token.empty()) body.name("NextToken").text(next_token);
  return body.take();
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
