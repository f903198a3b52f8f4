"""Secrets made with boto3 in moto: what the agent answers is what boto3 gets for the same secret."""

import json
import random
import re

import pytest
from agent_process import query_target
from comparison import assert_same, by_agent, by_boto3

LONGEST = 65536
SURROGATES = range(0xD800, 0xE000)
VERSIONS = [f"{digit}" * 32 for digit in "abc"]
# As AWS may write a JSON number of seconds; boto3 reads them to the microsecond.
DATES = [
    *["1523477145", "1.569534789046E9", "1.523477145E9", "1523477145.0", "1523477145.1", "1523477145.000001"],
    *["1.5e+9", "15e8", "1e9", "0"],
]
CUSTOM_STAGE = "a stage/+=&%20é"


@pytest.fixture(scope="module")
def aws(moto):
    return moto.client("secretsmanager")


@pytest.fixture(scope="module")
def agent(moto, start_agent):
    return start_agent(moto.agent_environment())


def chunks(code_points):
    """Texts of at most LONGEST bytes that together hold each code point once."""
    text, size = [], 0
    for code_point in code_points:
        character = chr(code_point)
        length = len(character.encode())
        if size + length > LONGEST:
            yield "".join(text)
            text, size = [], 0
        text.append(character)
        size += length
    yield "".join(text)


BASIC_PLANE = list(chunks(point for point in range(0x10000) if point not in SURROGATES))
HIGHER_PLANES = [
    "".join(chr(plane * 0x10000 + point) for point in [0, 1, *random.Random(plane).sample(range(0x10000), 2000), 0xFFFE, 0xFFFF])
    for plane in range(1, 17)
]

