"""Roles, tags and secrets made with boto3: what the agent fetches by role, and what it prefetched, is boto3's."""

import time

import pytest
from agent_process import path_target, query_target
from comparison import assert_same, by_agent, by_boto3
from moto_process import ACCOUNT, KEYS

# More than one BatchGetSecretValue names, and more than one page of moto's.
LISTED = 45
TAGGED = 120
OTHER_ACCOUNTS = ["111111111111", "222222222222"]
TRUST = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}'


class Account:
    """An account of moto's, entered by a role: moto keeps each account's secrets apart."""

    def __init__(self, moto, number, path="/"):
        self.role = f"arn:aws:iam::{number}:role{path}reader+=,.@-_"
        keys = moto.assume(self.role)
        moto.client("iam", keys).create_role(RoleName="reader+=,.@-_", Path=path, AssumeRolePolicyDocument=TRUST)
        self.secrets = moto.client("secretsmanager", keys)


@pytest.fixture(scope="module")
def own(moto):
    return moto.client("secretsmanager")


@pytest.fixture(scope="module")
def others(moto):
    return [Account(moto, OTHER_ACCOUNTS[0]), Account(moto, OTHER_ACCOUNTS[1], "/team/a/")]


def environment(proxy):
    return {"AWS_ENDPOINT_URL": proxy.address, "AWS_REGION": "eu-west-1", **KEYS}


def test_a_role_sees_its_own_accounts_secrets(proxy, own, others, start_agent):
    agent = start_agent(environment(proxy))
    clients = {"": own, **{account.role: account.secrets for account in others}}
    for number, client in enumerate(clients.values()):
        client.create_secret(Name="everywhere/same", SecretString=f"of account {number}")
        client.create_secret(Name=f"only/{number}", SecretBinary=bytes([number]))
    for _ in range(2):
        values = [assert_same(agent, client, "everywhere/same", **({"roleArn": role} if role else {})) for role, client in clients.items()]
        assert len({dict(fields)["SecretString"] for _, fields in values}) == len(clients)
    for number in range(len(clients)):
        statuses = [assert_same(agent, client, f"only/{number}", roleArn=role)[0] for role, client in clients.items() if role]
        assert statuses == [200 if number == other else 404 for other in range(1, len(clients))]


def test_a_roles_keys_are_asked_for_once(proxy, others, start_agent):
    agent = start_agent(environment(proxy))
    before = len(proxy.requests)
    for number in range(5):
        others[0].secrets.create_secret(Name=f"of-one-role/{number}", SecretString=str(number))
        assert assert_same(agent, others[0].secrets, f"of-one-role/{number}", roleArn=others[0].role)[0] == 200
    bodies = [request.body for request in proxy.requests[before:]]
    assert sum(b"Action=AssumeRole&" in body for body in bodies) == 1
    assert len(bodies) == 6


def test_more_roles_than_allowed_are_refused(proxy, own, start_agent):
    agent = start_agent({**environment(proxy), "SMA_MAX_ROLES": "2"})
    own.create_secret(Name="for-roles", SecretString="s")
    roles = [f"arn:aws:iam::{ACCOUNT}:role/r{number}" for number in range(3)]
    answers = [by_agent(agent.get(query_target("for-roles", roleArn=role))) for role in [*roles, *roles]]
    expected = by_boto3(own, "for-roles")
    assert [status for status, _ in answers] == [200, 200, 400] * 2
    assert all(answer == expected for answer in answers if answer[0] == 200)
    assert answers[2][1][0] == ("__type", "MaxRolesExceeded")


def prefetching(proxy, start_agent, secrets=(), tags=(), **variables):
    """An agent that has ended its prefetch."""
    lines = ["[capabilities.secrets_manager.prefetch]", "cache_buffer_ratio = 1.0"]
    for kind, key, entries in (("secrets", "secret_id", secrets), ("filter_tags", "key", tags)):
        for name, role in entries:
            lines += [f"[[capabilities.secrets_manager.prefetch.{kind}]]", f"{key} = '{name}'"]
            lines += [f"role_arn = '{role}'"] if role else []
    agent = start_agent({**environment(proxy), **variables}, "\n".join(lines) + "\n")
    while "prefetch finished" not in agent.log():
        assert agent.process.poll() is None
        time.sleep(0.02)
    return agent


