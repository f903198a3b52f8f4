"""deploy/monitoring: the files by Prometheus's own tool, and a real Prometheus that scrapes a running agent."""
import contextlib
import http.client
import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

import pytest
import yaml
from conftest import AGENT, DEPLOY, KEYS, ROOT, SECRETS, STANDIN, Aws, eventually, free_port, run, started

MONITORING = DEPLOY / "monitoring"
RULES = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"][0]["rules"]
PANELS = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
TOKEN = "monitoring-test-token-0123456789"


def test_the_rules_are_right_and_do_as_their_cases_say():
    run("promtool", "check", "rules", MONITORING / "alerts.yml")
    run("promtool", "check", "config", MONITORING / "prometheus.yml")
    run("promtool", "test", "rules", MONITORING / "alerts_test.yml")


def test_each_alert_has_a_case_for_it_and_one_against_it_and_a_line_in_the_readme():
    tests = yaml.safe_load((MONITORING / "alerts_test.yml").read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    for rule in RULES:
        fires = {bool(case["exp_alerts"]) for case in cases if case["alertname"] == rule["alert"]}
        assert fires == {True, False}, rule["alert"]
        assert f"`{rule['alert']}`" in (MONITORING / "README.md").read_text()


def test_rules_and_dashboard_name_metrics_that_the_specification_has():
    known = re.findall(r"`((?:sma|process)_\w+)`", (ROOT / "docs/specification.md").read_text())
    for query in [*QUERIES, *(rule["expr"] for rule in RULES)]:
        names = re.findall(r"\b(?:sma|process)_\w+", query)
        assert names
        for name in names:
            assert name in known or name.removesuffix("_bucket") in known, name


def test_the_panels_have_places_of_their_own():
    assert len({panel["id"] for panel in PANELS}) == len({panel["title"] for panel in PANELS}) == len(PANELS)
    places = set()
    for panel in PANELS:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & places and at["x"] + at["w"] <= 24, panel["title"]
        places |= cells


def test_the_example_gives_the_address_that_prometheus_scrapes():
    added = yaml.safe_load((MONITORING / "docker-compose.yml").read_text())["services"]
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    assert config["scrape_configs"][0]["static_configs"][0]["targets"] == ["agent:9772"]
    assert added["client-application"]["networks"]["default"]["aliases"] == ["agent"]
    assert added["agent"]["environment"] == ["SMA_METRICS_ADDRESS=[::]:9772"]
    for volume in added["prometheus"]["volumes"]:
        assert (ROOT / volume.split(":")[0]).is_file()


@pytest.mark.containers
def test_compose_takes_both_files_together():
    if not shutil.which("docker-compose"):
        pytest.skip("docker-compose is not on this machine")
    files = ["-f", ROOT / "docker-compose.yml", "-f", MONITORING / "docker-compose.yml"]
    merged = yaml.safe_load(run("docker-compose", *files, "config", cwd=ROOT).stdout)["services"]
    assert merged["agent"]["environment"]["SMA_METRICS_ADDRESS"] == "[::]:9772"
    assert "AWS_ENDPOINT_URL" in merged["agent"]["environment"]


class Scene:
    """An agent whose credentials expire, with the stand-in, and a Prometheus that scrapes it all the time."""

    def __init__(self, aws, agent, prometheus):
        self.aws, self.agent, self.prometheus = aws, agent, prometheus

    def get(self, path, status):
        """The X-Cache of the answer."""
        host, port = self.agent.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"X-Vault-Token": TOKEN})
            answer = connection.getresponse()
            assert answer.status == status
            return answer.headers["X-Cache"]

    def query(self, expression):
        """The samples: a list of labels and value."""
        url = f"{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            result = json.load(answer)["data"]["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in result]

    def value(self, expression):
        [(_, value)] = self.query(expression)
        return value


def is_ready(url):
    with contextlib.suppress(OSError), urllib.request.urlopen(url + "/-/ready", timeout=5) as answer:
        return answer.status == 200
    return False


