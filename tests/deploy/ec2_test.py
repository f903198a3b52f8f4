"""deploy/ec2: the units as systemd judges them, `install` and `uninstall` on a machine with systemd."""
import os
import re
import shutil

import pytest
from conftest import AGENT, DEMO_SECRET, DEPLOY, KEYS, ROOT, SECRETS, STANDIN, docker, eventually, run

EC2 = DEPLOY / "ec2"
UNITS = ("awssmaseedtoken", "awssmastartup")
ALIASES = ("aws-workload-credentials-provider-token", "aws-workload-credentials-provider-sm")
TOKEN = "/var/run/awssmatoken"
INSTALL = "/source/deploy/ec2/install"


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_well_sandboxed(unit):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not on this machine")
    report = run("systemd-analyze", "security", "--no-pager", "--offline=true", EC2 / f"{unit}.service").stdout
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", report).group(1)) <= 2.0


@pytest.mark.parametrize("script", ["install", "uninstall"])
def test_a_script_wants_root_and_changes_nothing_without(script):
    done = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", EC2 / script, check=False)
    assert done.returncode == 1 and "must run as root" in done.stdout


@pytest.mark.parametrize("script", ["install", "uninstall"])
def test_a_script_refuses_what_it_does_not_know(script):
    done = run(EC2 / script, "--wrong", check=False)
    assert done.returncode == 1 and "unknown option --wrong" in done.stdout


def test_install_takes_the_options_of_awss_installer_for_certificates():
    done = run(EC2 / "install", "--no-privileges", "--no-sudoers", "--help", check=False)
    assert done.returncode == 0
    assert done.stdout.count("concerns certificates") == 2


class Machine:
    """A container with systemd in it. Root there has the host's kernel, so it gets no more than systemd needs."""

    name = "secrets-manager-agent-ec2-test"
    capabilities = ("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_NICE", "DAC_READ_SEARCH")

    def boot(self):
        given = [option for name in self.capabilities for option in ("--cap-add", name)]
        for place in ("seccomp", "apparmor", "systempaths"):
            given += ["--security-opt", f"{place}=unconfined"]
        docker("run", "-d", "--name", self.name, *given, "--tmpfs", "/run", "--tmpfs", "/tmp", "-e", "container=docker",
               f"{self.name}:image")
        self.booted()
        build = f"/source/build/{os.uname().machine}/"
        self.sh(f"mkdir -p {build} /source/deploy")
        docker("cp", f"{EC2}", f"{self.name}:/source/deploy/")
        docker("cp", AGENT, f"{self.name}:{build}")
        docker("cp", STANDIN, f"{self.name}:/source/")
        docker("cp", SECRETS, f"{self.name}:/source/secrets.json")
        # The stand-in is instance metadata and Secrets Manager at once.
        self.sh(f"""cat > /etc/systemd/system/standin.service << END
[Service]
ExecStart=/source/standin --listen 127.0.0.1:8080 --secrets /source/secrets.json --access-key {KEYS['AWS_ACCESS_KEY_ID']} \
--secret-key {KEYS['AWS_SECRET_ACCESS_KEY']}
[Install]
WantedBy=multi-user.target
END
systemctl enable --now --quiet standin
useradd reader
useradd stranger""")

    def booted(self):
        eventually(lambda: self.sh("systemctl is-system-running", check=False).stdout.strip() in ("running", "degraded"))

    def reboot(self):
        docker("restart", "-t", "30", self.name)
        self.booted()

    def sh(self, command, check=True, user="root"):
        return docker("exec", "--user", user, self.name, "sh", "-c", command, check=check)

    def install(self, *options):
        self.sh("""mkdir -p /etc/secrets-manager-agent && cat > /etc/secrets-manager-agent/environment << END
AWS_REGION=us-east-1
AWS_ENDPOINT_URL=http://127.0.0.1:8080
AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:8080
END""")
        return self.sh(f"{INSTALL} {' '.join(options)}")

    def uninstall(self, *options):
        return self.sh(f"/source/deploy/ec2/uninstall {' '.join(options)}")

    def state(self, unit):
        return self.sh(f"systemctl is-active {unit}", check=False).stdout.strip()

    def token(self):
        return self.sh(f"cat {TOKEN}").stdout

    def secret(self):
        get = f"AWS_TOKEN=file://{TOKEN} /opt/aws/secretsmanageragent/bin/secrets-manager-agent get demo/secret --wait 20"
        return self.sh(get, check=False).stdout

    def traces(self):
        """All that an installation could leave: files and accounts."""
        passed_over = " ".join(f"-path {place} -prune -o" for place in
                               ("/proc", "/sys", "/tmp", "/var/tmp", "/var/log", "/var/lib/systemd"))
        text = self.sh(f"find / -xdev {passed_over} -print | grep -v '^/etc/[a-z]*-$'; ls /run/*token* 2> /dev/null;"
                       "cut -d : -f 1 /etc/passwd /etc/group /etc/shadow /etc/gshadow").stdout
        return set(text.splitlines())


