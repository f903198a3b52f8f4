"""What the tests of the real binary share: moto's server as AWS, the agent, and a proxy between the two."""

import os

import pytest
from agent_process import AgentProcess
from moto_process import MotoProcess
from recording_proxy import RecordingProxy


@pytest.fixture(scope="session")
def start_moto(tmp_path_factory):
    """Starts moto's server with variables of its own; ends it with the run."""
    started = []

    def start(**variables):
        log = (tmp_path_factory.mktemp("moto") / "log").open("wb")
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": "/nonexistent", **variables}
        started.append(MotoProcess(log, environment))
        log.close()
        return started[-1]

    yield start
    for moto in started:
        moto.stop()


@pytest.fixture(scope="session")
def moto(start_moto):
    return start_moto()


@pytest.fixture(scope="module")
def start_agent(tmp_path_factory):
    """Starts the agent; ends it with the module, by SIGTERM, and looks at how it ended."""
    running = []

    def start(environment, config=""):
        running.append(AgentProcess(tmp_path_factory.mktemp("agent"), environment, config))
        return running[-1]

    yield start
    failures = []
    for agent in running:
        try:
            agent.stop()
        except (AssertionError, OSError) as failure:
            failures.append(failure)
    assert not failures


@pytest.fixture(scope="module")
def proxy(moto):
    recording = RecordingProxy(moto.port)
    yield recording
    recording.stop()