@contextlib.contextmanager
def running_prometheus(folder, target):
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "200ms", "evaluation_interval": "200ms"}
    config["rule_files"] = [str(MONITORING / "alerts.yml")]
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    url = f"http://127.0.0.1:{free_port()}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                    f"--web.listen-address={url.removeprefix('http://')}"], stdout=log, stderr=log)
    try:
        eventually(lambda: is_ready(url))
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("monitoring")
    metrics = f"127.0.0.1:{free_port()}"
    keys = ["--access-key", KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"]]
    with started([STANDIN, "--listen", "127.0.0.1:0", "--secrets", SECRETS, *keys], {}, r"listening on (\S+)") as url:
        environment = {"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", "AWS_TOKEN": TOKEN, "SMA_HTTP_PORT": "0",
                       "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/credentials", "SMA_METRICS_ADDRESS": metrics,
                       "SMA_LOG_TO_FILE": "false"}
        with started([AGENT], environment, r"listening on (http\S+)") as agent, running_prometheus(folder, metrics) as prometheus:
            scene = Scene(Aws(url), agent, prometheus)
            eventually(lambda: scene.query("sma_ready"))
            scene.found = [scene.get("/v1/demo/secret", 200) for _ in range(5)]
            scene.found += [scene.get("/v1/demo/secret?refreshNow=true", 200), scene.get("/v1/no/such/secret", 400)]
            # Enough scrapes for a rate.
            eventually(lambda: scene.value("count_over_time(sma_secret_refusals_total[1m])") >= 10)
            eventually(lambda: scene.query("increase(sma_secret_refusals_total[1m]) > 0"))
            yield scene


def test_prometheus_has_the_counts_of_the_clients_and_of_the_stand_in(scene):
    assert scene.found == ["MISS", "HIT", "HIT", "HIT", "HIT", "MISS", None]
    answers = {labels["result"]: value for labels, value in scene.query("sma_secret_answers_total")}
    assert answers == {"hit": 4, "miss": 2, "stale": 0, "error": 1}
    assert scene.value("sum(sma_secret_answer_duration_seconds_count)") == 2
    assert scene.value('sma_http_requests_total{code="200"}') == 6
    counts = json.loads(scene.aws.ask("/_standin/counts"))
    called = {labels["operation"]: value for labels, value in scene.query("sum by (operation) (sma_aws_calls_total) > 0")}
    assert called == {operation: counts[operation] for operation in called}
    assert {"GetSecretValue", "GetCallerIdentity"} <= called.keys()
    assert scene.value("sma_aws_retries_total") == 0
    assert scene.value('sma_credentials_renewals_total{outcome="ok"}') == counts["container:credentials"]


def as_asked(expression):
    """A query as Grafana or a rule asks it, so that comparisons give 0 or 1 instead of nothing."""
    expression = expression.replace("$__rate_interval", "1m").replace('"$job"', '".*"').replace('"$instance"', '".*"')
    return re.sub(r"(>=|<=|==|>|<) (?=[\w])", r"\1 bool ", expression)


@pytest.mark.parametrize("expression", [*QUERIES, *(rule["expr"] for rule in RULES)], ids=lambda text: text[:60])
def test_each_query_of_dashboard_and_rules_gives_data(scene, expression):
    assert scene.query(as_asked(expression)), as_asked(expression)


def test_the_rules_that_should_fire_do_and_no_others(scene):
    def firing():
        return {labels["alertname"] for labels, _ in scene.query('ALERTS{alertstate="firing"}')}
    eventually(firing)
    assert firing() == {"SecretsManagerAgentSecretsRefused"}


def test_what_prometheus_scraped_passes_its_own_check(scene):
    with urllib.request.urlopen(scene.agent + "/metrics") as answer:
        done = run("promtool", "check", "metrics", input=answer.read().decode())
    assert done.stdout == ""