@pytest.fixture(scope="module")
def machine():
    machine = Machine()
    run(ROOT / "tests/setup/base-image", timeout=900)
    docker("build", "-q", "-t", f"{machine.name}:image", "-f", ROOT / "tests/deploy/ec2.Dockerfile", ROOT / "tests/deploy",
           timeout=900)
    docker("rm", "-f", machine.name, check=False)
    try:
        machine.boot()
        yield machine
    finally:
        docker("rm", "-f", machine.name, check=False)


@pytest.fixture(scope="module")
def installed(machine):
    machine.install()
    yield machine


@pytest.fixture
def bare(machine):
    """The machine without the agent."""
    machine.uninstall("--purge")
    machine.sh("rm -rf /etc/secrets-manager-agent /opt/aws")
    yield machine


on_a_machine = pytest.mark.containers


@on_a_machine
def test_the_agent_serves_once_installed(installed):
    assert installed.state("awssmastartup") == "active"
    assert installed.secret() == DEMO_SECRET


@on_a_machine
def test_the_units_answer_to_both_installers_names(installed):
    for unit in UNITS + ALIASES:
        assert installed.state(unit) == "active", unit
        assert installed.sh(f"systemctl is-enabled {unit}", check=False).stdout.strip() in ("enabled", "alias"), unit


@on_a_machine
@pytest.mark.parametrize("group", ["awssmatokenreader", "aws-wcp-token"])
def test_the_token_is_for_either_group_and_nobody_else(installed, group):
    assert installed.sh(f"stat -L -c '%a %U' {TOKEN}").stdout.split() == ["640", "root"]
    assert len(installed.token()) == 64
    installed.sh(f"gpasswd -a reader {group}")
    assert installed.sh(f"cat {TOKEN}", user="reader").stdout == installed.token()
    assert "denied" in installed.sh(f"cat {TOKEN}", user="stranger", check=False).stdout
    installed.sh(f"gpasswd -d reader {group}")


@on_a_machine
def test_systemd_calls_the_running_units_well_sandboxed(installed):
    for unit in UNITS:
        report = installed.sh(f"systemd-analyze security --no-pager {unit}").stdout
        assert float(re.search(r"exposure level for \S+: ([\d.]+)", report).group(1)) <= 2.0


@on_a_machine
def test_to_install_again_changes_neither_token_nor_settings(installed):
    token, traces = installed.token(), installed.traces()
    installed.install()
    assert installed.token() == token
    assert installed.traces() == traces
    assert installed.secret() == DEMO_SECRET


@on_a_machine
def test_a_restarted_token_unit_writes_a_new_token_that_the_agent_takes(installed):
    before = installed.token()
    installed.sh("systemctl restart awssmaseedtoken")
    assert installed.token() != before
    assert installed.secret() == DEMO_SECRET


@on_a_machine
def test_the_token_goes_when_its_unit_stops(installed):
    installed.sh("systemctl stop awssmaseedtoken")
    assert installed.sh(f"test -e {TOKEN}", check=False).returncode == 1
    assert installed.state("awssmastartup") == "inactive"
    installed.sh("systemctl start awssmastartup")
    assert installed.secret() == DEMO_SECRET


