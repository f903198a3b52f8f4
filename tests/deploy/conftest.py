"""What the tests of deploy/ share: the folder, the programs that were built, the stand-in for AWS, containers."""
import contextlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BUILD = Path(os.environ.get("BUILD", ROOT / "build" / os.uname().machine))
AGENT = BUILD / "secrets-manager-agent"
STANDIN = BUILD / "standin"
SECRETS = ROOT / "tests/standin/demo-secrets.json"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIADEPLOYEXAMPLE000", "AWS_SECRET_ACCESS_KEY": "deploy/EXAMPLE+secret/key"}
DEMO_SECRET = '{"username":"demo","password":"the stand-in\'s own secret"}'


def pytest_addoption(parser):
    parser.addoption("--containers", action="store_true", help="also what needs Docker and podman")


def pytest_configure(config):
    config.addinivalue_line("markers", "containers: needs a container engine")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--containers"):
        items[:] = [item for item in items if "containers" not in item.keywords]


def run(*command, check=True, **options):
    """Runs a command; if it fails, its output, both streams, is the message."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=options.pop("timeout", 300), **options)
    if check and done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}")
    return done


def eventually(condition, seconds=60):
    """Waits until condition() returns something true, and returns that."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            pytest.fail("it did not happen")
        time.sleep(0.1)
    return value


@contextlib.contextmanager
def started(command, environment, first_line):
    """A program of ours, running; yields what the pattern's group matches in its output."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            def line():
                output.seek(0)
                text = output.read()
                if process.poll() is not None:
                    pytest.fail(f"{command[0]}: exit {process.returncode}\n{text}")
                return re.search(first_line, text)
            yield eventually(line, 20).group(1)
        finally:
            process.terminate()
            process.wait(30)


def free_port():
    """A port that the kernel gives to no outgoing connection meanwhile: it takes those from 32768 on."""
    while True:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", random.randrange(16384, 32768)))
            return probe.getsockname()[1]


class Aws:
    """The stand-in, running on loopback."""

    def __init__(self, url):
        self.url = url
        self.environment = {"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", **KEYS}

    def ask(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data=data, method=method)) as answer:
            return answer.read().decode()


@pytest.fixture(scope="session")
def aws():
    keys = ["--access-key", KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"]]
    with started([STANDIN, "--listen", "127.0.0.1:0", "--secrets", SECRETS, *keys], {}, r"listening on (\S+)") as url:
        yield Aws(url)


@contextlib.contextmanager
def running_agent(aws, folder, port=0):
    """The agent on loopback; yields a client's environment."""
    environment = {**aws.environment, "AWS_TOKEN": f"file://{folder}/token", "SMA_LOG_TO_FILE": "false"}
    with started([AGENT, "--create-token"], {**environment, "SMA_HTTP_PORT": str(port)}, r":(\d+)\n") as bound:
        yield {"AWS_TOKEN": environment["AWS_TOKEN"], "SMA_HTTP_PORT": bound, "PATH": os.environ["PATH"],
               "HOME": os.environ["HOME"], "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}


@pytest.fixture(scope="session")
def client_environment(aws, tmp_path_factory):
    with running_agent(aws, tmp_path_factory.mktemp("agent")) as environment:
        yield environment


def docker(*arguments, **options):
    return run("docker", *arguments, **options)


@pytest.fixture(scope="session")
def images():
    """The images of Dockerfile.agent's targets, by target."""
    if not shutil.which("docker"):
        pytest.fail("docker is missing")
    run(ROOT / "tests/setup/base-image", timeout=900)
    names = {}
    for target in ("agent", "client-application", "standin"):
        names[target] = f"secrets-manager-agent-deploy-test:{target}"
        run("docker", "build", "-q", "-f", ROOT / "Dockerfile.agent", "--target", target, "-t", names[target], ROOT,
            env={**os.environ, "DOCKER_BUILDKIT": "0"}, timeout=1800)
    return names


@pytest.fixture(scope="session")
def database_image(images):
    """A database that others wrote; it knows nothing of the agent."""
    name = "secrets-manager-agent-deploy-test:database"
    folder = Path(__file__).parent
    run("docker", "build", "-q", "-f", folder / "database.Dockerfile", "-t", name, folder,
        env={**os.environ, "DOCKER_BUILDKIT": "0"}, timeout=1800)
    return name
