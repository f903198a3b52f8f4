"""deploy/clients: every client whose language is here, against the agent."""
import base64
import http.server
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from conftest import AGENT, DEMO_SECRET, DEPLOY, free_port, run, running_agent, started

CLIENTS = {
    "agent": ([AGENT, "get", "--wait", "10"], AGENT),
    "shell": ([DEPLOY / "clients/shell/get-secret"], "curl"),
    "python": ([DEPLOY / "clients/python/get_secret.py"], "python3"),
    "node": (["node", DEPLOY / "clients/node/get-secret.mjs"], "node"),
    "java": (["java", DEPLOY / "clients/java/GetSecret.java"], "java"),
    "go": (["go", "run", DEPLOY / "clients/go/get_secret.go"], "go"),
    "rust": (None, "rustc"),  # compiled once
}
JSON = ("shell", "java", "rust")  # these print the agent's answer


@pytest.fixture(scope="session")
def rust_client(tmp_path_factory):
    program = tmp_path_factory.mktemp("rust") / "get_secret"
    run("rustc", "-D", "warnings", "-o", program, DEPLOY / "clients/rust/get_secret.rs")
    return [program]


@pytest.fixture(params=CLIENTS)
def client_command(request):
    command, tool = CLIENTS[request.param]
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not on this machine")
    return command or request.getfixturevalue(f"{request.param}_client")


@pytest.fixture
def client(client_command, request):
    def ask(secret_id, environment, check=True):
        done = subprocess.run([*client_command, secret_id], env=environment, capture_output=True, timeout=120)
        assert not check or done.returncode == 0, done.stderr.decode()
        secret = done.stdout
        if check and request.node.callspec.params["client_command"] in JSON:
            answer = json.loads(done.stdout)
            secret = answer.get("SecretString", "").encode() or base64.b64decode(answer["SecretBinary"])
        return done, secret
    return ask


@pytest.fixture
def refusing_agent():
    """Answers 403 to everybody; yields its port and the tokens it was asked with."""
    tokens = []

    class Refusal(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            tokens.append(self.headers.get("X-Aws-Parameters-Secrets-Token"))
            self.send_response(403)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"Bad Token")

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Refusal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, tokens
    server.shutdown()
    server.server_close()


def test_a_client_prints_the_secret(client, client_environment):
    _, secret = client("demo/secret", client_environment)
    assert secret.decode().rstrip("\n") == DEMO_SECRET


def test_a_client_keeps_all_of_unicode(client, client_environment):
    _, secret = client("demo/text", client_environment)
    assert secret.decode().rstrip("\n") == "plain text, with an é and a 😀"


def test_a_client_decodes_a_binary_secret(client, client_environment):
    _, secret = client("demo/binary", client_environment)
    assert secret == bytes(range(10))


def test_a_client_encodes_the_name(client, client_environment, aws):
    name = "deploy/a+b=c.d@e-f"
    aws.ask("/_standin/secrets", {"secrets": [{"name": name, "string": "found"}]})
    _, secret = client(name, client_environment)
    assert secret.decode().rstrip("\n") == "found"


def test_a_client_says_why_there_is_no_secret(client, client_environment):
    done, _ = client("demo/missing", client_environment, check=False)
    assert done.returncode == 1
    assert b"ResourceNotFoundException" in done.stderr
    assert done.stdout == b""


def test_a_client_waits_for_token_and_agent(client, aws, tmp_path):
    port = free_port()
    with running_agent(aws, tmp_path, port) as environment:
        pass
    (tmp_path / "token").unlink()
    found = []
    asking = threading.Thread(target=lambda: found.append(client("demo/secret", environment)))
    asking.start()
    with running_agent(aws, tmp_path, port):
        asking.join()
    assert found and found[0][1].decode().rstrip("\n") == DEMO_SECRET


