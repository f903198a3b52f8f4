"""The agent behind tinyproxy, and behind proxies that fail."""

import json
import socket
import subprocess
import threading
import time

import pytest
from agent_process import query_target, run_agent
from standin_process import StandinProcess, write_certificate

NAME = "behind/a/proxy"
# A way to say 127.0.0.1 that is no loopback address, as which it would never be reached through a proxy.
HOST = "0.0.0.0"
USER, PASSWORD = "conformance", "pass-word.0123"
QUOTED = "conform%61nce:pass%2Dword.0123"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Tinyproxy:
    def __init__(self, folder, with_password):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.log_file = folder / "tinyproxy.log"
        lines = [
            f"Port {self.port}",
            "Listen 127.0.0.1",
            "Timeout 60",
            f'LogFile "{self.log_file}"',
            "LogLevel Connect",
            "MaxClients 50",
            "Allow 127.0.0.1",
        ]
        if with_password:
            lines.append(f"BasicAuth {USER} {PASSWORD}")
        (folder / "tinyproxy.conf").write_text("\n".join(lines) + "\n")
        command = ["tinyproxy", "-d", "-c", str(folder / "tinyproxy.conf")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not self._is_ready():
            assert self.process.poll() is None, "tinyproxy ended"
            time.sleep(0.02)

    def _is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30):
                return True
        except OSError:
            return False

    def requests(self):
        """What it was asked for, method and target."""
        marks = [line.split("): ", 1)[1] for line in self.log_file.read_text().splitlines() if "Request (file descriptor" in line]
        return [" ".join(mark.split()[:2]) for mark in marks]

    def stop(self):
        self.process.kill()
        self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return write_certificate(tmp_path_factory.mktemp("certificate"), HOST, "127.0.0.1")


@pytest.fixture(scope="module", params=["http", "https"])
def aws(request, certificate):
    with StandinProcess(certificate if request.param == "https" else None) as standin:
        standin.put(NAME, "value")
        yield standin


@pytest.fixture
def start_proxy(tmp_path):
    started = []

    def start(with_password=False):
        started.append(Tinyproxy(tmp_path, with_password))
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture
def agent_of(aws, certificate, start_agent):
    """An agent of this AWS, under an address that a proxy may be used for."""

    def start(environment, host=HOST):
        return start_agent(
            {
                "AWS_ENDPOINT_URL": f"{aws.scheme}://{host}:{aws.port}",
                "AWS_REGION": "eu-west-1",
                "AWS_CA_BUNDLE": certificate[0],
                "SMA_VALIDATE_CREDENTIALS": "false",
                "SMA_TTL_SECONDS": "0",
                **StandinProcess.KEYS,
                **environment,
            }
        )

    return start


def own_request(aws):
    """How the proxy is asked for AWS."""
    return f"CONNECT {HOST}:{aws.port}" if aws.scheme == "https" else f"POST http://{HOST}:{aws.port}/"


def error_of(agent):
    answer = agent.get(query_target(NAME))
    assert answer.status in (502, 504)
    text = json.loads(answer.body)
    agent.wait_for_log(f"error={text['__type']}")
    for secret in (PASSWORD, QUOTED):
        assert secret not in answer.body.decode() + agent.log()
    return text["__type"] + " " + text["message"]


@pytest.mark.parametrize("with_password", [False, True])
def test_aws_is_reached_through_the_proxy(aws, agent_of, start_proxy, with_password):
    proxy = start_proxy(with_password)
    agent = agent_of({f"{aws.scheme}_proxy": f"http://{QUOTED + '@' if with_password else ''}{proxy.address}"})
    assert agent.get(query_target(NAME)).status == 200
    assert set(proxy.requests()) == {own_request(aws)}
    assert PASSWORD not in agent.log()


def test_lower_case_wins_over_upper_and_both_over_all_proxy(aws, agent_of, start_proxy):
    proxy = start_proxy()
    lower, good, dead = f"{aws.scheme}_proxy", f"http://{proxy.address}", f"http://127.0.0.1:{free_port()}"
    for variables in (
        {lower: good, lower.upper(): dead, "all_proxy": dead},
        {lower.upper(): good, "ALL_PROXY": dead},
        {"ALL_PROXY": good},
        {lower: "", lower.upper(): proxy.address},
    ):
        before = len(proxy.requests())
        assert agent_of(variables).get(query_target(NAME)).status == 200, variables
        assert proxy.requests()[before:], variables


