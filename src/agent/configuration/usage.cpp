#include "agent/configuration/usage.h"

namespace sma {

std::string usage() {
  return R"(Usage: secrets-manager-agent [--config FILE] [--create-token] [--token-group GID] [--lambda]
       secrets-manager-agent sm start [--config FILE]
       secrets-manager-agent --check-config [FILE] [--online]
       secrets-manager-agent --health-check [--ready] [--config FILE]
       secrets-manager-agent status [--watch] [--json] [--config FILE]
       secrets-manager-agent get REFERENCE [OPTION]... [--config FILE]
       secrets-manager-agent exec [OPTION]... [--config FILE] [--] COMMAND [ARGUMENT]...
       secrets-manager-agent copy-to PATH
       secrets-manager-agent acm start | acm reload | setup-config-based-permissions
       secrets-manager-agent --help | --version

Serves AWS Secrets Manager secrets on http://127.0.0.1:2773, and on the Unix socket of
unix_socket if that is set. Clients use the socket then. Monitoring reads /metrics, there or on
metrics_address. Writes secrets to the files of files, and keeps these up to date.

  -c, --config FILE       read this TOML file; SMA_ variables win over it
      --create-token      write a new token to the token's file if there is none
      --token-group GID   the group of that file, of unix_socket and of files, as a number
      --lambda            run as an extension of AWS Lambda
      --check-config      check all that a start needs, print the settings in force
      --online            then ask AWS who the agent is and which secrets it may read
      --health-check      ask the running agent: exit 0 if it is healthy, else 1
      --ready             with it: exit 0 once credentials, prefetched secrets and files are there
      --agent-user UID    with --health-check, get, exec and status: trust this user as the agent
                          on the socket too, beside root, yourself, 65532 and the folder's owner
  -h, --help              print this
  -v, -V, --version       print the versions of the agent and of the libraries in it

sm start runs as version 3 of the AWS agent does. acm and setup-config-based-permissions,
which that version has, only say that certificates are not this agent's job.

get asks the running agent for a secret and prints its bytes. REFERENCE is a name or an ARN,
and then, if wanted, :JSON-KEY:VERSION-STAGE:VERSION-ID, as in a task definition of ECS:
      --wait SECONDS      try for that long, until the token's file and the agent are there
      --version-id V      this version
      --version-stage S   the version with this stage
      --role-arn R        with this role
      --refresh           from AWS, not from the cache
      --field NAME        only this field of a secret that is a JSON object (a.b.0: within it)
      --json              the agent's whole answer

status shows what the running agent does, and never a value:
      --watch             again every 2 seconds
      --json              the agent's answer to GET /status

exec replaces each {{secret:REFERENCE}} in the values of the environment, and becomes COMMAND:
      --wait SECONDS      try for that long (30)
      --env NAME=REFERENCE     set this variable
      --env-json REFERENCE     a variable for each key of a secret that is a JSON object
      --prefix P          begins the names of those variables
      --clean             leave out SMA_ variables and the agent's token

copy-to writes the program itself to PATH, for an image that is to start its own program by exec.
)";
}

}  // namespace sma