def test_a_client_asks_only_with_a_token_says_why_it_waits_and_tries_a_refusal_three_times(
        client_command, refusing_agent, tmp_path, client_environment):
    if client_command[0] == AGENT:
        pytest.skip("tests/integration/client_test.cpp tests the agent's own client")
    port, tokens = refusing_agent
    token = tmp_path / "token"
    token.write_text("\n")
    environment = client_environment | {"AWS_TOKEN": f"file://{token}", "SMA_HTTP_PORT": str(port)}
    with subprocess.Popen([*client_command, "demo/secret"], env=environment, stderr=subprocess.PIPE, text=True) as asking:
        first = asking.stderr.readline()
        assert "trying again" in first and "empty" in first
        assert tokens == []
        token.write_text("a-token-that-came-later\n")
        assert "Bad Token" in asking.stderr.read()
    assert asking.returncode == 1
    assert tokens == ["a-token-that-came-later"] * 3


def test_a_client_never_sends_a_path_as_the_token(client_command, refusing_agent, tmp_path, client_environment):
    port, tokens = refusing_agent
    token = tmp_path / "token"
    token.write_text("a-token-in-a-file\n")
    for value in (str(token), f"file:{token}", "~/token"):
        environment = client_environment | {"AWS_TOKEN": value, "SMA_HTTP_PORT": str(port)}
        with subprocess.Popen([*client_command, "demo/secret"], env=environment, stderr=subprocess.PIPE,
                              text=True) as asking:
            first = asking.stderr.readline()
            asking.kill()
        assert "file://" in first, value
    assert tokens == []


def test_a_client_bypasses_a_proxy(client, client_environment):
    nowhere = f"http://127.0.0.1:{free_port()}"
    names = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
    java = "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=1 -Dhttp.nonProxyHosts="
    environment = client_environment | dict.fromkeys(names, nowhere) | {
        "no_proxy": "", "NO_PROXY": "", "NODE_USE_ENV_PROXY": "1", "JDK_JAVA_OPTIONS": java}
    _, secret = client("demo/secret", environment)
    assert secret.decode().rstrip("\n") == DEMO_SECRET


def test_a_client_uses_the_socket_and_needs_no_token(client, client_command, aws, tmp_path):
    if client_command[0] == "java":
        pytest.skip("Java's own HTTP client knows no Unix sockets")
    path = str(tmp_path / "agent.sock")
    environment = {**aws.environment, "SMA_LOG_TO_FILE": "false", "SMA_UNIX_SOCKET": path}
    with started([AGENT], environment, r"listening on unix:(\S+)\n") as bound:
        assert bound == path
        names = ("PATH", "HOME")
        asking = {"SMA_UNIX_SOCKET": path, "SMA_HTTP_PORT": "1024", **{name: os.environ[name] for name in names}}
        _, secret = client("demo/secret", asking)
        assert secret.decode().rstrip("\n") == DEMO_SECRET
        done, _ = client("demo/missing", asking, check=False)
        assert done.returncode == 1 and b"ResourceNotFoundException" in done.stderr


def test_node_reaches_the_agent_if_localhost_is_ipv6_first(client_environment, tmp_path):
    """As Node 18 does, which tries the first address only: the client, and a program that asks the name localhost."""
    if not shutil.which("node"):
        pytest.skip("node is not on this machine")
    if run("unshare", "-m", "true", check=False).returncode != 0:
        pytest.skip("a hosts file of the test's own needs root")
    (tmp_path / "hosts").write_text("::1 localhost\n127.0.0.1 localhost\n")
    url = f"http://localhost:{client_environment['SMA_HTTP_PORT']}/ping"
    by_name = f"fetch('{url}').then(async answer => console.log(await answer.text()))"
    environment = client_environment | {
        "NODE_OPTIONS": "--dns-result-order=verbatim --no-network-family-autoselection"}
    inside = ["unshare", "-m", "sh", "-c", f"mount --bind {tmp_path}/hosts /etc/hosts && exec node \"$@\"", "-"]
    assert DEMO_SECRET in run(*inside, *CLIENTS["node"][0][1:], "demo/secret", env=environment).stdout
    if Path("/proc/net/if_inet6").exists():
        assert run(*inside, "-e", by_name, env=environment).stdout == "healthy\n"


def test_no_client_puts_the_token_on_a_command_line():
    run("sh", "-n", DEPLOY / "clients/shell/get-secret")
    assert "--header @-" in (DEPLOY / "clients/shell/get-secret").read_text()
