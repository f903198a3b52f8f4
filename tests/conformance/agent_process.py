"""The real agent as a child process, in a folder of its own."""

import http.client
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
from urllib.parse import quote

BINARY = os.path.abspath(os.path.join(os.environ["BUILD"], "secrets-manager-agent"))
TOKEN = "conformance-token-0123456789"
TOKEN_HEADER = {"X-Aws-Parameters-Secrets-Token": TOKEN}
# A child that neither answers nor ends must not hold up the whole run.
LIMIT = 120


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()


class AgentProcess:
    """Starts it and waits for its start line; `environment` comes over the defaults, `config` is TOML."""

    def __init__(self, folder, environment, config=""):
        self.folder = pathlib.Path(folder)
        command = [BINARY]
        if config:
            (self.folder / "config.toml").write_text(config)
            command += ["--config", "config.toml"]
        defaults = {
            "HOME": str(self.folder),
            "AWS_TOKEN": TOKEN,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SMA_HTTP_PORT": "0",
            "SMA_LOG_LEVEL": "DEBUG",
        }
        self.environment = {**defaults, **environment}
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        watchdog = threading.Timer(LIMIT, self.process.kill)
        watchdog.start()
        self.start_line = self.process.stdout.readline()
        watchdog.cancel()
        found = re.fullmatch(r"Agent/\S+ listening on http://127\.0\.0\.1:(\d+)\n", self.start_line)
        if found is None:
            self.process.kill()
            raise AssertionError(f"no start line but {self.start_line!r}, {self.process.communicate()[1]}{self.log()}")
        self.port = int(found[1])
        self.address = f"http://127.0.0.1:{self.port}"
        self._connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def log(self):
        files = sorted(self.folder.glob("logs/**/*.log*"))
        return "".join(file.read_text() for file in files if file.is_file() and not file.is_symlink())

    def wait_for_log(self, text):
        """A line is written once the answer that it tells of has gone."""
        end = time.monotonic() + LIMIT
        while text not in self.log():
            assert self.process.poll() is None and time.monotonic() < end, self.log()
            time.sleep(0.01)

    def get(self, target, headers=TOKEN_HEADER):
        """One request on the connection that is kept for them."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        self._connection.request("GET", target, headers=headers)
        return Answer(self._connection.getresponse())

    def stop(self):
        """SIGTERM ends it with 0, and neither keys nor tokens are in anything it wrote."""
        if self._connection is not None:
            self._connection.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            output, errors = self.process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert self.process.returncode == 0, errors + self.log()
        assert_keeps_secrets(self.start_line + output + errors + self.log(), self.environment)


def run_agent(folder, environment):
    """Where it is expected to end by itself: the exit code, and what it wrote to standard output and error."""
    defaults = {"HOME": str(folder), "AWS_TOKEN": TOKEN, "AWS_EC2_METADATA_DISABLED": "true", "SMA_HTTP_PORT": "0"}
    environment = {**defaults, **environment}
    done = subprocess.run([BINARY], cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT)
    assert_keeps_secrets(done.stdout + done.stderr, environment)
    return done


def assert_keeps_secrets(text, environment):
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_TOKEN"):
        assert environment.get(name, TOKEN) not in text, f"{name} was written"
    assert "Signature=" not in text


def query_target(secret_id, **parameters):
    """The request form of the AWS agent: all in the query."""
    pairs = {"secretId": secret_id, **parameters}
    return "/secretsmanager/get?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())


def path_target(secret_id, **parameters):
    """The request form of Vault clients: the id in the path, only what a path may not hold escaped."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    return "/v1/" + quote(secret_id, safe="/+=@:,;!$'()*~") + ("?" + query if query else "")
