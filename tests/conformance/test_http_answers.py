"""Answers of AWS in every form that HTTP/1 allows, and in some that it does not."""

import json
import socket
import threading

import pytest
from agent_process import query_target
from standin_process import StandinProcess

SECRET = '{"ARN":"arn","Name":"n","VersionId":"v","SecretString":"s","VersionStages":["AWSCURRENT"],"CreatedDate":1.5E9}'
LENGTH = f"Content-Length: {len(SECRET)}\r\n"
CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HALVES = f"{0x20:x};extension=1\r\n{SECRET[:0x20]}\r\n{len(SECRET) - 0x20:X}\r\n{SECRET[0x20:]}\r\n"


class RawServer:
    """Answers every request with the same bytes and closes."""

    def __init__(self, answer):
        self.requests = 0
        self._answer = answer.encode()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                request = b""
                while b"\r\n\r\n" not in request or not request.endswith(b"}"):
                    part = client.recv(65536)
                    if not part:
                        break
                    request += part
                if request:
                    self.requests += 1
                    client.sendall(self._answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def ask(start_agent):
    def ask_once(server):
        agent = start_agent(
            {
                "AWS_ENDPOINT_URL": server.address,
                "AWS_REGION": "eu-west-1",
                "SMA_VALIDATE_CREDENTIALS": "false",
                **StandinProcess.KEYS,
            }
        )
        return agent.get(query_target("n"))

    return ask_once


@pytest.mark.parametrize(
    "answer",
    {
        "with a length": f"HTTP/1.1 200 OK\r\n{LENGTH}\r\n{SECRET}",
        "with fields in any case": f"HTTP/1.1 200\r\n{LENGTH.lower()}CONNECTION: close\r\n\r\n{SECRET}",
        "behind interim ones": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nx-amzn-errortype: Interim\r\n\r\n"
        f"HTTP/1.1 200 OK\r\n{LENGTH}\r\n{SECRET}",
        "in chunks": CHUNKED + HALVES + "0\r\n\r\n",
        "in chunks with trailers": CHUNKED + HALVES + "0\r\nx-amz-checksum: 1\r\n\r\n",
        "to its end": f"HTTP/1.1 200 OK\r\n\r\n{SECRET}",
        "of HTTP/1.0": f"HTTP/1.0 200 OK\r\n\r\n{SECRET}",
    }.items(),
    ids=lambda answer: answer[0],
)
def test_every_form_of_an_answer_is_read(ask, answer):
    with RawServer(answer[1]) as server:
        got = ask(server)
        assert got.status == 200
        assert json.loads(got.body)["SecretString"] == "s"
        assert json.loads(got.body)["CreatedDate"] == "1500000000"
        assert server.requests == 1


@pytest.mark.parametrize(
    "answer",
    {
        "cut short in chunks": CHUNKED + HALVES,
        "in chunks that are none": CHUNKED + "xyz\r\n" + SECRET,
        "without a head": SECRET,
        "of no version": "HTTP/7.0 200 OK\r\n\r\n" + SECRET,
        "with an endless field": "HTTP/1.1 200 OK\r\nx: " + "x" * 500_000 + "\r\n\r\n" + SECRET,
        "without end of interim ones": "HTTP/1.1 100 Continue\r\n\r\n" * 3,
    }.items(),
    ids=lambda answer: answer[0],
)
def test_what_is_no_answer_is_a_connection_error_after_three_attempts(ask, answer):
    with RawServer(answer[1]) as server:
        got = ask(server)
        assert got.status == 502
        assert json.loads(got.body)["__type"] == "ConnectionError"
        assert server.requests == 3


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(ask, status):
    with RawServer(f"HTTP/1.1 200 OK\r\n{LENGTH}\r\n{SECRET}") as elsewhere:
        with RawServer(f"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.address}/\r\nContent-Length: 0\r\n\r\n") as server:
            got = ask(server)
        assert got.status == 502
        assert json.loads(got.body)["__type"] == "ConnectionError"
        assert elsewhere.requests == 0
