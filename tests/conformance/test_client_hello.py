"""What the ClientHello offers, and what an answer says if a middlebox cannot take it."""

import json
import ssl

import pytest
from agent_process import query_target
from client_hello import HelloRelay, groups_and_shares
from standin_process import StandinProcess, write_certificate
from test_tls_versions import OneVersionServer


@pytest.fixture
def ask(tmp_path, start_agent):
    """Asks a server that has no post-quantum group through a relay: the relay and the answer."""
    started = []
    certificate = write_certificate(tmp_path, "127.0.0.1")

    def start(environment=(), **relay):
        started.append(OneVersionServer(certificate, ssl.TLSVersion.TLSv1_3))
        started.append(HelloRelay(started[-1].port, **relay))
        agent = start_agent(
            {
                "AWS_ENDPOINT_URL": f"https://127.0.0.1:{started[-1].port}",
                "AWS_REGION": "eu-west-1",
                "AWS_CA_BUNDLE": certificate[0],
                "AWS_MAX_ATTEMPTS": "1",
                "SMA_VALIDATE_CREDENTIALS": "false",
                **StandinProcess.KEYS,
                **dict(environment),
            }
        )
        return started[-1], agent.get(query_target("n"))

    yield start
    for each in started:
        each.stop()


ALL = ["X25519MLKEM768", "X25519", "P-256", "P-384", "P-521"]


@pytest.mark.parametrize(
    "environment, groups, shares",
    [
        ({}, ALL, ALL[:2]),
        ({"SMA_POST_QUANTUM": "false"}, ALL[1:], ["X25519"]),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, ALL, ALL[:3]),
        ({"AWS_USE_FIPS_ENDPOINT": "true", "SMA_POST_QUANTUM": "false"}, ALL[1:], ["X25519", "P-256"]),
    ],
)
def test_groups_and_key_shares(ask, environment, groups, shares):
    relay, answer = ask(environment)
    assert answer.status == 200
    assert [groups_and_shares(hello) for hello in relay.hellos] == [(groups, shares)]


@pytest.mark.parametrize("resets", [True, False])
def test_a_handshake_that_is_cut_off_names_post_quantum_and_passes_without_it(ask, resets):
    _, refused = ask(largest=1000, resets=resets)
    assert refused.status == 502
    assert "set post_quantum = false" in json.loads(refused.body)["message"]
    relay, answer = ask({"SMA_POST_QUANTUM": "false"}, largest=1000, resets=resets)
    assert answer.status == 200
    assert len(relay.hellos[0]) < 1000


def test_without_post_quantum_a_handshake_that_is_cut_off_does_not_name_it(ask):
    _, refused = ask({"SMA_POST_QUANTUM": "false"}, largest=10)
    assert refused.status == 502
    assert "post_quantum" not in json.loads(refused.body)["message"]