TEXTS = {
    "plain": "correct horse battery staple",
    "json": json.dumps({"username": "admin", "password": 'p"a\\s\ns/w\u00f6rd', "list": [1, 2.5e300, None]}),
    "escapes": "\"\\/\b\f\n\r\t\\u0041\\ud800 \u007f\u2028\u2029\ufeff\ufffd\uffff",
    "white-space": " \t\r\n\u00a0\u3000 ",
    "nul": "before\0after",
    "only-nul": "\0",
    "longest": "x" * LONGEST,
    "longest-of-two-bytes": "\u00e9" * (LONGEST // 2),
    "longest-of-four-bytes": "\U0001f511" * (LONGEST // 4),
    "longest-of-nul": "\0" * LONGEST,
    "longest-of-escapes": "\"\\\n\u0001" * (LONGEST // 4),
    "digits": "1.569534789046E9",
    **{f"basic-plane-{number}": text for number, text in enumerate(BASIC_PLANE)},
    **{f"plane-{number}": text for number, text in enumerate(HIGHER_PLANES, 1)},
}

BINARIES = {
    "every-byte": bytes(range(256)),
    "every-byte-backwards": bytes(range(255, -1, -1)),
    "longest": random.Random(1).randbytes(LONGEST),
    "longest-of-ones": b"\xff" * LONGEST,
    **{f"length-{length}": b"\0\xfb\xff\0\x3e\x3f"[:length] for length in range(1, 7)},
}

NAMES = [
    *["prod/db", "prod//db", "prod/db/", "/prod/db", "/", "a+b", "a=b", "a.b", "a@b", "a-b", "a_b", "+", "=", "@", "-", "_"],
    *["..a", "a/..b", "a.", "+=.@-/_", "a/b+c=d.e@f-g_h", "Zz09", "ping", "secretsmanager/get", "arn", "x" * 512],
]


def test_the_basic_plane_is_there_whole():
    assert len("".join(BASIC_PLANE)) == 0x10000 - len(SURROGATES)
    assert BASIC_PLANE[0][0] == "\0"


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_boto3s(aws, agent, name):
    aws.create_secret(Name=f"text/{name}", SecretString=TEXTS[name])
    status, fields = assert_same(agent, aws, f"text/{name}")
    assert (status, dict(fields)["SecretString"]) == (200, TEXTS[name])


@pytest.mark.parametrize("name", BINARIES)
def test_a_binary_is_boto3s(aws, agent, name):
    aws.create_secret(Name=f"binary/{name}", SecretBinary=BINARIES[name])
    status, fields = assert_same(agent, aws, f"binary/{name}")
    assert status == 200 and "SecretString" not in dict(fields)


@pytest.mark.parametrize("name", NAMES)
def test_a_secret_is_found_by_name_arn_and_partial_arn(aws, agent, name):
    arn = aws.create_secret(Name=name, SecretString=f"of {name}")["ARN"]
    for secret_id in (name, arn, arn.rpartition("-")[0]):
        status, fields = assert_same(agent, aws, secret_id)
        assert status == 200 and dict(fields)["Name"] == name


def test_versions_and_stages_are_boto3s(aws, agent):
    name = "versioned"
    aws.create_secret(Name=name, SecretString="first", ClientRequestToken=VERSIONS[0])
    aws.put_secret_value(SecretId=name, SecretString="second", ClientRequestToken=VERSIONS[1])
    aws.put_secret_value(SecretId=name, SecretBinary=b"third", ClientRequestToken=VERSIONS[2], VersionStages=["AWSPENDING", CUSTOM_STAGE])
    statuses = set()
    for version_id in ["", *VERSIONS, "d" * 32]:
        for stage in ["", "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING", CUSTOM_STAGE, "awscurrent", "nowhere"]:
            statuses.add(assert_same(agent, aws, name, version_id, stage)[0])
    assert statuses == {200, 404}


def test_a_new_version_is_seen_by_refresh_now_alone(aws, agent):
    aws.create_secret(Name="rotated", SecretString="old")
    old = assert_same(agent, aws, "rotated")
    aws.put_secret_value(SecretId="rotated", SecretString="new")
    assert by_agent(agent.get(query_target("rotated"))) == old
    new = assert_same(agent, aws, "rotated", refreshNow="true")
    assert new != old
    assert by_agent(agent.get(query_target("rotated"))) == new


def test_a_secret_that_is_missing_is_refused_as_boto3_is(aws, agent):
    for name in ("missing", "missing/é €\U0001f511\"\\\n", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:missing-AbCdEf"):
        status, fields = assert_same(agent, aws, name)
        assert (status, fields[0]) == (404, ("__type", "ResourceNotFoundException"))


def test_a_secret_without_a_value_is_refused_as_boto3_is(aws, agent):
    aws.create_secret(Name="without-value")
    assert assert_same(agent, aws, "without-value")[0] == 404


def test_a_secret_marked_deleted_is_refused_as_boto3_is(aws, agent):
    aws.create_secret(Name="deleted", SecretString="gone")
    cached = assert_same(agent, aws, "deleted")
    aws.delete_secret(SecretId="deleted", RecoveryWindowInDays=7)
    assert by_agent(agent.get(query_target("deleted"))) == cached
    status, fields = assert_same(agent, aws, "deleted", refreshNow="true")
    assert (status, fields[0]) == (400, ("__type", "InvalidRequestException"))
    aws.restore_secret(SecretId="deleted")
    assert assert_same(agent, aws, "deleted", refreshNow="true") == cached


@pytest.mark.parametrize("date", DATES)
def test_a_date_in_any_notation_is_boto3s(moto, proxy, start_agent, date):
    moto.client("secretsmanager").create_secret(Name=f"dated/{date}", SecretString="s")
    proxy.rewrite = lambda body: re.sub(rb'"CreatedDate": \d+', b'"CreatedDate": ' + date.encode(), body)
    through_proxy = moto.client("secretsmanager", address=proxy.address)
    agent = start_agent({**moto.agent_environment(), "AWS_ENDPOINT_URL": proxy.address})
    assert assert_same(agent, through_proxy, f"dated/{date}")[0] == 200


def test_without_a_cache_every_answer_is_boto3s(moto, aws, start_agent):
    agent = start_agent({**moto.agent_environment(), "SMA_CACHE_SIZE": "0"})
    aws.create_secret(Name="uncached", SecretString="0")
    for number in range(10):
        aws.put_secret_value(SecretId="uncached", SecretString=str(number))
        assert by_agent(agent.get(query_target("uncached"))) == by_boto3(aws, "uncached")
