"""Measures how long the first secrets take over a slow network, and prints each figure beside a plain client's. Started by
measure.py in a network namespace of its own. Usage: network.py BUILD_FOLDER"""

import collections
import concurrent.futures
import fcntl
import http.client
import os
import pathlib
import select
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

from figures import PATH, SECRET, free_port, put, row, write_bundle, write_certificate
from programs import KEYS, TOKEN, Program, Standin

BUILD = sys.argv[1]
ROUND_TRIP = 0.04
LOOKUP = 1.0  # how long a name server takes
RUNS = 9
ROLE = "arn:aws:iam::123456789012:role/bench"
WEB_TOKEN = "bench-web-identity-token"


class FarNetwork:
    """Hosts that are a round trip away, 10.9.0.2 and up: a packet to them comes back after half a round trip, with its two
    addresses exchanged. So who connects to a port there is connected to this port of 10.9.0.1, and TCP's own handshake takes a
    round trip as well. (Loopback itself cannot be slowed down on a kernel without sch_netem.)"""

    HERE = "10.9.0.1"

    def __init__(self):
        self._device = os.open("/dev/net/tun", os.O_RDWR)
        # Linux: linux/if_tun.h, TUNSETIFF with IFF_TUN | IFF_NO_PI.
        fcntl.ioctl(self._device, 0x400454CA, struct.pack("16sH22x", b"far", 0x1001))
        for command in (f"address add {self.HERE}/24 dev far", "link set far up"):
            subprocess.run(["ip", *command.split()], check=True)
        threading.Thread(target=self._relay, daemon=True).start()

    def _relay(self):
        packets = collections.deque()  # with the time at which they are due
        while True:
            wait = max(0, packets[0][0] - time.perf_counter()) if packets else None
            if select.select([self._device], [], [], wait)[0]:
                packet = os.read(self._device, 65536)
                if packet[0] >> 4 == 4:
                    packets.append((time.perf_counter() + ROUND_TRIP / 2, packet[:12] + packet[16:20] + packet[12:16] + packet[20:]))
            while packets and packets[0][0] <= time.perf_counter():
                os.write(self._device, packets.popleft()[1])


class SlowNameServer:
    """All names have the address 127.0.0.1, which it says after LOOKUP seconds. It becomes the name server of this namespace."""

    def __init__(self):
        self.questions = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        file = pathlib.Path(tempfile.mkdtemp()) / "resolv.conf"
        file.write_text("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", file, "/etc/resolv.conf"], check=True)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            question, client = self._socket.recvfrom(512)
            self.questions += 1
            threading.Timer(LOOKUP, self._socket.sendto, (self._answer(question), client)).start()

    # RFC 1035 §4: the question with the answer bit set, and for an IPv4 address one record that points to its name.
    @staticmethod
    def _answer(question):
        end = question.index(b"\0", 12) + 5
        is_ipv4 = question[end - 3] == 1
        record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04\x7f\0\0\x01" if is_ipv4 else b""
        return question[:2] + b"\x81\x80\0\x01\0" + bytes([is_ipv4]) + b"\0\0\0\0" + question[12:end] + record


class ColdAgent(Program):
    """An agent as it is just after exec, with all its defaults: it checks its credentials, and the client does not wait for it
    to be ready."""

    def __init__(self, sts, secrets_manager, bundle, **variables):
        self.port = free_port()
        environment = {"AWS_TOKEN": TOKEN, "AWS_REGION": "us-east-1", "SSL_CERT_FILE": bundle, "SMA_LOG_TO_FILE": "false",
                       "AWS_ENDPOINT_URL_STS": sts, "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets_manager,
                       "SMA_HTTP_PORT": str(self.port), **variables}
        self.begun = time.perf_counter()
        super().__init__([os.path.abspath(f"{BUILD}/secrets-manager-agent")], environment, tempfile.mkdtemp())

    def get(self, secret_id):
        """The seconds from exec to the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        while connection.sock is None:
            try:
                connection.connect()
            except OSError:
                time.sleep(0.0005)
        connection.request("GET", "/secretsmanager/get?secretId=" + secret_id, headers={"X-Aws-Parameters-Secrets-Token": TOKEN})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return time.perf_counter() - self.begun


def plain_request(host, port):
    """The seconds that one request takes a client that does nothing else: three round trips, of TCP, TLS and HTTP."""
    context = ssl._create_unverified_context()
    begun = time.perf_counter()
    connection = http.client.HTTPSConnection(host, port, context=context)
    connection.request("GET", "/_standin/ping")
    connection.getresponse().read()
    return time.perf_counter() - begun


def measure_round_trips(certificate, key, groups, name):
    with Standin(BUILD, "--listen", FarNetwork.HERE + ":0", "--tls", str(certificate), str(key), "--groups", groups) as aws:
        put(aws, SECRET)
        bundle = write_bundle(certificate)
        token = certificate.with_name("token")
        token.write_text(WEB_TOKEN)
        aws.control("POST", "roles", {"arn": ROLE, "webIdentityTokens": [WEB_TOKEN]})
        far_port = int(aws.read_output(FarNetwork.HERE + r":(\d+)"))
        sts, secrets_manager = (f"https://10.9.0.{host}:{far_port}" for host in (2, 3))
        web_identity = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token)}
        kinds = {"static keys": (KEYS, "at most 4.0"), "web identity": (web_identity, "at most 6.5")}
        found = {kind: [] for kind in kinds}
        plain = []
        for _ in range(RUNS):
            plain.append(plain_request("10.9.0.2", far_port))
            for kind, (variables, _) in kinds.items():
                with ColdAgent(sts, secrets_manager, bundle, **variables) as agent:
                    found[kind].append(agent.get(SECRET))
        row(f"round trips of 40 ms of a plain client's first request, {name}", f"{min(plain) / ROUND_TRIP:.2f}")
        for kind, (_, goal) in kinds.items():
            row(f"round trips from exec to the first secret, two hosts, {kind}, {name}",
                f"{min(found[kind]) / ROUND_TRIP:.2f}", goal)


def measure_cold_burst(certificate, key):
    names = [f"burst/{i}" for i in range(16)]
    with Standin(BUILD, "--tls", str(certificate), str(key)) as aws:
        put(aws, *names)
        bundle = write_bundle(certificate)
        server = SlowNameServer()
        sts, secrets_manager = (f"https://{host}.aws.test:{aws.port}" for host in ("sts", "secretsmanager"))
        begun = time.perf_counter()
        socket.getaddrinfo("plain.aws.test", 443, socket.AF_INET)
        plain = time.perf_counter() - begun
        asked = server.questions
        with ColdAgent(sts, secrets_manager, bundle, **KEYS) as agent:
            with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
                longest = max(pool.map(agent.get, names))
        row("one lookup by a name server that takes 1 s", f"{plain:.2f} s")
        row("from exec to the last of 16 secrets at once, same name server", f"{longest:.2f} s, {server.questions - asked} questions",
            "at most 1.2 s")


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    certificate, key = write_certificate("IP:127.0.0.1,IP:10.9.0.2,IP:10.9.0.3,DNS:sts.aws.test,DNS:secretsmanager.aws.test")
    FarNetwork()
    measure_round_trips(certificate, key, "X25519MLKEM768:X25519", "server with X25519MLKEM768")
    measure_round_trips(certificate, key, "X25519", "server with X25519 only")
    measure_cold_burst(certificate, key)


main()
