"""The man page, the bill of materials, and what README, docs/ and the READMEs of deploy/ say."""
import hashlib
import json
import os
import re
import shutil

import pytest
from conftest import AGENT, DEPLOY, ROOT, run
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

MAN_PAGE = DEPLOY / "secrets-manager-agent.1"
FOLDERS = sorted(path for path in DEPLOY.iterdir() if path.is_dir())
USER_PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(DEPLOY.rglob("README.md"))]


def man_page():
    """As text, without what makes letters bold."""
    return re.sub(".\b", "", run("mandoc", "-T", "utf8", "-O", "width=100", MAN_PAGE).stdout)


def test_the_man_page_has_no_faults():
    faults = [line for line in run("mandoc", "-T", "lint", "-W", "warning", MAN_PAGE, check=False).stdout.splitlines()
              if "mandoc.db" not in line]
    assert faults == []


def test_the_man_page_tells_every_option_that_help_tells():
    wanted = set(re.findall(r"--[a-z][a-z-]+", run(AGENT, "--help").stdout))
    assert wanted and wanted <= set(re.findall(r"--[a-z][a-z-]+", man_page()))


def test_the_man_page_tells_every_key_with_its_default():
    settings = run(AGENT, "--check-config", env={"AWS_TOKEN": "file:///run/token"}).stdout
    told = man_page()
    for key in re.findall(r"^([a-z_]+) = ", settings, re.MULTILINE):
        assert key in told, key
    for key in ("log_level", "http_port", "ttl_seconds", "cache_size", "max_conn", "cache_bytes"):
        default = re.search(rf"^{key} = (\S+)", settings, re.MULTILINE).group(1)
        assert re.search(rf"{key} = {re.escape(default)}\s", told), key


def test_make_install_puts_binary_and_man_page(tmp_path):
    run("make", "-s", "install", f"DESTDIR={tmp_path}", "PREFIX=/usr", cwd=ROOT)
    assert (tmp_path / "usr/bin/secrets-manager-agent").read_bytes() == AGENT.read_bytes()
    assert os.access(tmp_path / "usr/bin/secrets-manager-agent", os.X_OK)
    assert (tmp_path / "usr/share/man/man1/secrets-manager-agent.1").read_text() == MAN_PAGE.read_text()


@pytest.fixture(scope="module")
def bill():
    return run(DEPLOY / "sbom", "1.0.0", AGENT).stdout


def test_the_bill_of_materials_is_cyclonedx(bill):
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(bill) is None


def test_the_bill_of_materials_names_this_binary_and_each_library(bill):
    told = json.loads(bill)
    sums = told["metadata"]["component"]["hashes"]
    assert sums == [{"alg": "SHA-256", "content": hashlib.sha256(AGENT.read_bytes()).hexdigest()}]
    versions = {component["name"]: component["version"] for component in told["components"]}
    said = run(AGENT, "--version").stdout
    for library in ("openssl", "curl", "rapidjson", "inih"):
        assert versions[library] in said, library
    for component in told["components"]:
        assert f":{component['version']}:" in component["cpe"]
        assert component["purl"].endswith(f"@{component['version']}")


def test_the_bill_of_materials_tells_where_each_library_comes_from_and_its_sum(bill):
    sources = {component["name"]: component["externalReferences"] for component in json.loads(bill)["components"]
               if "externalReferences" in component}
    assert sources.keys() == {"openssl", "curl", "rapidjson", "inih"}
    for name, (reference,) in sources.items():
        recipe = (ROOT / f"third_party/{name}.sh").read_text()
        assert f"upstream_sha256={reference['hashes'][0]['content']}" in recipe
        assert "$" not in reference["url"]


def test_the_same_sources_give_the_same_bill_of_materials(bill):
    assert run(DEPLOY / "sbom", "1.0.0", AGENT).stdout == bill


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_folder_has_a_readme_whose_links_lead_somewhere(folder):
    text = (folder / "README.md").read_text()
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert target.startswith("http") or (folder / target).exists(), target


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_files_that_a_readmes_commands_name_are_found_from_the_root(folder):
    text = (folder / "README.md").read_text()
    named = re.findall(r"file://([a-z][\w./-]*)|apply -f (\S+\.yaml)|[ `](deploy/[\w./-]+)|compose -f (\S+)", text)
    for path in filter(None, (part for parts in named for part in parts)):
        assert (ROOT / path).exists(), path


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


@pytest.mark.parametrize("page", [*USER_PAGES, MAN_PAGE], ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_name_the_address_that_the_agent_listens_on_and_bypass_proxies(page):
    text = page.read_text()
    assert "http://localhost" not in text
    for command in re.findall(r"^ *curl (?:.*\\\n)*.*", text, re.MULTILINE):
        assert "127.0.0.1" not in command or "--noproxy" in command, command


def test_scripts_have_no_faults():
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not on this machine")
    scripts = [path for path in sorted(DEPLOY.rglob("*"))
               if path.is_file() and re.match(rb"#!/\S+( \S*sh|/sh|/bash)\n", path.read_bytes()[:40])]
    assert len(scripts) >= 5
    run("shellcheck", "-x", *scripts)
