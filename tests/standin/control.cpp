#include "tests/standin/control.h"

#include <stdexcept>

#include "tests/standin/standin.h"

namespace sma::standin {

namespace {

HttpAnswer json(Json body, int status = 200) { return {status, "application/json", body.to_text(), {}}; }

HttpAnswer done() { return json(Json::Object{{"done", true}}); }

FaultPlan::Kind kind_of(const std::string& name) {
  using Kind = FaultPlan::Kind;
  static const std::map<std::string, Kind> kKinds{{"none", Kind::kNone},
                                                  {"answer", Kind::kAnswer},
                                                  {"hang", Kind::kHang},
                                                  {"reset", Kind::kReset},
                                                  {"reset-in-answer", Kind::kResetInAnswer},
                                                  {"half-answer", Kind::kHalfAnswer},
                                                  {"long-length", Kind::kLongLength},
                                                  {"short-length", Kind::kShortLength},
                                                  {"not-http", Kind::kNotHttp},
                                                  {"drip", Kind::kDrip},
                                                  {"huge", Kind::kHuge},
                                                  {"twice", Kind::kTwice}};
  const auto found = kKinds.find(name);
  if (found == kKinds.end()) throw std::runtime_error("unknown kind of fault: " + name);
  return found->second;
}

FaultPlan read_plan(const Json& asked) {
  FaultPlan plan;
  const auto status = static_cast<int>(asked["status"].number_or(400));
  if (asked.has("code")) {
    const std::string code = asked["code"].text_or("");
    const std::string message = asked["message"].text_or("");
    plan = asked["protocol"].text_or("json") == "query"
               ? FaultPlan::sts_error(status, code, message)
               : FaultPlan::error(status, code, message, asked["messageName"].text_or("message"));
  } else if (asked.has("body")) {
    plan = FaultPlan::body(status, asked["body"].text_or(""), asked["contentType"].text_or("text/html"));
  } else {
    plan.kind = kind_of(asked["kind"].text_or("none"));
  }
  plan.operation = asked["operation"].text_or("*");
  plan.secret_id = asked["secretId"].text_or("");
  plan.skip = static_cast<int>(asked["skip"].number_or(0));
  plan.count = static_cast<int>(asked["count"].number_or(1));
  plan.every = static_cast<int>(asked["every"].number_or(1));
  plan.before = std::chrono::milliseconds(static_cast<long>(asked["beforeMs"].number_or(0)));
  plan.between = std::chrono::milliseconds(static_cast<long>(asked["betweenMs"].number_or(0)));
  plan.bytes = static_cast<std::uint64_t>(asked["bytes"].number_or(100e6));
  plan.close = asked["close"].bool_or(false);
  if (asked["hold"].bool_or(false)) plan.gate = std::make_shared<Gate>();
  for (const auto& [name, value] : asked["headers"].members()) {
    plan.answer.headers.emplace_back(name, value.text_or(""));
  }
  return plan;
}

HttpAnswer faults(Standin& standin, const HttpRequest& request, const Json& asked) {
  if (request.method == "DELETE") {
    standin.clear_faults();
  } else {
    standin.fail(read_plan(asked));
  }
  return done();
}

HttpAnswer records(Standin& standin, const HttpRequest& request) {
  if (request.method == "DELETE") {
    standin.clear_records();
    return done();
  }
  auto query = parse_form(request.query());
  Json::Array out;
  for (const Record& record : standin.records()) {
    if (query["operation"].empty() || query["operation"] == record.operation) {
      out.push_back(to_json(record, query.contains("whole")));
    }
  }
  return json(std::move(out));
}

HttpAnswer counts(Standin& standin) {
  std::map<std::string, int> counted;
  for (const Record& record : standin.records()) ++counted[record.operation];
  Json::Object out;
  for (const auto& [operation, count] : counted) out.emplace_back(operation, count);
  return json(std::move(out));
}

HttpAnswer rotate(Standin& standin, const Json& asked) {
  if (asked.has("name")) return json(Json::Object{{"versionId", standin.rotate(asked["name"].text_or(""))}});
  const double now = standin.now();
  standin.with([now](World& world) { world.secrets.rotate_all(now); });
  return done();
}

HttpAnswer keys(Standin& standin, const HttpRequest& request, const Json& asked) {
  standin.with([&](World& world) {
    if (request.method == "DELETE") {
      world.keys.revoke_all();
    } else {
      world.keys.add({asked["accessKey"].text_or(""), asked["secretKey"].text_or(""), asked["sessionToken"].text_or(""),
                      asked["arn"].text_or("arn:aws:iam::" + world.secrets.account + ":user/someone"),
                      asked.has("expires") ? std::optional(asked["expires"].number_or(0)) : std::nullopt});
    }
  });
  return done();
}

HttpAnswer roles(Standin& standin, const Json& asked) {
  Role role;
  role.arn = asked["arn"].text_or("");
  role.session_names = asked["sessionNames"].strings();
  role.principals = asked["principals"].strings();
  role.web_identity_tokens = asked["webIdentityTokens"].strings();
  role.lifetime = static_cast<int>(asked["lifetime"].number_or(role.lifetime));
  if (asked.has("externalId")) role.external_id = asked["externalId"].text_or("");
  standin.with([&role](World& world) { world.add_role(role); });
  return done();
}

HttpAnswer settings(Standin& standin, const Json& asked) {
  if (asked.has("clockOffset")) standin.set_clock_offset(asked["clockOffset"].number_or(0));
  standin.with([&asked](World& world) {
    const Json& metadata = asked["metadata"];
    world.metadata.enabled = metadata["enabled"].bool_or(world.metadata.enabled);
    world.metadata.role = metadata["role"].text_or(world.metadata.role);
    world.metadata.region = metadata["region"].text_or(world.metadata.region);
    world.metadata.lifetime = static_cast<int>(metadata["lifetime"].number_or(world.metadata.lifetime));
    world.metadata.beyond_hop_limit = metadata["beyondHopLimit"].bool_or(world.metadata.beyond_hop_limit);
    const Json& container = asked["container"];
    world.container.authorization = container["authorization"].text_or(world.container.authorization);
    world.container.role_arn = container["roleArn"].text_or(world.container.role_arn);
    world.container.lifetime = static_cast<int>(container["lifetime"].number_or(world.container.lifetime));
    const Json& sso = asked["sso"];
    world.sso.bearer = sso["bearer"].text_or(world.sso.bearer);
    world.sso.lifetime = static_cast<int>(sso["lifetime"].number_or(world.sso.lifetime));
  });
  return done();
}

HttpAnswer lambda(Standin& standin, const Json& asked) {
  if (asked["event"].text_or("") == "SHUTDOWN") {
    standin.lambda().shut_down();
  } else {
    standin.lambda().invoke();
  }
  return done();
}

HttpAnswer dispatch(Standin& standin, const HttpRequest& request) {
  const std::string_view path = request.path();
  if (path == "/_standin/ping") return done();
  if (path == "/_standin/records") return records(standin, request);
  if (path == "/_standin/counts") return counts(standin);
  const auto parsed = Json::parse(request.body.empty() ? "{}" : request.body);
  if (!parsed) throw std::runtime_error("the body is not JSON");
  const Json& asked = *parsed;
  if (path == "/_standin/faults") return faults(standin, request, asked);
  if (path == "/_standin/rotate") return rotate(standin, asked);
  if (path == "/_standin/keys") return keys(standin, request, asked);
  if (path == "/_standin/roles") return roles(standin, asked);
  if (path == "/_standin/settings") return settings(standin, asked);
  if (path == "/_standin/lambda") return lambda(standin, asked);
  if (path == "/_standin/secrets") {
    standin.load(request.body);
    return done();
  }
  return json(Json::Object{{"error", "no such request; see README.md"}}, 404);
}

}  // namespace

HttpAnswer answer_control(Standin& standin, const HttpRequest& request) {
  try {
    return dispatch(standin, request);
  } catch (const std::exception& error) {
    return json(Json::Object{{"error", error.what()}}, 400);
  }
}

}  // namespace sma::standin
