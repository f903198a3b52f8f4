"""What the agent is to answer for a secret, from what boto3 itself gets for it."""

import base64
import json
from decimal import Decimal

from agent_process import path_target, query_target
from botocore.exceptions import ClientError

FIELDS = ["ARN", "Name", "VersionId", "SecretString", "SecretBinary", "VersionStages", "CreatedDate"]


def seconds(moment):
    """Seconds since the epoch in the shortest decimal form."""
    text = format(Decimal(repr(moment.timestamp())), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def by_boto3(client, secret_id, version_id="", version_stage=""):
    """Status and JSON fields, in the agent's order and types."""
    asked = {"SecretId": secret_id, "VersionId": version_id, "VersionStage": version_stage}
    try:
        answer = client.get_secret_value(**{name: value for name, value in asked.items() if value})
    except ClientError as refusal:
        error = refusal.response["Error"]
        return refusal.response["ResponseMetadata"]["HTTPStatusCode"], [("__type", error["Code"]), ("message", error["Message"])]
    answer["CreatedDate"] = seconds(answer["CreatedDate"])
    if "SecretBinary" in answer:
        answer["SecretBinary"] = base64.b64encode(answer["SecretBinary"]).decode()
    return 200, [(name, answer[name]) for name in FIELDS if name in answer]


def by_agent(answer):
    assert answer.headers["Content-Type"] == "application/json"
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    return answer.status, json.loads(answer.body.decode(), object_pairs_hook=list)


def assert_same(agent, client, secret_id, version_id="", version_stage="", **parameters):
    """Both forms of a request give what boto3 gets; the first is a miss, unless asked for before, the second a hit."""
    expected = by_boto3(client, secret_id, version_id, version_stage)
    asked = {"versionId": version_id, "versionStage": version_stage, **parameters}
    asked = {name: value for name, value in asked.items() if value}
    for target in (query_target(secret_id, **asked), path_target(secret_id, **asked)):
        assert by_agent(agent.get(target)) == expected, target
    return expected
