"""HTTP clients others wrote, against the agent: curl, and Python's http.client and urllib."""

import email
import http.client
import json
import subprocess
import urllib.error
import urllib.request

import pytest
from agent_process import TOKEN, TOKEN_HEADER, query_target
from comparison import by_boto3
from moto_process import NO_PROXY

NAME = "for/clients"
TARGET = query_target(NAME)
LARGEST_BODY = 256 * 1024


@pytest.fixture(scope="module")
def aws(moto):
    client = moto.client("secretsmanager")
    client.create_secret(Name=NAME, SecretString="s" * 5000 + "\U0001f511\0")
    return client


@pytest.fixture(scope="module")
def expected(aws):
    return by_boto3(aws, NAME)[1]


@pytest.fixture(scope="module")
def agent(moto, aws, start_agent):
    return start_agent(moto.agent_environment())


class Curl:
    """One run of curl: what it received, answer by answer, and what it says of each transfer."""

    FORMAT = "%{stderr}\n%{json}\n"

    def __init__(self, agent, *arguments, body=None, targets=(TARGET,), token=TOKEN, token_header="X-Aws-Parameters-Secrets-Token"):
        command = ["curl", "--silent", "--include", "--noproxy", "*", "--max-time", "100"]
        command += ["--header", f"{token_header}: {token}", "--write-out", self.FORMAT, *arguments]
        done = subprocess.run(command + [agent.address + target for target in targets], input=body, capture_output=True, timeout=120)
        self.code = done.returncode
        self.output = done.stdout
        # Asking in parallel it writes of its progress too.
        self.transfers = [json.loads(line) for line in done.stderr.splitlines() if line.startswith(b'{"')]

    def answer(self):
        """The last answer's version, status, fields and body."""
        head, _, body = self.output[self.output.rindex(b"HTTP/") :].partition(b"\r\n\r\n")
        line, _, fields = head.decode().partition("\r\n")
        version, status, _ = line.split(" ", 2)
        return version, int(status), email.message_from_string(fields), body


def read(body):
    return json.loads(body.decode(), object_pairs_hook=list)


def test_curl_gets_the_secret(agent, expected):
    curl = Curl(agent)
    version, status, fields, body = curl.answer()
    assert (curl.code, version, status) == (0, "HTTP/1.1", 200)
    assert fields["Content-Type"] == "application/json"
    assert fields["Cache-Control"] == "no-store"
    assert fields["Date"]
    assert read(body) == expected


def test_curl_keeps_its_connection(agent):
    curl = Curl(agent, targets=(TARGET, "/ping", "/nowhere", "/secretsmanager/get", TARGET))
    assert [transfer["http_code"] for transfer in curl.transfers] == [200, 200, 404, 400, 200]
    assert [transfer["num_connects"] for transfer in curl.transfers] == [1, 0, 0, 0, 0]


def test_curl_gets_a_new_connection_after_a_request_through_a_proxy(agent):
    curl = Curl(agent, "--header", "X-Forwarded-For: 10.0.0.1", targets=(TARGET, "/ping", TARGET))
    assert [transfer["http_code"] for transfer in curl.transfers] == [400, 200, 400]
    assert [transfer["num_connects"] for transfer in curl.transfers] == [1, 1, 0]
    assert curl.answer()[3] == b"Forwarded"


def test_curl_speaks_http_1_0(agent, expected):
    curl = Curl(agent, "--http1.0", targets=(TARGET, TARGET))
    assert [transfer["http_code"] for transfer in curl.transfers] == [200, 200]
    assert [transfer["num_connects"] for transfer in curl.transfers] == [1, 1]
    _, status, fields, body = curl.answer()
    assert (curl.code, status, fields["Connection"]) == (0, 200, "close")
    assert "Transfer-Encoding" not in fields
    assert read(body) == expected


def test_curl_speaks_http_1_0_with_keep_alive(agent, expected):
    curl = Curl(agent, "--http1.0", "--header", "Connection: keep-alive", targets=(TARGET, TARGET))
    assert [transfer["http_code"] for transfer in curl.transfers] == [200, 200]
    assert [transfer["num_connects"] for transfer in curl.transfers] == [1, 0]
    assert read(curl.answer()[3]) == expected


