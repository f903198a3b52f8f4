"""The stand-in for AWS as a process of its own, with or without TLS, reached without any proxy."""

import datetime
import ipaddress
import json
import os
import ssl
import subprocess
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BINARY = os.path.abspath(os.path.join(os.environ["BUILD"], "standin"))
UNCHECKED = ssl._create_unverified_context()
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=UNCHECKED))


def write_certificate(folder, *addresses):
    """A certificate for these addresses that vouches for itself, and its key: two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "conformance")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(each)) for each in addresses]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(folder / "certificate.pem"), str(folder / "key.pem")


class StandinProcess:
    KEYS = {"AWS_ACCESS_KEY_ID": "AKIACONFORMANCE00001", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+conformance"}

    def __init__(self, certificate=None):
        command = [BINARY, "--access-key", self.KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", self.KEYS["AWS_SECRET_ACCESS_KEY"]]
        if certificate:
            command += ["--tls", *certificate]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split()[-1]
        self.scheme = self.address.split(":")[0]
        self.port = int(self.address.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate(timeout=60)

    def control(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with NO_PROXY.open(f"{self.address}/_standin/{path}", data, timeout=60) as answer:
            return json.load(answer)

    def put(self, name, text):
        self.control("secrets", {"secrets": [{"name": name, "string": text}]})
