"""deploy/lambda: the layers, unpacked and started as Lambda does."""
import contextlib
import os
import re
import stat
import subprocess
import zipfile

import pytest
from conftest import AGENT, DEMO_SECRET, DEPLOY, KEYS, SECRETS, STANDIN, Aws, eventually, free_port, run, started

PACKAGE = DEPLOY / "lambda/package"


@pytest.fixture
def lambda_api():
    """A stand-in of its own: events and registration belong to one extension."""
    keys = ["--access-key", KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"]]
    with started([STANDIN, "--listen", "127.0.0.1:0", "--secrets", SECRETS, *keys], {}, r"listening on (\S+)") as url:
        yield Aws(url)


def unpacked(layer, folder):
    """The layer's files with their modes, as Lambda unpacks them to /opt."""
    with zipfile.ZipFile(layer) as archive:
        for entry in archive.infolist():
            path = folder / entry.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(entry))
            path.chmod(stat.S_IMODE(entry.external_attr >> 16))
    return folder


@contextlib.contextmanager
def extension(path, aws, tmp_path, port):
    environment = {**aws.environment, "AWS_SESSION_TOKEN": "", "AWS_TOKEN": "the-token-of-the-function", "PATH": os.environ["PATH"],
                   "AWS_LAMBDA_RUNTIME_API": aws.url.removeprefix("http://"), "SMA_HTTP_PORT": str(port),
                   "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
    with open(tmp_path / "output", "w") as output:
        process = subprocess.Popen([path], env=environment, stdout=output, stderr=subprocess.STDOUT, cwd="/")
    try:
        yield process, environment
    finally:
        process.kill()
        process.wait()


def operations(aws):
    return aws.ask("/_standin/counts")


def test_the_layer_is_one_executable_file(tmp_path):
    run(PACKAGE, AGENT, tmp_path / "layer.zip")
    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        (entry,) = archive.infolist()
        assert entry.filename == "extensions/secrets-manager-agent"
        assert stat.S_IMODE(entry.external_attr >> 16) == 0o755
        assert archive.read(entry) == AGENT.read_bytes()


def test_the_same_binary_gives_the_same_layer(tmp_path):
    run(PACKAGE, AGENT, tmp_path / "one.zip")
    run(PACKAGE, AGENT, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize("layout", [[], ["--with-script"]], ids=["one file", "with a script"])
def test_the_layer_serves_the_function_and_leaves_at_shutdown(layout, lambda_api, tmp_path):
    run(PACKAGE, AGENT, tmp_path / "layer.zip", *layout)
    (started_first,) = (unpacked(tmp_path / "layer.zip", tmp_path / "opt") / "extensions").iterdir()
    with extension(started_first, lambda_api, tmp_path, free_port()) as (process, environment):
        eventually(lambda: re.search(r'"lambda:next":\s*1', operations(lambda_api)))
        lambda_api.ask("/_standin/lambda", {"event": "INVOKE"})
        got = run(AGENT, "get", "demo/secret", "--wait", "20", env={**environment, "AWS_LAMBDA_RUNTIME_API": ""})
        assert got.stdout.strip() == DEMO_SECRET
        lambda_api.ask("/_standin/lambda", {"event": "SHUTDOWN"})
        assert process.wait(30) == 0, (tmp_path / "output").read_text()


def test_the_layer_names_itself_after_its_file(lambda_api, tmp_path):
    run(PACKAGE, AGENT, tmp_path / "layer.zip")
    unpacked(tmp_path / "layer.zip", tmp_path / "opt")
    with extension(tmp_path / "opt/extensions/secrets-manager-agent", lambda_api, tmp_path, free_port()):
        eventually(lambda: "lambda:register" in operations(lambda_api))
    assert "secrets-manager-agent" in lambda_api.ask("/_standin/records?operation=lambda:register&whole")
