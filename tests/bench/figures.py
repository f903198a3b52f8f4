"""What the measuring scripts share: how a load is played, and how a figure is printed."""

import pathlib
import re
import socket
import subprocess
import tempfile

from programs import TOKEN

SECRET = "bench"
PATH = f"/secretsmanager/get?secretId={SECRET}"


def row(name, value, goal=""):
    print(f"| {name} | {value} | {goal} |", flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def load(program, *headers, seconds=4):
    """CPU microseconds an answer, and answers a second, under wrk with 32 connections."""
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "-H", "X-Aws-Parameters-Secrets-Token: " + TOKEN]
    for header in headers:
        command += ["-H", header]
    before = program.cpu_seconds()
    output = subprocess.run(command + [f"http://127.0.0.1:{program.port}{PATH}"], capture_output=True, text=True, check=True).stdout
    used = program.cpu_seconds() - before
    answers = int(re.search(r"(\d+) requests in", output).group(1))
    if "Non-2xx" in output:
        raise RuntimeError(output)
    return used / answers * 1e6, answers / seconds


def put(aws, *names, size=1024):
    aws.control("POST", "secrets", {"secrets": [{"name": n, "string": "x", "size": size} for n in names]})


def write_certificate(names="IP:127.0.0.1,DNS:localhost"):
    """A certificate that vouches for itself, and its key: two files."""
    folder = pathlib.Path(tempfile.mkdtemp())
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=bench", "-addext", "subjectAltName=" + names, "-keyout", folder / "key.pem",
                    "-out", folder / "certificate.pem"], check=True, capture_output=True)
    return folder / "certificate.pem", folder / "key.pem"


def write_bundle(certificate):
    """All authorities of the system, as an agent has them in practice, and this one."""
    bundle = certificate.with_name("bundle.pem")
    bundle.write_text(pathlib.Path("/etc/ssl/certs/ca-certificates.crt").read_text() + certificate.read_text())
    return str(bundle)