@on_a_machine
def test_members_of_the_group_reach_the_agent_by_its_socket(installed):
    path = "/run/secrets-manager-agent/agent.sock"
    installed.sh(f"echo SMA_UNIX_SOCKET={path} >> /etc/secrets-manager-agent/environment; systemctl restart awssmastartup")
    assert installed.sh(f"stat -c '%a %U:%G' {path}").stdout.split() == ["660", "awssmauser:awssmatokenreader"]
    get = f"SMA_UNIX_SOCKET={path} /opt/aws/secretsmanageragent/bin/secrets-manager-agent get demo/secret"
    installed.sh("gpasswd -a reader awssmatokenreader")
    assert installed.sh(get, user="reader").stdout == DEMO_SECRET
    assert "Permission denied" in installed.sh(get, user="stranger", check=False).stdout
    installed.sh("gpasswd -d reader awssmatokenreader")
    # This many starts in so short a time are more than systemd's own limit.
    installed.sh("sed -i /SMA_UNIX_SOCKET/d /etc/secrets-manager-agent/environment; "
                 "systemctl reset-failed awssmastartup; systemctl restart awssmastartup; systemctl reset-failed awssmastartup")


@on_a_machine
def test_a_killed_agent_is_started_again(installed):
    process = installed.sh("systemctl show -P MainPID awssmastartup").stdout
    installed.sh("systemctl kill -s KILL awssmastartup")
    eventually(lambda: installed.sh("systemctl show -P MainPID awssmastartup").stdout not in (process, "0\n"))
    assert installed.secret() == DEMO_SECRET


@on_a_machine
def test_after_a_reboot_the_agent_serves_with_a_new_token(installed):
    before = installed.token()
    installed.reboot()
    eventually(lambda: installed.state("awssmastartup") == "active")
    assert installed.token() != before
    assert installed.secret() == DEMO_SECRET


@on_a_machine
def test_the_agent_logs_where_awss_agent_does(installed):
    assert "listening" in installed.sh("cat /opt/aws/secretsmanageragent/logs/secrets_manager_agent.log").stdout


@on_a_machine
def test_no_start_installs_for_the_next_boot(bare):
    bare.install("--no-start")
    assert [bare.state(unit) for unit in UNITS] == ["inactive", "inactive"]
    bare.reboot()
    eventually(lambda: bare.state("awssmastartup") == "active")


@on_a_machine
def test_a_configuration_is_checked_installed_and_kept(bare):
    bare.sh("printf 'http_port = 2774\\n' > /tmp/good.toml; printf 'http_port = 80\\n' > /tmp/bad.toml")
    bare.install("--config", "/tmp/good.toml")
    health = "/opt/aws/secretsmanageragent/bin/secrets-manager-agent --health-check --config /etc/secrets-manager-agent/config.toml"
    bare.sh(health)
    bare.install()
    bare.sh(health)
    before = bare.traces()
    refused = bare.sh(f"{INSTALL} --config /tmp/bad.toml", check=False)
    assert refused.returncode == 1 and "http_port" in refused.stdout
    assert bare.traces() == before
    bare.sh(health)


@on_a_machine
def test_units_of_awss_provider_are_not_overwritten(bare):
    bare.sh("echo '[Service]' > /etc/systemd/system/aws-workload-credentials-provider-sm.service")
    before = bare.traces()
    refused = bare.sh(INSTALL, check=False)
    assert refused.returncode == 1 and "run its uninstall first" in refused.stdout
    assert bare.traces() == before
    bare.sh("rm /etc/systemd/system/aws-workload-credentials-provider-sm.service")


@on_a_machine
def test_uninstall_keeps_the_configuration_for_root_alone(bare):
    bare.sh("printf 'http_port = 2774\\n' > /tmp/good.toml")
    bare.install("--config", "/tmp/good.toml")
    assert "stays in /etc/secrets-manager-agent" in bare.uninstall().stdout
    assert bare.sh("stat -c '%U %G' /etc/secrets-manager-agent/config.toml").stdout == "root root\n"
    assert bare.sh("cat /etc/secrets-manager-agent/config.toml").stdout == "http_port = 2774\n"


@on_a_machine
def test_a_purge_leaves_nothing(bare):
    before = bare.traces()
    bare.install("--no-privileges", "--no-sudoers")
    bare.sh("mkdir -p /etc/systemd/system/awssmastartup.service.d && "
            "echo '[Service]' > /etc/systemd/system/awssmastartup.service.d/override.conf")
    bare.uninstall("--purge")
    assert bare.traces() == before
    bare.uninstall("--purge")
    assert bare.traces() == before
