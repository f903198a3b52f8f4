"""deploy/ecs: the files against AWS's own models, the task as containers."""
import json
import re

import boto3
import botocore.session
import botocore.validate
import moto
import pytest
from conftest import DEMO_SECRET, DEPLOY, KEYS, SECRETS, docker, eventually

TASK = json.loads((DEPLOY / "ecs/task-definition.json").read_text())
SOCKET_TASK = json.loads((DEPLOY / "ecs/task-definition-unix-socket.json").read_text())
EXEC_TASK = json.loads((DEPLOY / "ecs/task-definition-exec.json").read_text())
FILES_TASK = json.loads((DEPLOY / "ecs/task-definition-files.json").read_text())
TASKS = {"token": TASK, "socket": SOCKET_TASK}
every_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
POLICIES = sorted(DEPLOY.glob("*/policy-*.json")) + sorted(DEPLOY.glob("*/*trust-policy.json"))


def unknown_values(value, shape, place=""):
    """Values that the model's enumerations do not list; botocore's validator does not look at them."""
    if shape.type_name == "structure":
        for name, member in value.items():
            yield from unknown_values(member, shape.members[name], f"{place}.{name}")
    elif shape.type_name == "list":
        for member in value:
            yield from unknown_values(member, shape.member, place + "[]")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{place}: {value}"


@pytest.mark.parametrize("task", [*TASKS.values(), EXEC_TASK, FILES_TASK], ids=[*TASKS, "exec", "files"])
def test_the_task_definition_is_what_register_task_definition_takes(task):
    service = botocore.session.get_session().get_service_model("ecs")
    shape = service.operation_model("RegisterTaskDefinition").input_shape
    report = botocore.validate.ParamValidator().validate(task, shape)
    assert not report.has_errors(), report.generate_report()
    assert list(unknown_values(task, shape)) == []


@every_task
def test_the_agent_is_essential_and_the_application_waits_for_its_health(task):
    agent, application = task["containerDefinitions"]
    assert agent["essential"] and agent["healthCheck"]["command"][0] == "CMD"
    assert application["dependsOn"] == [{"containerName": agent["name"], "condition": "HEALTHY"}]


@every_task
def test_the_application_can_only_read_the_volume(task):
    agent, application = task["containerDefinitions"]
    assert [mount["readOnly"] for mount in agent["mountPoints"]] == [False]
    assert [mount["readOnly"] for mount in application["mountPoints"]] == [True]
    assert agent["environment"][0] == application["environment"][0]


def test_the_task_that_starts_an_image_by_exec_has_the_same_agent_and_waits_for_the_program():
    agent, program, database = EXEC_TASK["containerDefinitions"]
    socket_agent, _ = SOCKET_TASK["containerDefinitions"]
    assert {**agent, "logConfiguration": None} == {**socket_agent, "logConfiguration": None}
    assert not program["essential"] and program["command"] == ["copy-to", database["entryPoint"][0]]
    assert database["dependsOn"] == [{"containerName": agent["name"], "condition": "HEALTHY"},
                                     {"containerName": program["name"], "condition": "SUCCESS"}]
    assert [mount["readOnly"] for mount in database["mountPoints"]] == [True, True]


