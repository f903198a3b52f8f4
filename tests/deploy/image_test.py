"""The image, as Docker sees it and as its user runs it."""
import contextlib
import json

import pytest
from conftest import DEMO_SECRET, KEYS, SECRETS, docker, eventually

pytestmark = pytest.mark.containers
NAME = "secrets-manager-agent-image-test"
TOKEN = ["--env", "AWS_TOKEN=file:///run/secrets-manager-agent/token"]
HARDENED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "16m", "--memory-swap",
            "16m", "--cpus", "0.1", "--pids-limit", "32"]


@pytest.fixture(scope="module")
def image(images):
    return json.loads(docker("image", "inspect", images["agent"]).stdout)[0]


def test_the_image_has_at_most_6_5_megabytes(image):
    assert image["Size"] <= 6_500_000


def test_the_image_says_what_it_is(image):
    labels = image["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == "secrets-manager-agent"
    assert labels["org.opencontainers.image.version"] == "1.0.0"
    assert labels["org.opencontainers.image.description"]


def test_the_image_runs_as_a_numeric_user_and_knows_its_health(image):
    assert image["Config"]["User"] == "65532:65532"
    assert image["Config"]["WorkingDir"] == "/app"
    assert image["Config"]["Healthcheck"]["Test"] == ["CMD", "/app/secrets-manager-agent", "--health-check"]


@pytest.mark.parametrize("command", [
    ["--version"],
    ["aws_secretsmanager_agent", "--version"],
    ["./aws_secretsmanager_agent", "--check-config"],
    ["/app/aws_secretsmanager_agent", "--check-config"],
    ["/app/aws-workload-credentials-provider", "--check-config"],
    ["/app/secrets-manager-agent", "--check-config"],
], ids=" ".join)
def test_a_command_in_place_of_the_images_starts(images, command):
    docker("run", "--rm", "-e", "AWS_TOKEN=file:///run/token", images["agent"], *command)


@pytest.mark.parametrize("program", ["./aws_secretsmanager_agent", "/app/aws-workload-credentials-provider"])
def test_an_entry_point_in_place_of_the_images_starts(images, program):
    docker("run", "--rm", "-e", "AWS_TOKEN=file:///run/token", "--entrypoint", program, images["agent"], "--check-config")


@pytest.fixture
def aws(images):
    """The stand-in, in a container whose network the agent joins; yields that container's name."""
    name = f"{NAME}-aws"
    keys = ["--access-key", KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"]]
    docker("rm", "-f", name, check=False)
    docker("run", "-d", "--name", name, "-v", f"{SECRETS}:/secrets.json:ro", images["standin"], "--listen", "127.0.0.1:8080",
           "--secrets", "/secrets.json", *keys)
    yield name
    docker("rm", "-f", name)


@contextlib.contextmanager
def hardened(images, aws, *options, arguments=()):
    """The agent with as little as it is promised to need: a read-only root, 16 MB, a tenth of a CPU; yields its name."""
    docker("rm", "-f", "-v", NAME, check=False)
    given = [option for key, value in KEYS.items() for option in ("--env", f"{key}={value}")]
    docker("run", "-d", "--name", NAME, "--network", f"container:{aws}", *HARDENED, *given, "--env", "AWS_REGION=us-east-1",
           "--env", "AWS_ENDPOINT_URL=http://127.0.0.1:8080", *options, images["agent"], *arguments)
    try:
        yield NAME
    finally:
        docker("rm", "-f", "-v", NAME)


@pytest.fixture
def agent(images, aws):
    """The agent with an empty memory-backed volume for its token."""
    volume = ["--tmpfs", "/run/secrets-manager-agent:uid=65532,gid=65532,mode=0750,size=64k"]
    with hardened(images, aws, *TOKEN, *volume, arguments=["--create-token"]) as name:
        yield name


def test_the_image_runs_as_any_user(images, aws):
    options = ["--user", "12345:12345", "--env", "AWS_TOKEN=the-token-of-any-user", "--env", "SMA_LOG_TO_FILE=false"]
    with hardened(images, aws, *options) as agent:
        secret = docker("exec", agent, "/app/secrets-manager-agent", "get", "demo/secret", "--wait", "30").stdout
        assert secret == DEMO_SECRET


def test_16_megabytes_and_a_tenth_of_a_cpu_serve_a_secret(agent):
    secret = docker("exec", agent, "/app/secrets-manager-agent", "get", "demo/secret", "--wait", "30").stdout
    assert secret == DEMO_SECRET
    eventually(lambda: docker("inspect", "-f", "{{.State.Health.Status}}", agent).stdout.strip() == "healthy")
    docker("stop", "-t", "15", agent)
    state = json.loads(docker("inspect", "-f", "{{json .State}}", agent).stdout)
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)


def test_a_read_only_root_leaves_the_log_on_standard_error(agent):
    log = eventually(lambda: "listening" in (text := docker("logs", agent).stdout) and text)
    assert "WARN" in log and "logs" in log
