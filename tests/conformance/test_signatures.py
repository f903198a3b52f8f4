"""Every request the agent sends, as it arrives, beside the signature that botocore computes for it."""

import json
import random
import re
import time
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from agent_process import path_target, query_target
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

IDS_AN_AGENT = 40
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+(?:/[^/,]+)*)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<signed>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)
# Characters with a meaning of their own in JSON, URLs or signatures, and some of every length of UTF-8.
ODD = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r\x01\x7f\u00e9\u20ac\u4e2d\u2028\uffff\U0001f511aAzZ09"
REGIONS = ["eu-west-1", "us-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-2", "eu-west-1", "sa-east-1", "us-west-2"]


def text(rng, shortest, longest, characters=ODD):
    return "".join(rng.choice(characters) for _ in range(rng.randint(shortest, longest)))


def random_keys(rng):
    base64_characters = "abcxyzABCXYZ019+/="
    keys = {"AWS_ACCESS_KEY_ID": "ASIA" + text(rng, 16, 16, "ABCXYZ234567"), "AWS_SECRET_ACCESS_KEY": text(rng, 30, 60, base64_characters)}
    if rng.random() < 0.5:
        keys["AWS_SESSION_TOKEN"] = text(rng, 20, 1500, base64_characters)
    return keys


def random_request(rng):
    """A target, and what the agent is to ask AWS for."""
    secret_id = text(rng, 1, rng.choice([5, 40, 400]))
    asked = {"SecretId": secret_id}
    parameters = {}
    if rng.random() < 0.4:
        parameters["versionId"] = asked["VersionId"] = text(rng, 1, 64)
    if rng.random() < 0.4:
        parameters["versionStage"] = asked["VersionStage"] = text(rng, 1, 256)
    return rng.choice([query_target, path_target])(secret_id, **parameters), asked


def assert_signed_as_by_botocore(request, keys, region):
    found = AUTHORIZATION.fullmatch(request.header("Authorization"))
    assert found, "Authorization is not of the form that AWS documents"
    service = "secretsmanager" if request.header("X-Amz-Target") else "sts"
    assert (found["key"], found["region"], found["service"]) == (keys["AWS_ACCESS_KEY_ID"], region, service)
    assert request.header("X-Amz-Security-Token") == keys.get("AWS_SESSION_TOKEN")
    signed = found["signed"].split(";")
    for name in ("host", "x-amz-date", "x-amz-target", "x-amz-security-token"):
        assert (name in signed) == (request.header(name) is not None), name

    copy = AWSRequest(method=request.method, url="http://" + request.header("Host") + request.target, data=request.body)
    for name, value in request.headers:
        if name.lower() in signed:
            copy.headers[name] = value
    copy.context["timestamp"] = request.header("X-Amz-Date")
    signer = SigV4Auth(
        Credentials(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys.get("AWS_SESSION_TOKEN")), service, region
    )
    to_sign = signer.string_to_sign(copy, signer.canonical_request(copy))
    assert found["date"] == copy.context["timestamp"][:8]
    assert found["signature"] == signer.signature(to_sign, copy), request.target


@pytest.mark.parametrize("seed", range(len(REGIONS)))
def test_every_signature_on_the_wire_is_botocores(proxy, start_agent, seed):
    rng = random.Random(seed)
    keys, region = random_keys(rng), REGIONS[seed]
    before = len(proxy.requests)
    agent = start_agent({"AWS_ENDPOINT_URL": proxy.address, "AWS_REGION": region, **keys})
    requests = [random_request(rng) for _ in range(IDS_AN_AGENT)]
    for target, _ in requests:
        assert agent.get(target).status == 404, target
    identity, *sent = proxy.requests[before:]
    assert parse_qs(identity.body.decode())["Action"] == ["GetCallerIdentity"]
    assert [json.loads(request.body) for request in sent] == [asked for _, asked in requests]
    for request in [identity, *sent]:
        assert_signed_as_by_botocore(request, keys, region)


def lent_keys(request):
    """The keys in STS's answer, as an agent's variables."""
    answer = ElementTree.fromstring(request.answer)
    names = {"AWS_ACCESS_KEY_ID": "AccessKeyId", "AWS_SECRET_ACCESS_KEY": "SecretAccessKey", "AWS_SESSION_TOKEN": "SessionToken"}
    return {variable: answer.findtext(f".//{{*}}{name}") for variable, name in names.items()}


@pytest.mark.parametrize("seed", range(3))
def test_signatures_by_a_roles_keys_are_botocores(proxy, start_agent, seed):
    rng = random.Random(seed)
    keys, region = random_keys(rng), rng.choice(REGIONS)
    role = f"arn:aws:iam::123456789012:role/{text(rng, 1, 20, 'aZ09_+=,.@/-')}"
    before = len(proxy.requests)
    agent = start_agent(
        {"AWS_ENDPOINT_URL": proxy.address, "AWS_REGION": region, **keys},
        f"""[capabilities.secrets_manager.prefetch]
        secrets = [{{secret_id = "a/\u20ac+ '"}}, {{secret_id = "b", role_arn = "{role}"}}]
        filter_tags = [{{key = "a tag/\u20ac+='"}}]
        """,
    )
    while "prefetch finished" not in agent.log():
        assert agent.process.poll() is None
        time.sleep(0.02)
    for secret_id in (text(rng, 1, 40) for _ in range(5)):
        assert agent.get(query_target(secret_id, roleArn=role)).status == 404
    sent = proxy.requests[before:]
    lent = {}
    for request in sent:
        if b"Action=AssumeRole&" in request.body:
            assert not lent
            lent = lent_keys(request)
    assert len(sent) == 10
    of_role = [request for request in sent if request.header("X-Amz-Security-Token") == lent["AWS_SESSION_TOKEN"]]
    assert len(of_role) == 6
    for request in sent:
        assert_signed_as_by_botocore(request, lent if request in of_role else keys, region)


@pytest.mark.parametrize("path", ["", "/", "/a", "/a/", "/a/b/", "/a%2Fb", "/%C3%A9"])
def test_the_path_of_an_endpoint_is_sent_as_by_boto3(proxy, moto, start_agent, path):
    keys, region = random_keys(random.Random(path)), "eu-west-1"
    before = len(proxy.requests)
    agent = start_agent(
        {"AWS_ENDPOINT_URL_SECRETS_MANAGER": proxy.address + path, "SMA_VALIDATE_CREDENTIALS": "false", "AWS_REGION": region, **keys}
    )
    agent.get(query_target("n"))
    ours = proxy.requests[before]
    assert_signed_as_by_botocore(ours, keys, region)
    with pytest.raises(Exception):
        moto.client("secretsmanager", keys, region, proxy.address + path).get_secret_value(SecretId="n")
    assert ours.target == proxy.requests[-1].target
