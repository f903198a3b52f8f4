"""deploy/eks: the manifests against Kubernetes' schema, the pod under podman."""
import json
import os
import shutil
import tempfile
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from conftest import DEMO_SECRET, DEPLOY, KEYS, docker, eventually, run

MANIFESTS = sorted((DEPLOY / "eks").glob("*.yaml"))
VERSIONS = ["1.29.0", kubernetes_validate.latest_version()]  # the first with native sidecars, and the last


def manifest(name):
    return yaml.safe_load((DEPLOY / "eks" / name).read_text())


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_the_manifest(path, version):
    for document in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(document, version, strict=True)


def test_the_deployment_has_the_pod_of_pod_yaml():
    pod, template = manifest("pod.yaml"), manifest("deployment.yaml")["spec"]["template"]
    assert template["spec"] == pod["spec"]
    assert template["metadata"]["annotations"] == pod["metadata"]["annotations"]


def test_the_agent_is_a_native_sidecar_that_the_application_waits_for():
    (agent,) = manifest("pod.yaml")["spec"]["initContainers"]
    assert agent["restartPolicy"] == "Always"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert agent[probe]["exec"]["command"] == ["/app/secrets-manager-agent", "--health-check"]


def test_the_cache_fits_into_the_memory():
    (agent,) = manifest("pod.yaml")["spec"]["initContainers"]
    (cache,) = [int(variable["value"]) for variable in agent["env"] if variable["name"] == "SMA_CACHE_BYTES"]
    assert cache * 4 <= int(agent["resources"]["limits"]["memory"].removesuffix("Mi")) << 20