def assert_held(proxy, agent, client, names, role=""):
    """Each secret is boto3's, by name and by ARN, in both forms, and AWS is not asked again."""
    expected = {name: by_boto3(client, name) for name in names}
    before = len(proxy.requests)
    parameters = {"roleArn": role} if role else {}
    for name, answer in expected.items():
        assert answer[0] == 200
        for secret_id in (name, dict(answer[1])["ARN"]):
            assert by_agent(agent.get(query_target(secret_id, **parameters))) == answer
            assert by_agent(agent.get(path_target(secret_id, **parameters))) == answer
    assert len(proxy.requests) == before


def test_listed_secrets_are_prefetched(proxy, own, others, start_agent):
    names = [f"listed/{number}+=.@-" for number in range(LISTED)]
    for client in (own, others[1].secrets):
        for name in names:
            client.create_secret(Name=name, SecretString=f"{name} of {client.meta.endpoint_url} \U0001f511\0")
    own.create_secret(Name="listed/binary", SecretBinary=bytes(range(256)))
    by_arn = own.create_secret(Name="listed/by-arn", SecretString="a")["ARN"]
    listed = [(name, "") for name in [*names, "listed/binary", by_arn]] + [(name, others[1].role) for name in names]
    before = len(proxy.calls("BatchGetSecretValue"))
    agent = prefetching(proxy, start_agent, listed)
    assert len(proxy.calls("BatchGetSecretValue")) - before == 6
    assert_held(proxy, agent, own, [*names, "listed/binary", "listed/by-arn"])
    assert_held(proxy, agent, others[1].secrets, names, others[1].role)
    assert "prefetch finished loaded=92 failed=0 skipped=0" in agent.log()


def test_tagged_secrets_are_prefetched_page_by_page(proxy, own, others, start_agent):
    names = [f"tagged/{number}" for number in range(TAGGED)]
    for name in names:
        own.create_secret(Name=name, SecretString=name, Tags=[{"Key": "for-the-agent", "Value": name}])
    own.create_secret(Name="tagged/otherwise", SecretString="s", Tags=[{"Key": "not-for-the-agent", "Value": "x"}])
    others[0].secrets.create_secret(Name="tagged/0", SecretString="another's", Tags=[{"Key": "for-the-agent", "Value": ""}])
    before = len(proxy.calls("BatchGetSecretValue"))
    agent = prefetching(proxy, start_agent, tags=[("for-the-agent", ""), ("for-the-agent", others[0].role)])
    assert len(proxy.calls("BatchGetSecretValue")) - before == 3
    assert_held(proxy, agent, own, names)
    assert_held(proxy, agent, others[0].secrets, ["tagged/0"], others[0].role)
    before = len(proxy.requests)
    assert assert_same(agent, own, "tagged/otherwise")[0] == 200
    assert len(proxy.requests) == before + 1


def test_what_cannot_be_prefetched_is_logged_and_the_rest_is_there(proxy, own, start_agent):
    for name in ("partly/a", "partly/deleted", "partly/b"):
        own.create_secret(Name=name, SecretString=name)
    own.delete_secret(SecretId="partly/deleted", RecoveryWindowInDays=7)
    listed = [(name, "") for name in ("partly/a", "partly/missing", "partly/deleted", "partly/b")]
    agent = prefetching(proxy, start_agent, [*listed, ("partly/a", "not a role")], [("nobodys-tag", "")])
    assert_held(proxy, agent, own, ["partly/a", "partly/b"])
    log = agent.log()
    codes = {"partly/missing": "ResourceNotFoundException", "partly/deleted": "InvalidRequestException", "partly/a": "InternalFailure"}
    for name, code in codes.items():
        assert any("prefetch failed" in line and name in line and code in line for line in log.splitlines()), name
    assert "prefetch finished loaded=2 failed=3" in log
    for name in ("partly/missing", "partly/deleted"):
        assert assert_same(agent, own, name)[0] in (400, 404)


def test_prefetch_fills_its_share_of_the_cache_alone(proxy, own, start_agent):
    names = [f"share/{number}" for number in range(12)]
    for name in names:
        own.create_secret(Name=name, SecretString=name)
    agent = prefetching(proxy, start_agent, [(name, "") for name in names], SMA_CACHE_SIZE="10", SMA_PREFETCH_CACHE_BUFFER_RATIO="0.5")
    assert_held(proxy, agent, own, names[:5])
    assert "prefetch finished loaded=5 failed=0 skipped=7" in agent.log()
