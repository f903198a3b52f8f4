"""What the build installs, and how that is forbidden."""

import os
import pathlib
import subprocess

import pytest

REQUIRE = pathlib.Path(__file__).parents[2] / "third_party/require"


@pytest.fixture
def tools(tmp_path):
    """A PATH on which apt-get only notes what it is asked, and a root who runs it."""
    (tmp_path / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    (tmp_path / "id").write_text("#!/bin/sh\necho 0\n")
    for tool in ("dpkg-query", "apt-get", "id"):
        (tmp_path / tool).chmod(0o755)
    return tmp_path


def require(tools, **variables):
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", **variables}
    return subprocess.run([REQUIRE, "some-package", "other:some-missing-command"], env=environment, capture_output=True, text=True)


def test_what_is_installed_is_said_before(tools):
    done = require(tools)
    assert done.returncode == 0
    assert done.stderr == "installing with apt-get: some-package other (NO_INSTALL=1 forbids it)\n"
    assert "install --no-install-recommends some-package other" in (tools / "asked").read_text()


@pytest.mark.parametrize("value", ["1", "true"])
def test_no_install_forbids_it_and_says_what_is_missing(tools, value):
    done = require(tools, NO_INSTALL=value)
    assert done.returncode == 1
    assert done.stderr == "missing, and NO_INSTALL forbids to install it: apt-get install some-package other\n"
    assert not (tools / "asked").exists()


def test_an_empty_no_install_forbids_nothing(tools):
    assert require(tools, NO_INSTALL="").returncode == 0
    assert require(tools, NO_INSTALL="0").returncode == 0