def test_curl_asks_for_a_head(agent):
    curl = Curl(agent, "--head", targets=(TARGET, "/ping"))
    assert curl.code == 0
    assert [transfer["http_code"] for transfer in curl.transfers] == [405, 200]
    assert [transfer["num_connects"] for transfer in curl.transfers] == [1, 0]
    assert [transfer["size_download"] for transfer in curl.transfers] == [0, 0]
    assert b"\r\nAllow: GET\r\n" in curl.output


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_curl_with_another_method_is_refused(agent, method):
    curl = Curl(agent, "--request", method, "--data", "a=b", targets=(TARGET, "/ping"))
    assert curl.code == 0
    assert [transfer["http_code"] for transfer in curl.transfers] == [405, 405]
    assert [transfer["num_connects"] for transfer in curl.transfers] == [1, 0]
    assert curl.answer()[3] == b"Not allowed"


@pytest.mark.parametrize("framing", ["Content-Length", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("size", [1, 5000, LARGEST_BODY])
def test_curl_waits_for_100_continue_before_a_body(agent, expected, framing, size):
    headers = ["--header", "Expect: 100-continue"] + (["--header", framing] if ":" in framing else [])
    # It would send the body unasked after a while; the limit is far beyond what the agent needs.
    curl = Curl(
        agent, "--request", "GET", "--data-binary", "@-", "--expect100-timeout", "60", *headers, body=b"b" * size, targets=(TARGET, TARGET)
    )
    assert curl.output.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert [transfer["http_code"] for transfer in curl.transfers] == [200, 200]
    assert [transfer["num_connects"] for transfer in curl.transfers] == [1, 0]
    assert read(curl.answer()[3]) == expected


def test_curl_is_told_at_once_that_a_body_is_too_long(agent):
    curl = Curl(
        *[agent, "--request", "GET", "--data-binary", "@-", "--header", "Expect: 100-continue", "--expect100-timeout", "60"],
        body=b"b" * (LARGEST_BODY + 1),
    )
    assert curl.output.startswith(b"HTTP/1.1 413 ")
    assert (curl.code, curl.answer()[1]) == (0, 413)
    assert curl.transfers[0]["size_upload"] == 0


def test_curl_sends_a_body_that_is_too_long(agent):
    curl = Curl(agent, "--request", "GET", "--data-binary", "@-", "--header", "Expect:", body=b"b" * (LARGEST_BODY + 1))
    assert curl.answer()[1] == 413


def test_curl_offers_http_2_in_vain(agent, expected):
    curl = Curl(agent, "--http2")
    version, status, _, body = curl.answer()
    assert (version, status, read(body)) == ("HTTP/1.1", 200, expected)


def test_curl_asks_many_times_at_once(agent):
    curl = Curl(agent, "--parallel", "--parallel-immediate", "--parallel-max", "50", targets=(TARGET,) * 200)
    assert curl.code == 0
    assert [transfer["http_code"] for transfer in curl.transfers] == [200] * 200


def test_curl_with_the_tokens_other_name(agent, expected):
    curl = Curl(agent, token_header="X-Vault-Token", targets=("/v1/" + NAME,))
    assert read(curl.answer()[3]) == expected


def test_curl_with_a_wrong_token_is_refused(agent):
    curl = Curl(agent, token=TOKEN[:-1])
    assert (curl.answer()[1], curl.answer()[3]) == (403, b"Bad Token")


def test_http_client_keeps_its_connection(agent, expected):
    connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=100)
    sockets = set()
    for _ in range(20):
        connection.request("GET", TARGET, headers=TOKEN_HEADER)
        sockets.add(connection.sock)
        answer = connection.getresponse()
        assert (answer.status, answer.version, answer.will_close) == (200, 11, False)
        assert read(answer.read()) == expected
    assert len(sockets) == 1
    connection.close()


def test_http_client_sends_a_chunked_body(agent, expected):
    connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=100)
    for _ in range(2):
        connection.request("GET", TARGET, body=iter([b"a", b"b" * 5000]), headers=TOKEN_HEADER, encode_chunked=True)
        assert read(connection.getresponse().read()) == expected
    connection.close()


def test_urllib_gets_the_secret(agent, expected):
    with NO_PROXY.open(urllib.request.Request(agent.address + TARGET, headers=TOKEN_HEADER), timeout=100) as answer:
        assert answer.headers.get_content_type() == "application/json"
        assert read(answer.read()) == expected


def test_urllib_is_refused_without_a_token(agent):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        NO_PROXY.open(agent.address + TARGET, timeout=100)
    assert (refusal.value.code, refusal.value.read()) == (403, b"Bad Token")
