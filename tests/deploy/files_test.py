"""Files that follow their secrets, read by a program that others wrote: Debian's Redis, with a template."""
import json

import pytest
from conftest import DEMO_SECRET, KEYS, SECRETS, docker, eventually

NAME = "secrets-manager-agent-files-test"
CONFIG = """
unix_socket = "/run/secrets-manager-agent/agent.sock"
ssrf_env_variables = ["AWS_TOKEN"]
log_to_file = false
[[files]]
path = "/run/secrets/redis.conf"
template = "/etc/agent/redis.conf.in"
"""


@pytest.fixture
def agent(images, tmp_path):
    """The agent, which writes redis.conf into a volume in memory, and the stand-in as its AWS; yields the volume."""
    names = [f"{NAME}-{part}" for part in ("aws", "agent", "redis")]
    docker("rm", "-f", *names, check=False)
    for kind in ("network", "volume"):
        docker(kind, "rm", NAME, check=False)
    docker("network", "create", "--internal", NAME)
    docker("volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=mode=0750,uid=65532,gid=65532", NAME)
    tmp_path.chmod(0o755)
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "redis.conf.in").write_text('port 6379\nrequirepass "{{secret:demo/secret:password}}"\n')
    variables = {"AWS_ENDPOINT_URL": f"http://{names[0]}:8080", "AWS_REGION": "us-east-1", **KEYS}
    try:
        docker("run", "-d", "--name", names[0], "--network", NAME, "-v", f"{SECRETS}:/secrets.json:ro", images["standin"],
               "--listen", "0.0.0.0:8080", "--secrets", "/secrets.json", "--access-key", KEYS["AWS_ACCESS_KEY_ID"],
               "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"])
        docker("run", "-d", "--name", names[1], "--network", NAME, "-v", f"{NAME}:/run/secrets", "-v",
               f"{tmp_path}:/etc/agent:ro", "--read-only", "--cap-drop", "ALL",
               *(word for name, value in variables.items() for word in ("-e", f"{name}={value}")),
               images["agent"], "--config", "/etc/agent/config.toml")
        ready = ["exec", names[1], "/app/secrets-manager-agent", "--health-check", "--ready", "--config", "/etc/agent/config.toml"]
        eventually(lambda: docker(*ready, check=False).returncode == 0)
        yield NAME
    except BaseException:
        print(docker("logs", names[1], check=False).stdout)
        raise
    finally:
        docker("rm", "-f", *names, check=False)
        docker("volume", "rm", NAME, check=False)
        docker("network", "rm", NAME, check=False)


@pytest.mark.containers
def test_redis_starts_with_the_password_that_the_agent_put_into_its_configuration(agent, database_image):
    redis = f"{NAME}-redis"
    docker("run", "-d", "--name", redis, "--network", "none", "-v", f"{agent}:/run/secrets:ro", "--user", "redis",
           "--group-add", "65532", "--entrypoint", "redis-server", database_image, "/run/secrets/redis.conf")

    def ask(password):
        return docker("exec", "-e", f"REDISCLI_AUTH={password}", redis, "redis-cli", "ping", check=False).stdout

    password = json.loads(DEMO_SECRET)["password"]
    eventually(lambda: "PONG" in ask(password))
    assert "PONG" not in ask("another") and "NOAUTH" in ask("")
