#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/network_namespace.h"

// The addresses that AWS has on its machines, served by the stand-in, and an agent that is told of none.

namespace sma::integration {

namespace {

constexpr const char* kInstanceArn = "arn:aws:sts::123456789012:assumed-role/instance-role/i-0123456789abcdef0";
constexpr const char* kTaskArn = "arn:aws:iam::123456789012:role/task-role";
constexpr const char* kPodToken = "pod-identity-token-0123456789";

/// Runs `work` where these addresses are, or says why not.
void in_a_network_of_aws(const std::function<void()>& work) {
  std::string why;
  const bool ran = run_in_network_namespace(
      {"169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "fd00:ec2::23/128", "fd00:ec2::254/128"}, work,
      why);
  if (!ran) MESSAGE("skipped: no network namespace: ", why);
}

standin::StandinOptions everywhere() {
  standin::StandinOptions options;
  options.listen = {"127.0.0.1:0",       "169.254.169.254:80", "169.254.170.2:80",
                    "169.254.170.23:80", "[fd00:ec2::23]:80",  "[fd00:ec2::254]:80"};
  return options;
}

/// No keys, no region, and proxies that nobody runs: a call through them would get nothing.
Variables on_aws(const Variables& more = {}) {
  Variables variables{{"AWS_ACCESS_KEY_ID", ""},
                      {"AWS_SECRET_ACCESS_KEY", ""},
                      {"AWS_REGION", ""},
                      {"AWS_EC2_METADATA_DISABLED", ""},
                      {"http_proxy", "http://127.0.0.1:1"},
                      {"HTTP_PROXY", "http://127.0.0.1:1"},
                      {"https_proxy", "http://127.0.0.1:1"},
                      {"ALL_PROXY", "http://127.0.0.1:1"}};
  for (const auto& [name, value] : more) variables[name] = value;
  return variables;
}

/// Starts it, gets a secret, and gives who AWS saw.
std::string who_reads(AgentWithAws& scene) {
  scene.aws.put("real/address", "real-address-value");
  CHECK(scene.agent().get_secret("real/address").status == 200);
  return scene.aws.last("GetSecretValue").signature.principal_arn;
}

std::string host_of(const standin::Record& record) { return record.request.header("host").value_or(""); }

bool found_by(AgentWithAws& scene, const std::string& source) {
  return scene.agent().logs("INFO credentials found source=" + source);
}

}  // namespace

TEST_CASE("on EC2 region and role are found at the address of instance metadata") {
  in_a_network_of_aws([] {
    AgentWithAws scene(on_aws(), {}, everywhere());
    scene.aws.with([](standin::World& world) { world.metadata.region = "ap-south-1"; });
    CHECK(who_reads(scene) == kInstanceArn);
    CHECK(scene.aws.last("GetSecretValue").signature.region == "ap-south-1");
    CHECK(scene.aws.last("GetCallerIdentity").signature.region == "ap-south-1");
    for (const auto& record : scene.aws.records())
      if (record.operation.starts_with("metadata:")) CHECK(host_of(record) == "169.254.169.254");
    CHECK(scene.aws.count("metadata:token") == 1);
    CHECK(scene.aws.last("metadata:token").request.method == "PUT");
    CHECK(found_by(scene, "\"instance metadata\""));
  });
}

TEST_CASE("on EC2 with IPv6 the other address of instance metadata is asked") {
  in_a_network_of_aws([] {
    AgentWithAws scene(on_aws({{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}}), {}, everywhere());
    CHECK(who_reads(scene) == kInstanceArn);
    CHECK(host_of(scene.aws.last("metadata:credentials")) == "[fd00:ec2::254]");
  });
}

TEST_CASE("in an ECS task the task role is found, and the instance's role beside it is not asked for") {
  in_a_network_of_aws([] {
    const std::string path = "/v2/credentials/0123-4567?id=8";
    AgentWithAws scene(on_aws({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", path}, {"AWS_REGION", "eu-west-1"}}), {},
                       everywhere());
    CHECK(who_reads(scene) == kTaskArn);
    const auto call = scene.aws.last("container:credentials");
    CHECK(host_of(call) == "169.254.170.2");
    CHECK(call.request.target == path);
    CHECK(scene.aws.count("metadata:token") == 0);
    CHECK(found_by(scene, "container"));
  });
}

TEST_CASE("in an EKS pod the pod's identity is found over IPv4 and IPv6, with the token of its file") {
  in_a_network_of_aws([] {
    for (const std::string host : {"169.254.170.23", "[fd00:ec2::23]"}) {
      const TempFolder folder;
      const std::string token = folder.write("token", kPodToken);
      AgentWithAws scene(on_aws({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://" + host + "/v1/credentials"},
                                 {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token},
                                 {"AWS_REGION", "eu-west-1"}}),
                         {}, everywhere());
      scene.aws.with([](standin::World& world) { world.container.authorization = kPodToken; });
      CHECK(who_reads(scene) == kTaskArn);
      CHECK(host_of(scene.aws.last("container:credentials")) == host);
    }
  });
}

TEST_CASE("metadata whose answers do not come as far as this container name the hop limit") {
  in_a_network_of_aws([] {
    AgentWithAws scene(on_aws(), {}, everywhere());
    scene.aws.with([](standin::World& world) { world.metadata.beyond_hop_limit = true; });
    AgentSettings settings;
    settings.environment = on_aws({{"AWS_ENDPOINT_URL", scene.aws.url()}});
    const Outcome outcome = run_agent(settings);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find("hop limit") != std::string::npos);
  });
}

TEST_CASE("where there is neither a metadata service nor anything else the start ends at once and says so") {
  std::string why;
  const bool ran = run_in_network_namespace(
      {},
      [] {
        AgentSettings settings;
        settings.environment = on_aws({{"AWS_REGION", "eu-west-1"}});
        const Outcome outcome = run_agent(settings);
        CHECK(outcome.exit_code == 1);
        CHECK(outcome.errors.find("no instance metadata: ") != std::string::npos);
        CHECK(outcome.errors.find("AWS_CONTAINER_CREDENTIALS_FULL_URI") != std::string::npos);
      },
      why);
  if (!ran) MESSAGE("skipped: no network namespace: ", why);
}

}  // namespace sma::integration