def test_the_task_with_files_starts_the_database_once_they_are_written_and_lets_it_only_read_them():
    agent, database = FILES_TASK["containerDefinitions"]
    assert agent["healthCheck"]["command"][-2:] == ["--health-check", "--ready"]
    assert database["dependsOn"] == [{"containerName": agent["name"], "condition": "HEALTHY"}]
    [(folder, read_only)] = [(mount["containerPath"], mount["readOnly"]) for mount in database["mountPoints"]]
    assert read_only and folder in [mount["containerPath"] for mount in agent["mountPoints"]]
    [file] = [variable["value"] for variable in database["environment"] if variable["name"] == "POSTGRES_PASSWORD_FILE"]
    assert agent["environment"][0]["value"].startswith(file + "=") and file.startswith(folder + "/")


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_iam_takes_the_policy(path):
    with moto.mock_aws():
        iam = boto3.client("iam", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        trust = path.name.endswith("trust-policy.json")
        some_trust = (DEPLOY / "ecs/trust-policy.json").read_text()
        iam.create_role(RoleName="application", AssumeRolePolicyDocument=path.read_text() if trust else some_trust)
        if not trust:
            iam.put_role_policy(RoleName="application", PolicyName="secrets", PolicyDocument=path.read_text())


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*/policy-*.json")), ids=lambda path: path.name)
def test_a_policy_names_operations_that_exist(path):
    operations = botocore.session.get_session().get_service_model("secretsmanager").operation_names
    for statement in json.loads(path.read_text())["Statement"]:
        for action in statement["Action"]:
            assert action.removeprefix("secretsmanager:") in operations


def test_only_reading_is_allowed():
    allowed = {action for path in DEPLOY.glob("*/policy-*.json")
               for statement in json.loads(path.read_text())["Statement"] for action in statement["Action"]}
    assert all(re.fullmatch(r"secretsmanager:(Get|Describe|BatchGet|List)\w+", action) for action in allowed)


@pytest.fixture
def network():
    """The link-local network on which ECS serves a task's credentials, with the stand-in as that endpoint."""
    name = "secrets-manager-agent-ecs-test"
    docker("network", "rm", name, check=False)
    docker("network", "create", "--internal", "--subnet", "169.254.170.0/28", "--gateway", "169.254.170.1", name)
    yield name
    docker("network", "rm", name)


def options(definition, volume):
    """A container definition as `docker run` takes it."""
    given = []
    for variable in definition["environment"]:
        given += ["--env", f"{variable['name']}={variable['value']}"]
    for mount in definition["mountPoints"]:
        given += ["--volume", f"{volume}:{mount['containerPath']}{':ro' if mount['readOnly'] else ''}"]
    for capability in definition.get("linuxParameters", {}).get("capabilities", {}).get("drop", []):
        given += ["--cap-drop", capability]
    if definition.get("readonlyRootFilesystem"):
        given += ["--read-only"]
    if "user" in definition:
        given += ["--user", definition["user"]]
    if "healthCheck" in definition:
        given += ["--health-interval", f"{definition['healthCheck']['interval']}s"]
    return given


@pytest.mark.containers
def test_the_tasks_health_check_is_the_images(images):
    check = docker("image", "inspect", "-f", "{{json .Config.Healthcheck.Test}}", images["agent"]).stdout
    assert json.loads(check) == TASK["containerDefinitions"][0]["healthCheck"]["command"]


@pytest.mark.containers
@every_task
def test_the_task_runs_with_the_container_credentials_endpoint(images, network, task):
    agent, application = task["containerDefinitions"]
    volume = "secrets-manager-agent-ecs-test"
    names = [f"{volume}-{part}" for part in ("aws", "agent", "application")]
    docker("rm", "-f", *names, check=False)
    docker("volume", "rm", volume, check=False)
    keys = ["--access-key", KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"]]
    try:
        docker("run", "-d", "--name", names[0], "--network", network, "--ip", "169.254.170.2", "-v",
               f"{SECRETS}:/secrets.json:ro", "--user", "0", images["standin"], "--listen", "0.0.0.0:80", "--secrets",
               "/secrets.json", *keys)
        # The agent's network takes the place of the task's.
        docker("run", "-d", "--name", names[1], "--network", network, *options(agent, volume),
               "--env", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/0123",
               "--env", "AWS_ENDPOINT_URL=http://169.254.170.2", images["agent"], *agent.get("command", []))
        eventually(lambda: docker("inspect", "-f", "{{.State.Health.Status}}", names[1]).stdout.strip() == "healthy")
        docker("run", "-d", "--name", names[2], "--network", f"container:{names[1]}", *options(application, volume),
               images["client-application"])
        eventually(lambda: DEMO_SECRET in docker("logs", names[2]).stdout)
        mode = docker("exec", names[2], "sh", "-c", "stat -c '%n %a %u:%g' /run/secrets-manager-agent/*").stdout
        assert mode.split("/")[-1].split() in (["token", "640", "65532:65532"], ["agent.sock", "660", "65532:65532"])
    except BaseException:
        print(docker("logs", names[1], check=False).stdout)
        raise
    finally:
        docker("rm", "-f", *names, check=False)
        docker("volume", "rm", volume, check=False)