def test_the_pod_passes_the_restricted_pod_security_standard():
    spec = manifest("pod.yaml")["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["initContainers"] + spec["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_token_is_in_memory_and_the_application_can_only_read_it():
    spec = manifest("pod.yaml")["spec"]
    assert spec["volumes"][0]["emptyDir"]["medium"] == "Memory"
    assert spec["containers"][0]["volumeMounts"][0]["readOnly"] is True


def test_the_roles_credentials_go_to_the_agent_alone():
    pod = manifest("pod.yaml")
    skipped = pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"].split(",")
    assert skipped == [container["name"] for container in pod["spec"]["containers"]]


def without(container, *parts):
    return {part: value for part, value in container.items() if part not in ("env", "volumeMounts", *parts)}


def test_the_pod_with_the_socket_is_the_same_without_a_token():
    one, other = manifest("pod.yaml")["spec"], manifest("pod-unix-socket.yaml")["spec"]
    assert without(other["initContainers"][0]) == without(one["initContainers"][0], "args")
    assert without(other["containers"][0]) == without(one["containers"][0])
    assert other["securityContext"] == one["securityContext"]
    assert other["volumes"][0]["emptyDir"] == one["volumes"][0]["emptyDir"]
    assert other["containers"][0]["volumeMounts"][0]["readOnly"] is True
    for container in other["initContainers"] + other["containers"]:
        assert "AWS_TOKEN" not in [variable["name"] for variable in container["env"]]


def test_the_pod_that_starts_an_image_by_exec_has_the_same_agent_and_all_groups_it_needs():
    pod, spec = manifest("pod-exec.yaml"), manifest("pod-exec.yaml")["spec"]
    agent, program = spec["initContainers"]
    assert agent == manifest("pod-unix-socket.yaml")["spec"]["initContainers"][0]
    assert spec["securityContext"] == manifest("pod.yaml")["spec"]["securityContext"]
    (database,) = spec["containers"]
    assert database["command"][0] == program["args"][1]
    for container in (program, database):
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    skipped = pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"].split(",")
    assert skipped == [database["name"], program["name"]]


def test_the_pod_with_files_starts_the_database_once_they_are_written_and_lets_it_only_read_them():
    pod, spec = manifest("pod-files.yaml"), manifest("pod-files.yaml")["spec"]
    (agent,), (database,) = spec["initContainers"], spec["containers"]
    expected = manifest("pod-unix-socket.yaml")["spec"]["initContainers"][0]
    assert without(agent, "startupProbe") == without(expected, "startupProbe")
    assert agent["startupProbe"]["exec"]["command"] == expected["startupProbe"]["exec"]["command"] + ["--ready"]
    assert spec["securityContext"] == manifest("pod.yaml")["spec"]["securityContext"]
    [secrets] = [mount for mount in database["volumeMounts"] if mount["name"] == "secrets"]
    assert secrets["readOnly"] is True
    [volume] = [volume for volume in spec["volumes"] if volume["name"] == "secrets"]
    assert volume["emptyDir"]["medium"] == "Memory"
    assert agent["env"][0]["value"].startswith(database["env"][0]["value"] + "=")
    assert database["env"][0]["value"].startswith(secrets["mountPath"] + "/")
    assert pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"] == database["name"]


def test_both_service_accounts_are_the_pods():
    for name in ("irsa.yaml", "pod-identity.yaml"):
        assert manifest(name)["metadata"]["name"] == manifest("pod.yaml")["spec"]["serviceAccountName"]


def kustomized(folder, **pod):
    """A Deployment of two containers, with what the component adds."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not on this machine")
    containers = [{"name": "web", "image": "web:1", "env": [{"name": "COLOUR", "value": "red"}]},
                  {"name": "worker", "image": "worker:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]
    spec = {"initContainers": [{"name": "migrate", "image": "migrate:1"}], "containers": containers,
            "volumes": [{"name": "data", "emptyDir": {}}]}
    template = {"metadata": {"labels": {"app": "shop"}, **pod.get("metadata", {})}, "spec": spec | pod.get("spec", {})}
    (folder / "deployment.yaml").write_text(yaml.safe_dump({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"},
        "spec": {"selector": {"matchLabels": {"app": "shop"}}, "template": template}}))
    shutil.copytree(DEPLOY / "eks/kustomize", folder / "secrets-manager-agent")
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({
        "resources": ["deployment.yaml"], "components": ["secrets-manager-agent"], **pod.get("kustomization", {})}))
    return yaml.safe_load(run("kubectl", "kustomize", folder).stdout)


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_what_the_component_makes_of_a_deployment(tmp_path, version):
    kubernetes_validate.validate(kustomized(tmp_path), version, strict=True)


def test_the_component_adds_the_agent_of_pod_yaml(tmp_path):
    spec = kustomized(tmp_path)["spec"]["template"]["spec"]
    expected, pod = manifest("pod.yaml")["spec"]["initContainers"][0], manifest("pod.yaml")["spec"]["securityContext"]
    agent = spec["initContainers"][0]  # before the application's own, which may need it
    assert [container["name"] for container in spec["initContainers"]] == ["secrets-manager-agent", "migrate"]
    assert agent["securityContext"] == expected["securityContext"] | {name: pod[name] for name in (
        "runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile")}
    for part in expected.keys() - {"securityContext", "volumeMounts"}:
        assert agent[part] == expected[part]


def test_the_component_gives_every_container_the_token_to_read_and_keeps_what_it_has(tmp_path):
    spec = kustomized(tmp_path)["spec"]["template"]["spec"]
    token = {"name": "secrets-manager-agent-token", "emptyDir": {"medium": "Memory", "sizeLimit": "64Ki"}}
    mount = {"name": token["name"], "mountPath": "/run/secrets-manager-agent", "readOnly": True}
    variable = {"name": "AWS_TOKEN", "value": "file:///run/secrets-manager-agent/token"}
    web, worker = spec["containers"]
    assert web["env"] == [{"name": "COLOUR", "value": "red"}, variable] and web["volumeMounts"] == [mount]
    assert worker["env"] == [variable] and worker["volumeMounts"] == [{"name": "data", "mountPath": "/data"}, mount]
    assert token in spec["volumes"] and {"name": "data", "emptyDir": {}} in spec["volumes"]


def test_the_component_adds_the_tokens_group_and_keeps_the_pods_own(tmp_path):
    own = {"securityContext": {"fsGroup": 1000, "supplementalGroups": [7]}}
    spec = kustomized(tmp_path, spec=own)["spec"]["template"]["spec"]
    assert spec["securityContext"] == {"fsGroup": 1000, "supplementalGroups": [7, 65532]}


def test_the_component_keeps_the_roles_credentials_from_the_first_container_and_a_patch_names_more(tmp_path):
    skip = "eks.amazonaws.com/skip-containers"
    (tmp_path / "one").mkdir()
    annotations = kustomized(tmp_path / "one")["spec"]["template"]["metadata"]["annotations"]
    assert annotations[skip] == "web"
    # The lines of README.md.
    patch = yaml.safe_load((DEPLOY / "eks/README.md").read_text().split("```yaml")[1].split("```")[0])
    (tmp_path / "all").mkdir()
    annotations = kustomized(tmp_path / "all", kustomization=patch)["spec"]["template"]["metadata"]["annotations"]
    assert annotations[skip] == "web,worker"


def plain_pod(pod, images):
    """The pod with the stand-in in it, as an older kube play takes it: that knows no restartPolicy of an init container,
    so the sidecar is one of the containers, and the application waits by itself. It is the agent's own client: podman
    takes long to copy a whole distribution. A database is left out."""
    spec = pod["spec"]
    (agent,) = spec.pop("initContainers")
    (application,) = spec["containers"]
    agent.pop("restartPolicy")
    agent.pop("startupProbe")
    agent["image"] = images["agent"]
    agent["env"] += [{"name": name, "value": value} for name, value in KEYS.items()]
    agent["env"].append({"name": "AWS_ENDPOINT_URL", "value": "http://127.0.0.1:8080"})
    for variable in agent["env"]:
        variable["value"] = variable["value"].replace("application/db:", "demo/secret:")
    application |= {"image": images["agent"], "args": ["get", "demo/secret", "--wait", "60"]}
    applications = [application] if application["name"] == "application" else []
    aws = {"name": "aws", "image": images["standin"],
           "args": ["--listen", "127.0.0.1:8080", "--secrets", "/demo-secrets.json", "--access-key",
                    KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"]]}
    for container in (aws, agent, *applications):
        container["image"] = "localhost/" + container["image"]
    # All start at once: an application that asked before AWS was there tries again.
    spec |= {"containers": [aws, agent, *applications], "restartPolicy": "OnFailure"}
    return pod


def gets_the_secret(podman):
    return DEMO_SECRET in podman("logs", "application-application").stdout


def has_the_file(podman):
    agent = "database-secrets-manager-agent"
    ready = podman("exec", agent, "/app/secrets-manager-agent", "--health-check", "--ready", check=False)
    archive = podman("cp", f"{agent}:/run/database-secrets/password", "-", check=False)
    return ready.returncode == 0 and json.loads(DEMO_SECRET)["password"] in archive.stdout


@pytest.mark.containers
@pytest.mark.parametrize("name, works", [("pod.yaml", gets_the_secret), ("pod-unix-socket.yaml", gets_the_secret),
                                         ("pod-files.yaml", has_the_file)])
def test_the_pod_runs_and_the_application_gets_its_secret(images, name, works):
    if not shutil.which("podman"):
        pytest.skip("podman is not on this machine")
    # podman takes no long path, and what it unpacks has owners of its own.
    with tempfile.TemporaryDirectory(prefix="pod", ignore_cleanup_errors=True) as folder:
        run_pod(Path(folder), images, name, works)


def run_pod(tmp_path, images, name, works):
    pod = plain_pod(manifest(name), images)
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump(pod))
    (tmp_path / "containers.conf").write_text(
        '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n')
    environment = {**os.environ, "CONTAINERS_CONF": str(tmp_path / "containers.conf")}
    store = ["--storage-driver=vfs", f"--root={tmp_path}/root", f"--runroot={tmp_path}/run"]

    def podman(*arguments, check=True):
        return run("podman", *store, *arguments, check=check, env=environment)

    docker("save", "-o", tmp_path / "images.tar", images["agent"], images["standin"])
    podman("load", "-q", "-i", tmp_path / "images.tar")
    (tmp_path / "images.tar").unlink()
    try:
        # All that the pod asks for is in it; and nothing is left of a network on this machine.
        podman("kube", "play", "--network", "none", tmp_path / "pod.yaml")
        eventually(lambda: works(podman))
    except BaseException:
        print(podman("logs", f"{pod['metadata']['name']}-secrets-manager-agent", check=False).stdout)
        raise
    finally:
        podman("kube", "down", tmp_path / "pod.yaml", check=False)
        podman("rmi", "-a", "-f", check=False)
