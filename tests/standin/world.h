#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/standin/http.h"
#include "tests/standin/key_ring.h"
#include "tests/standin/record.h"
#include "tests/standin/secret_store.h"

namespace sma::standin {

/// An IAM role and whom it trusts.
struct Role {
  std::string arn;
  std::vector<std::string> session_names;        // trusted; empty: any
  std::vector<std::string> principals;           // beginnings of trusted ARNs; empty: any
  std::optional<std::string> external_id;        // demanded where set
  std::vector<std::string> web_identity_tokens;  // for AssumeRoleWithWebIdentity; empty: refused
  int lifetime = 3600;                           // seconds the issued keys live, where the call asks for no less
};

/// The instance metadata service, version 2.
struct InstanceMetadata {
  bool enabled = true;                 // false: 403, as an instance that switched it off
  std::string role = "instance-role";  // empty: 404 on the role list
  std::string region = "us-east-1";
  int lifetime = 21600;                  // seconds
  bool beyond_hop_limit = false;         // the token call gets no answer
  std::map<std::string, double> tokens;  // issued, with their expiry
};

/// The endpoint that ECS (task role) and EKS (Pod Identity) run.
struct ContainerEndpoint {
  std::string authorization;  // demanded in Authorization; empty: none
  std::string role_arn = "arn:aws:iam::123456789012:role/task-role";
  int lifetime = 21600;  // seconds
};

/// The IAM Identity Center portal.
struct SsoPortal {
  std::string bearer;   // the access token it takes; empty: none
  int lifetime = 3600;  // seconds
};

/// The account that the services speak of. Not synchronised: Standin's lock guards it.
struct World {
  SecretStore secrets;
  KeyRing keys;
  std::map<std::string, Role> roles;  // by ARN
  InstanceMetadata metadata;
  ContainerEndpoint container;
  SsoPortal sso;

  void add_role(Role role) { roles.insert_or_assign(role.arn, std::move(role)); }
};

/// JSON 1.1: GetSecretValue, DescribeSecret, BatchGetSecretValue.
[[nodiscard]] HttpAnswer answer_secrets_manager(World& world, Record& record);
/// Query protocol: GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity.
[[nodiscard]] HttpAnswer answer_sts(World& world, Record& record);
/// Instance metadata, container endpoint, SSO portal.
[[nodiscard]] HttpAnswer answer_metadata(World& world, Record& record);
[[nodiscard]] HttpAnswer answer_container(World& world, Record& record);
[[nodiscard]] HttpAnswer answer_sso(World& world, Record& record);

/// Fills in the record's operation and secret id. Anything unknown is `unknown`.
void classify(Record& record);

}  // namespace sma::standin
