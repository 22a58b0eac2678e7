"""Commands as the docs print them work with any Python, and say what they miss."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.cloud import LocalCloud
from local.errors import LocalError
from workspace.paths import REPOSITORY

# The Python that .venv was made with: it has none of our packages.
BARE_PYTHON = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"


def run(*command: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env={}, capture_output=True, text=True, check=False)


def test_ops_runs_with_a_python_that_has_no_packages() -> None:
    assert run(str(BARE_PYTHON), "-c", "import typer").returncode != 0
    done = run(str(BARE_PYTHON), "-m", "ops", "redrive", "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage: python -m ops redrive" in done.stdout


def test_ops_without_an_environment_names_the_command_that_makes_it(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "ops", tmp_path / "ops")
    done = run(str(BARE_PYTHON), "-m", "ops", "redrive", cwd=tmp_path)
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        ["The packages of glow are not installed. Install them: make up"],
    )


def test_pulumi_launcher_without_an_environment_names_the_command_that_makes_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "bin").mkdir()
    launcher = shutil.copy(REPOSITORY / "bin" / "pulumi-local", tmp_path / "bin")
    done = run(str(launcher), "up")
    assert (done.returncode, done.stderr) == (
        1,
        "There is no stack local yet. Make it: make up\n",
    )


def test_cloud_that_is_down_is_named_with_the_command_that_starts_it(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"The local cloud is not running. Start it: make up"):
        LocalCloud(tmp_path).require_running()
