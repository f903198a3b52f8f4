#include <algorithm>
#include <cstdlib>

#include "tests/standin/answers.h"
#include "tests/standin/encoding.h"
#include "tests/standin/world.h"

namespace sma::standin {

namespace {

using Form = std::map<std::string, std::string>;

HttpAnswer answer_xml(const std::string& operation, const std::string& result) {
  return {200,
          "text/xml",
          "<" + operation + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <" + operation +
              "Result>\n" + result + "  </" + operation + "Result>\n  <ResponseMetadata>\n    <RequestId>" +
              random_uuid() + "</RequestId>\n  </ResponseMetadata>\n</" + operation + "Response>\n",
          {}};
}

std::string element(const std::string& name, const std::string& text) {
  return "<" + name + ">" + xml_escape(text) + "</" + name + ">\n";
}

HttpAnswer signature_error(const SignatureCheck& check) {
  switch (check.verdict) {
    case Verdict::kUnsigned:
      return query_error(403, "MissingAuthenticationToken", "Request is missing Authentication Token");
    case Verdict::kIncomplete:
      return query_error(400, "IncompleteSignature", check.message);
    case Verdict::kUnknownKey:
      return query_error(403, "InvalidClientTokenId", check.message);
    case Verdict::kExpiredToken:
      return query_error(403, "ExpiredToken", check.message);
    default:
      return query_error(403, "SignatureDoesNotMatch", check.message);
  }
}

bool trusts(const std::vector<std::string>& list, const std::string& value, bool by_beginning) {
  return list.empty() || std::any_of(list.begin(), list.end(), [&](const std::string& item) {
           return by_beginning ? value.starts_with(item) : value == item;
         });
}

std::string role_name(const std::string& arn) { return arn.substr(arn.rfind('/') + 1); }

/// The keys and the assumed role, as both AssumeRole operations answer them.
std::string issue(World& world, const Role& role, const Form& form, double now) {
  const auto asked = form.find("DurationSeconds");
  const int lifetime = asked == form.end() ? role.lifetime : std::min(role.lifetime, std::atoi(asked->second.c_str()));
  const std::string session = form.at("RoleSessionName");
  const std::string arn =
      "arn:aws:sts::" + world.secrets.account + ":assumed-role/" + role_name(role.arn) + '/' + session;
  const Principal& keys = world.keys.issue(arn, now + lifetime);
  return "    <AssumedRoleUser>\n" + element("AssumedRoleId", "AROASTANDINEXAMPLE00:" + session) + element("Arn", arn) +
         "    </AssumedRoleUser>\n    <Credentials>\n" + element("AccessKeyId", keys.access_key) +
         element("SecretAccessKey", keys.secret_key) + element("SessionToken", keys.session_token) +
         element("Expiration", iso_date(*keys.expires)) + "    </Credentials>\n";
}

std::optional<HttpAnswer> malformed(const Form& form) {
  for (const char* name : {"RoleArn", "RoleSessionName"}) {
    const auto found = form.find(name);
    if (found == form.end() || found->second.empty()) {
      return query_error(400, "ValidationError",
                         std::string("1 validation error detected: Value null at '") + name +
                             "' failed to satisfy constraint: Member must not be null");
    }
  }
  return std::nullopt;
}

HttpAnswer assume_role(World& world, const Record& record, const Form& form) {
  if (auto error = malformed(form)) return *error;
  const std::string& arn = form.at("RoleArn");
  const auto found = world.roles.find(arn);
  const auto given_id = form.find("ExternalId");
  const bool allowed =
      found != world.roles.end() && trusts(found->second.session_names, form.at("RoleSessionName"), false) &&
      trusts(found->second.principals, record.signature.principal_arn, true) &&
      (!found->second.external_id || (given_id != form.end() && given_id->second == *found->second.external_id));
  if (!allowed) {
    return query_error(403, "AccessDenied",
                       "User: " + record.signature.principal_arn +
                           " is not authorized to perform: sts:AssumeRole on resource: " + arn);
  }
  return answer_xml("AssumeRole", issue(world, found->second, form, record.time));
}

HttpAnswer assume_role_with_web_identity(World& world, const Record& record, const Form& form) {
  if (auto error = malformed(form)) return *error;
  const auto token = form.find("WebIdentityToken");
  const auto found = world.roles.find(form.at("RoleArn"));
  if (token == form.end() || token->second.empty()) {
    return query_error(400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT.");
  }
  if (found == world.roles.end() || found->second.web_identity_tokens.empty() ||
      !trusts(found->second.session_names, form.at("RoleSessionName"), false)) {
    return query_error(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  }
  if (!trusts(found->second.web_identity_tokens, token->second, false)) {
    return query_error(400, "ExpiredTokenException", "Token expired: current date/time must be before the expiration");
  }
  return answer_xml("AssumeRoleWithWebIdentity", issue(world, found->second, form, record.time));
}

}  // namespace

HttpAnswer answer_sts(World& world, Record& record) {
  const auto form = parse_form(record.request.body);
  const auto version = form.find("Version");
  if (version == form.end() || version->second != "2011-06-15") {
    return query_error(400, "InvalidAction", "Could not find operation " + record.operation + " for this version");
  }
  if (record.operation == "AssumeRoleWithWebIdentity") return assume_role_with_web_identity(world, record, form);
  record.signature = check_signature(record.request, "sts", world.keys, record.time);
  if (record.signature.verdict != Verdict::kValid) return signature_error(record.signature);
  if (record.operation == "AssumeRole") return assume_role(world, record, form);
  if (record.operation == "GetCallerIdentity") {
    return answer_xml("GetCallerIdentity", element("Arn", record.signature.principal_arn) +
                                               element("UserId", "AIDASTANDINEXAMPLE") +
                                               element("Account", world.secrets.account));
  }
  return query_error(400, "InvalidAction", "Could not find operation " + record.operation);
}

}  // namespace sma::standin
