#!/usr/bin/env python3
"""Secrets from the agent, with Python's standard library alone.

As a module: get_secret("my/secret")["SecretString"]. As a program: get_secret.py SECRET_ID prints the secret.
"""
import base64
import http.client
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

TOKEN_VARIABLES = ("AWS_TOKEN", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN")
SOCKET = os.environ.get("SMA_UNIX_SOCKET")


class SocketConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


class SocketHandler(urllib.request.HTTPHandler):
    def http_open(self, request):
        return self.do_open(SocketConnection, request)


# Without proxies, which could not reach it.
AGENT = urllib.request.build_opener(urllib.request.ProxyHandler({}), *([SocketHandler] if SOCKET else []))


def token():
    """Read for each try: a restarted agent may have a new one. OSError if there is none yet."""
    values = (os.environ.get(name, "").strip() for name in TOKEN_VARIABLES)
    value = next(filter(None, values), "file:///var/run/awssmatoken")
    if not value.startswith("file://"):
        if value.startswith(("file:", "~/")) or value[0] == "/" and os.path.exists(value):
            raise OSError("the token's variable holds a path: write file:///PATH")  # it would be sent as the token
        return value
    with open(value.removeprefix("file://"), encoding="ascii") as file:
        text = file.read().strip()
    if not text:
        raise OSError(f"{file.name} is empty")
    return text


def get_secret(secret_id, **parameters):
    """The agent's answer as a dictionary. Parameters: versionId, versionStage, refreshNow, roleArn.

    Tries for about ten seconds while the agent is not there yet, is busy, or cannot reach AWS, and three times if it
    refuses the token. Says on standard error why the first try failed. In the end raises OSError.
    """
    query = urllib.parse.urlencode({"secretId": secret_id, **parameters})
    url = f"http://127.0.0.1:{os.environ.get('SMA_HTTP_PORT', '2773')}/secretsmanager/get?{query}"
    refusals = 0
    for pause in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, None):
        try:
            headers = {} if SOCKET else {"X-Aws-Parameters-Secrets-Token": token()}  # the socket needs none
            request = urllib.request.Request(url, headers=headers)
            with AGENT.open(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            fault = OSError(f"{secret_id}: {error.code} {error.read().decode()}")
            refusals += error.code == 403
            if refusals == 3 or (error.code not in (403, 429) and error.code < 500):
                raise fault from None
        except OSError as error:
            fault = error
        if pause is None:
            raise fault
        if pause == 0.1:
            print(f"trying again: {fault}", file=sys.stderr)
        time.sleep(pause)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: get_secret.py SECRET_ID")
    try:
        secret = get_secret(sys.argv[1])
    except OSError as error:
        sys.exit(f"get_secret.py: {error}")
    if "SecretString" in secret:
        sys.stdout.buffer.write(secret["SecretString"].encode() + b"\n")
    else:
        sys.stdout.buffer.write(base64.b64decode(secret["SecretBinary"]))
