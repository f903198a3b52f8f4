#include <cstdlib>

#include "tests/standin/answers.h"
#include "tests/standin/encoding.h"
#include "tests/standin/world.h"

namespace sma::standin {

namespace {

constexpr std::string_view kRoleList = "/latest/meta-data/iam/security-credentials";

HttpAnswer plain(int status, std::string body) { return {status, "text/plain", std::move(body), {}}; }

HttpAnswer json(int status, Json::Object body) {
  return {status, "application/json", Json(std::move(body)).to_text(), {}};
}

HttpAnswer not_found() { return plain(404, "<html><body>404 - Not Found</body></html>"); }

HttpAnswer issue_token(World& world, const Record& record) {
  const std::string asked = record.request.header("x-aws-ec2-metadata-token-ttl-seconds").value_or("");
  const int seconds = std::atoi(asked.c_str());
  if (seconds < 1 || seconds > 21600) return plain(400, "");
  // A proxy's traces on the way mean that the client is not on the instance.
  if (record.request.header("x-forwarded-for")) return plain(403, "");
  const std::string token = random_text(54) + "==";
  world.metadata.tokens[token] = record.time + seconds;
  HttpAnswer answer = plain(200, token);
  answer.headers.emplace_back("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", asked);
  return answer;
}

HttpAnswer instance_credentials(World& world, const Record& record) {
  const std::string arn =
      "arn:aws:sts::" + world.secrets.account + ":assumed-role/" + world.metadata.role + "/i-0123456789abcdef0";
  const Principal& keys = world.keys.issue(arn, record.time + world.metadata.lifetime);
  return {200,
          "text/plain",
          Json(Json::Object{{"Code", "Success"},
                            {"LastUpdated", iso_date(record.time)},
                            {"Type", "AWS-HMAC"},
                            {"AccessKeyId", keys.access_key},
                            {"SecretAccessKey", keys.secret_key},
                            {"Token", keys.session_token},
                            {"Expiration", iso_date(*keys.expires)}})
              .to_text(),
          {}};
}

}  // namespace

HttpAnswer answer_metadata(World& world, Record& record) {
  if (!world.metadata.enabled) return plain(403, "");
  if (record.operation == "metadata:token") return issue_token(world, record);
  const auto token = world.metadata.tokens.find(record.request.header("x-aws-ec2-metadata-token").value_or(""));
  if (token == world.metadata.tokens.end() || token->second <= record.time) return plain(401, "");
  const std::string path(record.request.path());
  if (record.operation == "metadata:region") return plain(200, world.metadata.region);
  const bool has_role = !world.metadata.role.empty();
  if (record.operation == "metadata:roles" && has_role) return plain(200, world.metadata.role);
  const bool right_role = path == std::string(kRoleList) + '/' + world.metadata.role;
  if (record.operation == "metadata:credentials" && has_role && right_role) return instance_credentials(world, record);
  return not_found();
}

HttpAnswer answer_container(World& world, Record& record) {
  const std::string& wanted = world.container.authorization;
  if (!wanted.empty() && record.request.header("authorization").value_or("") != wanted) {
    return json(401, {{"code", "AccessDenied"}, {"message", "the authorization token is missing or wrong"}});
  }
  const Principal& keys = world.keys.issue(world.container.role_arn, record.time + world.container.lifetime);
  return json(200, {{"AccessKeyId", keys.access_key},
                    {"Expiration", iso_date(*keys.expires)},
                    {"RoleArn", world.container.role_arn},
                    {"SecretAccessKey", keys.secret_key},
                    {"Token", keys.session_token}});
}

HttpAnswer answer_sso(World& world, Record& record) {
  const std::string bearer = record.request.header("x-amz-sso_bearer_token").value_or("");
  if (world.sso.bearer.empty() || bearer != world.sso.bearer) {
    return json(401, {{"message", "Session token not found or invalid"},
                      {"__type", "com.amazonaws.switchboard.portal#UnauthorizedException"}});
  }
  auto query = parse_form(record.request.query());
  const std::string name = query["role_name"];
  if (!world.roles.contains("arn:aws:iam::" + query["account_id"] + ":role/" + name)) {
    return json(403, {{"message", "No access"}, {"__type", "com.amazonaws.switchboard.portal#ForbiddenException"}});
  }
  const std::string arn = "arn:aws:sts::" + query["account_id"] + ":assumed-role/AWSReservedSSO_" + name + "/someone";
  const double expires = record.time + world.sso.lifetime;
  const Principal& keys = world.keys.issue(arn, expires);
  Json::Object credentials{{"accessKeyId", keys.access_key},
                           {"secretAccessKey", keys.secret_key},
                           {"sessionToken", keys.session_token},
                           {"expiration", Json::Number{std::to_string(static_cast<long long>(expires) * 1000)}}};
  return json(200, {{"roleCredentials", std::move(credentials)}});
}

void classify(Record& record) {
  const HttpRequest& request = record.request;
  const std::string path(request.path());
  const std::string target = request.header("x-amz-target").value_or("");
  if (target.starts_with("secretsmanager.")) {
    record.operation = target.substr(15);
    const auto asked = Json::parse(request.body);
    if (!asked) return;
    record.secret_id = (*asked)["SecretId"].text_or("");
    for (const std::string& id : (*asked)["SecretIdList"].strings()) {
      record.secret_id += (record.secret_id.empty() ? "" : ",") + id;
    }
    return;
  }
  const std::string type = request.header("content-type").value_or("");
  if (request.method == "POST" && type.starts_with("application/x-www-form-urlencoded")) {
    auto form = parse_form(request.body);
    record.operation = form["Action"];
    record.secret_id = form["RoleArn"];
    return;
  }
  if (path == "/latest/api/token" && request.method == "PUT") {
    record.operation = "metadata:token";
  } else if (path == "/latest/meta-data/placement/region") {
    record.operation = "metadata:region";
  } else if (path.starts_with(kRoleList)) {
    const bool list = path.size() <= kRoleList.size() + 1;
    record.operation = list ? "metadata:roles" : "metadata:credentials";
  } else if (path.starts_with("/latest/")) {
    record.operation = "metadata:other";
  } else if (path.find("credentials") != std::string::npos && path.starts_with("/federation/")) {
    record.operation = "sso:credentials";
  } else if (path.find("credentials") != std::string::npos) {
    record.operation = "container:credentials";
  } else {
    record.operation = "unknown";
  }
}

}  // namespace sma::standin
