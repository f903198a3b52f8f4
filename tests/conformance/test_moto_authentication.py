"""moto with its own authentication switched on: whom it serves, the agent serves; whom it refuses, the client sees refused."""

import json
import re
from xml.etree import ElementTree

import pytest
from agent_process import query_target, run_agent
from botocore.exceptions import ClientError
from comparison import by_agent, by_boto3
from moto_process import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/readers-only"
WRONG_SECRET_KEY = "Wrong/Wrong+Wrong/Wrong+Wrong/Wrong+Wron"


def policy(action, resource_or_principal):
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, **resource_or_principal}})


def make_people(iam):
    """A user who may read and assume ROLE, one who may do nothing, and the role, which trusts the first."""
    everything = {"Resource": "*"}
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=policy(["secretsmanager:*", "sts:AssumeRole"], everything))
    iam.create_user(UserName="stranger")
    trust = policy("sts:AssumeRole", {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/reader"}})
    iam.create_role(RoleName="readers-only", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="readers-only", PolicyName="p", PolicyDocument=policy("secretsmanager:*", everything))
    keys = [iam.create_access_key(UserName=name)["AccessKey"] for name in ("reader", "stranger")]
    return [{"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]} for key in keys]


# As many calls as moto lets pass unauthenticated: those of make_people, and one that makes the secret.
CALLS_BEFORE_AUTHENTICATION = 8


@pytest.fixture(scope="module")
def guarded(start_moto):
    return start_moto(INITIAL_NO_AUTH_ACTION_COUNT=str(CALLS_BEFORE_AUTHENTICATION))


@pytest.fixture(scope="module")
def keys(guarded):
    reader, stranger = make_people(guarded.client("iam"))
    guarded.client("secretsmanager").create_secret(Name="guarded", SecretString="for readers")
    return {
        "reader": reader,
        "stranger": stranger,
        "wrong secret key": {**reader, "AWS_SECRET_ACCESS_KEY": WRONG_SECRET_KEY},
        "unknown key": {**reader, "AWS_ACCESS_KEY_ID": "AKIAUNKNOWNUNKNOWN00"},
        "session token that is not the key's": {**reader, "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjConformance/+="},
    }


REFUSALS = {
    "stranger": "AccessDenied",
    "wrong secret key": "SignatureDoesNotMatch",
    "unknown key": "InvalidClientTokenId",
    "session token that is not the key's": "InvalidClientTokenId",
}


def refusal_by_boto3(client):
    """moto refuses in XML even where the service speaks JSON; boto3 hands that over as the message."""
    with pytest.raises(ClientError) as refusal:
        client.get_secret_value(SecretId="guarded")
    response = refusal.value.response
    error = ElementTree.fromstring(response["Error"]["Message"].encode()).find("Errors/Error")
    return response["ResponseMetadata"]["HTTPStatusCode"], [("__type", error.findtext("Code")), ("message", error.findtext("Message"))]


def test_a_right_key_is_served(guarded, keys, start_agent):
    agent = start_agent(guarded.agent_environment(keys["reader"]))
    expected = by_boto3(guarded.client("secretsmanager", keys["reader"]), "guarded")
    assert expected[0] == 200
    assert by_agent(agent.get(query_target("guarded"))) == expected


@pytest.mark.parametrize("who", REFUSALS)
def test_a_refusal_reaches_the_client_as_it_reaches_boto3(guarded, keys, start_agent, who):
    agent = start_agent({**guarded.agent_environment(keys[who]), "SMA_VALIDATE_CREDENTIALS": "false"})
    expected = refusal_by_boto3(guarded.client("secretsmanager", keys[who]))
    assert (expected[0], expected[1][0]) == (403, ("__type", REFUSALS[who]))
    assert by_agent(agent.get(query_target("guarded"))) == expected


@pytest.mark.parametrize("who", [who for who in REFUSALS if who != "stranger"])
def test_credentials_that_are_checked_and_refused_end_the_agent(guarded, keys, tmp_path, who):
    done = run_agent(tmp_path, guarded.agent_environment(keys[who]))
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.search(rf"GetCallerIdentity.*{REFUSALS[who]}", done.stderr)


def test_who_may_nothing_but_is_known_passes_the_check(guarded, keys, start_agent):
    agent = start_agent(guarded.agent_environment(keys["stranger"]))
    assert agent.get("/ping").status == 200


def test_a_role_is_lent_to_whom_it_trusts(guarded, keys, start_agent):
    role_keys = guarded.assume(ROLE, keys["reader"])
    expected = by_boto3(guarded.client("secretsmanager", role_keys), "guarded")
    assert expected[0] == 200
    # By roleArn, and with the role's keys, session token included, as the agent's own.
    reader = start_agent(guarded.agent_environment(keys["reader"]))
    assert by_agent(reader.get(query_target("guarded", roleArn=ROLE))) == expected
    as_role = start_agent(guarded.agent_environment(role_keys))
    assert by_agent(as_role.get(query_target("guarded"))) == expected


def test_a_role_is_not_lent_to_others(guarded, keys, start_agent):
    agent = start_agent(guarded.agent_environment(keys["stranger"]))
    status, fields = by_agent(agent.get(query_target("guarded", roleArn=ROLE)))
    assert (status, fields[0]) == (403, ("__type", "AccessDeniedException"))
