"""TLS as Python's ssl and the system's OpenSSL speak it, old versions included."""

import json
import socket
import ssl
import threading

import pytest
from agent_process import query_target
from standin_process import StandinProcess, write_certificate

SECRET = json.dumps({"ARN": "arn", "Name": "n", "VersionId": "v", "SecretString": "s", "VersionStages": [], "CreatedDate": 1})
ANSWER = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(SECRET)}\r\n\r\n{SECRET}"


class OneVersionServer:
    """Speaks no other version of TLS, and answers one request a connection with a secret."""

    def __init__(self, certificate, version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # else there is nothing older than 1.2
        context.minimum_version = context.maximum_version = version
        context.load_cert_chain(*certificate)
        self.versions = []
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(client, server_side=True) as stream:
                    self.versions.append(stream.version())
                    stream.recv(65536)
                    stream.sendall(ANSWER.encode())
            except OSError:
                pass

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def ask(tmp_path, start_agent):
    servers = []
    certificate = write_certificate(tmp_path, "127.0.0.1")

    def start(version):
        servers.append(OneVersionServer(certificate, version))
        agent = start_agent(
            {
                "AWS_ENDPOINT_URL": f"https://127.0.0.1:{servers[-1].port}",
                "AWS_REGION": "eu-west-1",
                "AWS_CA_BUNDLE": certificate[0],
                "SMA_VALIDATE_CREDENTIALS": "false",
                **StandinProcess.KEYS,
            }
        )
        return servers[-1], agent.get(query_target("n")), agent

    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(ask, version):
    server, answer, _ = ask(version)
    assert answer.status == 200
    assert server.versions == [version.name.replace("TLSv1_", "TLSv1.")]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_a_server_that_speaks_nothing_later_than_tls_1_1_is_refused(ask, version):
    server, answer, agent = ask(version)
    error = json.loads(answer.body)
    assert answer.status == 502
    assert error["__type"] == "ConnectionError"
    assert "protocol version" in error["message"]
    agent.wait_for_log("protocol version")
    assert server.versions == []