def test_the_proxy_of_the_other_scheme_is_not_used(aws, agent_of):
    other = "http_proxy" if aws.scheme == "https" else "https_proxy"
    assert agent_of({other: f"http://127.0.0.1:{free_port()}"}).get(query_target(NAME)).status == 200


@pytest.mark.parametrize("exempt", [HOST, "*", "0.0.0.0/8", "example.com, 0.0.0.0", "NO_PROXY"])
def test_no_proxy_exempts_addresses(aws, agent_of, exempt):
    name, value = ("NO_PROXY", HOST) if exempt == "NO_PROXY" else ("no_proxy", exempt)
    agent = agent_of({"all_proxy": f"http://127.0.0.1:{free_port()}", name: value})
    assert agent.get(query_target(NAME)).status == 200


@pytest.mark.parametrize("exempt", ["0.0.0.1", "10.0.0.0/8", "example.com", "0.0", "**"])
def test_no_proxy_exempts_nothing_else(aws, agent_of, start_proxy, exempt):
    proxy = start_proxy()
    assert agent_of({"all_proxy": proxy.address, "no_proxy": exempt}).get(query_target(NAME)).status == 200
    assert proxy.requests()


def test_no_proxy_exempts_names_and_their_subdomains(aws, agent_of, start_proxy):
    proxy = start_proxy()
    # A label too long for any name server: nobody needs to be asked.
    host = "a" * 64 + ".aws.test"
    for exempt in (".aws.test", "aws.test", "AWS.test", host):
        agent = agent_of({"all_proxy": proxy.address, "no_proxy": exempt, "AWS_MAX_ATTEMPTS": "1"}, host)
        assert "cannot look up" in error_of(agent), exempt
    assert not proxy.requests()
    for exempt in ("s.test", "other.test", "ws.test"):
        error_of(agent_of({"all_proxy": proxy.address, "no_proxy": exempt, "AWS_MAX_ATTEMPTS": "1"}, host))
    assert proxy.requests()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_stands_before_a_loopback_endpoint(aws, agent_of, host):
    if host == "localhost" and aws.scheme == "https":
        pytest.skip("the certificate is for addresses")
    dead = f"http://127.0.0.1:{free_port()}"
    variables = {"http_proxy": dead, "https_proxy": dead, "HTTP_PROXY": dead, "HTTPS_PROXY": dead, "ALL_PROXY": dead}
    assert agent_of(variables, host).get(query_target(NAME)).status == 200


def test_a_proxy_that_refuses_the_password_is_a_connection_error(aws, agent_of, start_proxy):
    proxy = start_proxy(with_password=True)
    for user in ("", f"{QUOTED}x@"):
        error = error_of(agent_of({"all_proxy": f"http://{user}{proxy.address}"}))
        # Without a tunnel tinyproxy may end the connection over its own answer.
        assert error.startswith("ConnectionError")
        assert aws.scheme == "http" or "CONNECT tunnel failed, response 40" in error


def test_a_proxy_that_is_down_is_a_connection_error(aws, agent_of):
    error = error_of(agent_of({"all_proxy": f"http://{QUOTED}@127.0.0.1:{free_port()}"}))
    assert error.startswith("ConnectionError") and "Failed to connect to" in error


def test_a_proxy_that_hangs_is_a_timeout(aws, agent_of):
    if aws.scheme == "http":
        pytest.skip("that is a request without an answer, which takes 15 seconds")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = f"http://{QUOTED}@127.0.0.1:{silent.getsockname()[1]}"
        kept = []
        threading.Thread(target=lambda: kept.append(silent.accept()), daemon=True).start()
        assert error_of(agent_of({"all_proxy": proxy, "AWS_MAX_ATTEMPTS": "1"})).startswith("TimeoutError")


@pytest.mark.parametrize("url", [f"http://{USER}:{PASSWORD} @host", f"http://user:{PASSWORD}", f"ftp://{QUOTED}@host"])
def test_what_is_no_proxy_ends_the_start_and_is_not_quoted(tmp_path, url):
    done = run_agent(tmp_path, {"AWS_REGION": "eu-west-1", "HTTPS_PROXY": url, **StandinProcess.KEYS})
    assert done.returncode == 1
    assert "https_proxy" in done.stderr
    assert PASSWORD not in done.stderr and QUOTED not in done.stderr
