"""Signatures over random requests, beside botocore's own signer."""

import datetime
import json
import os
import random
import subprocess
from urllib.parse import quote, urlsplit

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

DRIVER = os.path.join(os.environ["BUILD"], "sigv4_driver")
REQUESTS = 500
# Characters with a meaning of their own somewhere in a request, and some from every length of UTF-8.
ODD = " !\"$&'()*+,-./:;<=>@[]^_`{|}~%\\\u00e9\u20ac\u4e2d\U0001f511aAzZ09"


def text(rng, longest, characters=ODD):
    return "".join(rng.choice(characters) for _ in range(rng.randint(0, longest)))


def path(rng):
    segments = [rng.choice(["", ".", "..", "%2e", "%2F", "a b", text(rng, 8).replace("/", "")]) for _ in range(rng.randint(0, 6))]
    return "/" + "/".join(segments)


def query(rng):
    names = [text(rng, 4) or "n" for _ in range(3)]
    pairs = []
    for _ in range(rng.randint(0, 6)):
        name = quote(rng.choice(names), safe="-_.~")
        pairs.append(rng.choice([name, name + "=", name + "=" + quote(text(rng, 6), safe="-_.~")]))
    return "&".join(pairs)


def fields(rng):
    names = ["Content-Type", "X-Amz-Target", "x-AMZ-meta", "X-a", "x-B", "accept"]
    value = lambda: text(rng, 12, ODD + " \t  ")
    return [{"name": rng.choice(names), "value": value()} for _ in range(rng.randint(0, 8))]


def case(rng):
    host = rng.choice(["secretsmanager.eu-west-1.amazonaws.com", "Example.COM", "localhost", "127.0.0.1", "::1", "fd00:ec2::23"])
    return {
        "method": rng.choice(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]),
        "scheme": rng.choice(["http", "https"]),
        "host": host,
        "port": str(rng.choice([80, 443, 4566, 65535])),
        "path": path(rng),
        "query": query(rng),
        "fields": fields(rng),
        "payload": text(rng, 200, ODD + "\n\r\0"),
        "access_key": rng.choice(["AKIDEXAMPLE", "ASIA/x+y"]),
        "secret_key": text(rng, 60) or "k",
        "token": rng.choice(["", text(rng, 300, "abcXYZ019+/=") or "t"]),
        "region": rng.choice(["us-east-1", "eusc-de-east-1", "cn-north-1"]),
        "service": rng.choice(["secretsmanager", "sts", "service"]),
        "time": str(rng.randint(0, 4_000_000_000)),
    }


def signed_by_botocore(case, monkeypatch):
    host = f"[{case['host']}]" if ":" in case["host"] else case["host"]
    url = f"{case['scheme']}://{host}:{case['port']}{case['path']}"
    if case["query"]:
        url += "?" + case["query"]
    assert urlsplit(url).path == case["path"]
    request = AWSRequest(method=case["method"], url=url, data=case["payload"].encode())
    for field in case["fields"]:
        request.headers[field["name"]] = field["value"]
    when = datetime.datetime.fromtimestamp(int(case["time"]), datetime.timezone.utc)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *args, **kwargs: when)
    credentials = Credentials(case["access_key"], case["secret_key"], case["token"] or None)
    auth.SigV4Auth(credentials, case["service"], case["region"]).add_auth(request)
    return [request.headers["X-Amz-Date"], request.headers.get("X-Amz-Security-Token", ""), request.headers["Authorization"]]


def test_every_signature_is_botocores(monkeypatch):
    rng = random.Random(4)
    cases = [case(rng) for _ in range(REQUESTS)]
    stream = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in cases).encode()
    done = subprocess.run([DRIVER], input=stream, capture_output=True, check=True, timeout=60)
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert len(answers) == REQUESTS
    for each, (sent_path, host, *signature) in zip(cases, answers):
        assert signature == signed_by_botocore(each, monkeypatch), each
        # Who receives the path as sent, and signs that, comes to the same.
        again = dict(each, path=sent_path)
        assert signature == signed_by_botocore(again, monkeypatch), each
