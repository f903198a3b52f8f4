"""deploy/compose: both files under each Compose that can be had, with the stand-in as AWS."""
import json
import os
import shutil

import pytest
import yaml
from conftest import DEMO_SECRET, DEPLOY, KEYS, ROOT, SECRETS, docker, eventually, run

COMPOSE = DEPLOY / "compose"
AGENT_FILE = COMPOSE / "docker-compose.yml"
CONTAINER_FILE = COMPOSE / "agent-for-container.yml"
SOCKET_FILE = COMPOSE / "unix-socket.yml"
EXEC_FILE = COMPOSE / "exec.yml"
FILES_FILE = COMPOSE / "files.yml"
ROOT_FILE = ROOT / "docker-compose.yml"
PROJECT = "secrets-manager-agent-deploy-test"


def service(path, name):
    return yaml.safe_load(path.read_text())["services"][name]


@pytest.mark.parametrize("path", [AGENT_FILE, CONTAINER_FILE, SOCKET_FILE, EXEC_FILE, FILES_FILE],
                         ids=lambda path: path.name)
def test_the_agent_is_hardened(path):
    agent = service(path, "agent")
    assert agent["read_only"] is True
    assert agent["cap_drop"] == ["ALL"]
    assert agent["security_opt"] == ["no-new-privileges:true"]
    assert (agent["mem_limit"], agent["memswap_limit"], agent["cpus"]) == ("16m", "16m", 0.1)


