"""moto's server as AWS, in a process of its own."""

import socket
import subprocess
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

REGION = "eu-west-1"
# moto's own account is that of every key it does not know.
ACCOUNT = "123456789012"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIACONFORMANCE00001", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+conformance"}
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MotoProcess:
    def __init__(self, log, environment):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        while not self._is_ready():
            assert self.process.poll() is None, "moto's server ended"
            time.sleep(0.05)

    def _is_ready(self):
        try:
            with NO_PROXY.open(self.address + "/moto-api/", timeout=30):
                return True
        except OSError:
            return False

    def client(self, service, keys=KEYS, region=REGION, address=None):
        """boto3's client with an agent's variables as its credentials."""
        return boto3.client(
            service,
            endpoint_url=address or self.address,
            region_name=region,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=keys.get("AWS_SESSION_TOKEN"),
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )

    def agent_environment(self, keys=KEYS, region=REGION):
        return {"AWS_ENDPOINT_URL": self.address, "AWS_REGION": region, **keys}

    def assume(self, role_arn, keys=KEYS):
        """A role's keys, as an agent's variables."""
        lent = self.client("sts", keys).assume_role(RoleArn=role_arn, RoleSessionName="conformance")["Credentials"]
        names = {"AWS_ACCESS_KEY_ID": "AccessKeyId", "AWS_SECRET_ACCESS_KEY": "SecretAccessKey", "AWS_SESSION_TOKEN": "SessionToken"}
        return {variable: lent[name] for variable, name in names.items()}

    def stop(self):
        self.process.kill()
        self.process.wait(timeout=60)