@pytest.mark.parametrize("path", [AGENT_FILE, CONTAINER_FILE, SOCKET_FILE, EXEC_FILE, FILES_FILE, ROOT_FILE],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_the_cache_fits_into_the_memory_and_the_last_answers_into_the_time_to_stop(path):
    agent = service(path, "agent")
    settings = agent["environment"]
    if isinstance(settings, list):
        settings = dict(setting.split("=", 1) for setting in settings)
    assert int(settings["SMA_CACHE_BYTES"]) * 4 <= int(agent["mem_limit"].removesuffix("m")) << 20
    assert int(agent["stop_grace_period"].removesuffix("s")) > 11


def test_both_files_start_the_agent_alike():
    one, other = service(AGENT_FILE, "agent"), service(CONTAINER_FILE, "agent")
    differs = {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
    assert differs == {"healthcheck", "network_mode"}


def test_with_a_socket_the_agent_is_the_same_without_a_token():
    one, other = service(AGENT_FILE, "agent"), service(SOCKET_FILE, "agent")
    differs = {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
    assert differs == {"command", "environment", "volumes"}
    assert "AWS_TOKEN" not in other["environment"]
    web, worker = service(SOCKET_FILE, "web"), service(SOCKET_FILE, "worker")
    assert not set(web["networks"]) & set(worker["networks"])
    assert web["volumes"][0].endswith(":ro") and worker["volumes"] == web["volumes"]


def test_with_files_the_agent_is_the_same_and_only_the_volume_is_shared():
    one, other, database = service(SOCKET_FILE, "agent"), service(FILES_FILE, "agent"), service(FILES_FILE, "database")
    differs = {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
    assert differs == {"environment", "volumes", "healthcheck"}
    assert other["healthcheck"]["test"][-2:] == ["--health-check", "--ready"]
    assert database["volumes"] == [other["volumes"][0] + ":ro"]
    assert database["networks"] == ["back"] and "networks" not in other


def test_the_program_is_started_with_the_same_agent():
    assert service(EXEC_FILE, "agent") == service(SOCKET_FILE, "agent")
    assert service(EXEC_FILE, "database")["volumes"] == ["socket:/run/secrets-manager-agent:ro", "program:/program:ro"]


@pytest.fixture(params=["1", "2"])
def compose(request, images, tmp_path):
    """Runs Compose with a file of deploy/compose, the test's images, and the stand-in as AWS."""
    if request.param == "1":
        if not shutil.which("docker-compose"):
            pytest.skip("docker-compose is not on this machine")
        command = ["docker-compose"]
    else:
        second = run(ROOT / "tests/setup/compose-2", check=False)
        if second.returncode != 0:
            pytest.skip("Compose 2 cannot be had")
        command = second.stdout.split()
    docker("network", "create", PROJECT, check=False)
    keys = ["--access-key", KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"]]
    aws = f"{PROJECT}-aws"
    docker("rm", "-f", aws, check=False)
    docker("run", "-d", "--name", aws, "--network", PROJECT, "-v", f"{SECRETS}:/secrets.json:ro", images["standin"],
           "--listen", "0.0.0.0:8080", "--secrets", "/secrets.json", *keys)

    def call(path, *arguments, check=True, services=None, **environment):
        over = tmp_path / f"over-{path.name}"
        agent = {"image": images["agent"], "environment": {"AWS_ENDPOINT_URL": f"http://{aws}:8080"}}
        networks = {}
        if path != CONTAINER_FILE:
            networks = {"networks": {"default": {"external": True, "name": PROJECT}}}
        over.write_text(json.dumps({"services": {"agent": agent, **(services or {})}, **networks}))
        return run(*command, "-p", PROJECT, "-f", path, "-f", over, *arguments, check=check, cwd=COMPOSE,
                   env={**os.environ, **KEYS, "AWS_REGION": "us-east-1", "AWS_SESSION_TOKEN": "",
                        "APPLICATION_IMAGE": images["client-application"], **environment})
    yield call
    for path in (AGENT_FILE, SOCKET_FILE, EXEC_FILE, FILES_FILE):
        call(path, "down", "-v", "-t", "2", check=False)
    docker("rm", "-f", aws, check=False)
    docker("network", "rm", PROJECT, check=False)


@pytest.mark.containers
def test_the_application_starts_once_the_agent_is_healthy(compose):
    compose(AGENT_FILE, "up", "-d")
    agent = docker("ps", "-q", "--filter", "label=com.docker.compose.service=agent", "--filter",
                   f"label=com.docker.compose.project={PROJECT}").stdout.strip()
    assert docker("inspect", "-f", "{{.State.Health.Status}}", agent).stdout.strip() == "healthy"
    limits = docker("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}", agent).stdout.split()
    assert limits == [str(16 << 20), "100000000"]
    eventually(lambda: DEMO_SECRET in compose(AGENT_FILE, "logs", "application").stdout)


@pytest.mark.containers
def test_the_agent_joins_an_application_of_another_file(compose, images):
    application, volume = f"{PROJECT}-application", "secrets-manager-agent-token"
    docker("rm", "-f", application, check=False)
    docker("volume", "rm", volume, check=False)
    docker("volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt",
           "o=size=64k,mode=0750,uid=65532,gid=65532", volume)
    docker("run", "-d", "--name", application, "--network", PROJECT, "-v", f"{volume}:/run/secrets-manager-agent:ro",
           "--user", "1000", "--group-add", "65532", "-e", "AWS_TOKEN=file:///run/secrets-manager-agent/token",
           images["client-application"])
    try:
        compose(CONTAINER_FILE, "up", "-d", APPLICATION_CONTAINER=application)
        eventually(lambda: DEMO_SECRET in docker("logs", application).stdout)
    finally:
        compose(CONTAINER_FILE, "down", "-t", "2", check=False, APPLICATION_CONTAINER=application)
        docker("rm", "-f", application, check=False)
        docker("volume", "rm", volume, check=False)


@pytest.mark.containers
def test_two_applications_in_networks_of_their_own_share_an_agent_by_its_socket(compose):
    compose(SOCKET_FILE, "up", "-d")
    for name in ("web", "worker"):
        eventually(lambda: DEMO_SECRET in compose(SOCKET_FILE, "logs", name).stdout)
    assert "listening on unix:/run/secrets-manager-agent/agent.sock" in compose(SOCKET_FILE, "logs", "agent").stdout
    mode = compose(SOCKET_FILE, "exec", "-T", "web", "stat", "-c", "%a %u:%g", "/run/secrets-manager-agent/agent.sock")
    assert mode.stdout.split() == ["660", "65532:65532"]
    compose(SOCKET_FILE, "restart", "agent")
    compose(SOCKET_FILE, "exec", "-T", "web", "secrets-manager-agent", "get", "demo/secret", "--wait", "20")


@pytest.mark.containers
def test_an_image_that_is_not_modified_reads_its_password_from_a_file(compose, database_image):
    def call(*arguments, **options):
        return compose(FILES_FILE, *arguments, DATABASE_IMAGE=database_image,
                       PASSWORD_REFERENCE="demo/secret:password", **options)

    call("up", "-d")
    assert_password_works(lambda *command: call("exec", "-T", "database", *command, check=False))
    status = call("exec", "-T", "database", "stat", "-c", "%a %u:%g", "/run/secrets/db_password").stdout
    assert status.split() == ["440", "65532:65532"]


@pytest.mark.containers
def test_an_image_that_is_not_modified_gets_its_password_from_exec(compose, images, database_image):
    def call(*arguments, **options):
        reference = {"POSTGRES_PASSWORD": "{{secret:demo/secret:password}}"}
        services = {"program": {"image": images["agent"]}, "database": {"environment": reference}}
        return compose(EXEC_FILE, *arguments, services=services, DATABASE_IMAGE=database_image, **options)

    call("up", "-d")
    assert_password_works(lambda *command: call("exec", "-T", "database", *command, check=False))
    first = call("exec", "-T", "database", "cat", "/proc/1/comm")
    assert first.stdout.strip() == "postgres"


def assert_password_works(run_in_database):
    """The password of the demonstration's secret is the database's."""
    def ask(password):
        return run_in_database("env", f"PGPASSWORD={password}", "psql", "-h", "127.0.0.1", "-U", "postgres", "-Atc",
                               "select 'let in'")

    password = json.loads(DEMO_SECRET)["password"]
    eventually(lambda: "let in" in ask(password).stdout)
    assert "password authentication failed" in ask("another").stdout
