"""The README's deploy block in a fresh clone: a home of its own, nothing activated, up to the preview.

Word by word, but for the two lines that need accounts of AWS: S3 for the state is a folder, KMS for
its secrets is a passphrase. The clouds are the local ones. A user would answer yes; here it is no.
"""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest
import yaml

from local import config
from local.cloud import LocalCloud
from tests.docs.shell import commands
from workspace.paths import REPOSITORY
from workspace.toolchain import pulumi_folder

README: Final = (REPOSITORY / "README.md").read_text()
QUESTION: Final = b"Do you want to perform this update?"
IN_PLACE: Final = {
    'pulumi login "s3://$STATE_BUCKET"': 'pulumi login "file://$HOME"',
    'pulumi stack init dev --secrets-provider "awskms://$KMS_ALIAS?region=us-east-1"': (
        "pulumi stack init dev"
    ),
}
DEADLINE_SECONDS: Final = 500

pytestmark = pytest.mark.timeout(DEADLINE_SECONDS + 60)


@pytest.fixture
def clone(tmp_path: Path, cloud: LocalCloud) -> Path:
    """What is committed here, with the local clouds in place of the accounts."""
    clone = tmp_path / "glow"
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(clone)], check=True)
    stack = clone / "Pulumi.dev.yaml"
    settings = yaml.safe_load(stack.read_text())
    settings["config"] |= config.aws_keys(cloud.aws_url)
    stack.write_text(yaml.safe_dump(settings))
    return clone


def deploy_block() -> list[str]:
    deploy = README.partition("\n## Deploy\n")[2].partition("```console\n")[2].partition("```")[0]
    return commands(f"```console\n{deploy}```")


def test_block_has_the_lines_that_stand_in_for_accounts() -> None:
    assert IN_PLACE.keys() <= set(deploy_block())
    assert deploy_block()[-1] == "pulumi up"


def test_deploy_block_of_the_readme_leads_to_the_preview(
    clone: Path, cloud: LocalCloud, tmp_path: Path
) -> None:
    script = "\n".join(["set -e", *(IN_PLACE.get(line, line) for line in deploy_block())])
    home = tmp_path / "home"
    home.mkdir()
    programs = [f"{sys.base_prefix}/bin", str(pulumi_folder(print)), "/usr/bin", "/bin"]
    environment = {
        "HOME": str(home),
        "PATH": os.pathsep.join(programs),
        "TERM": "xterm",
        "PULUMI_CONFIG_PASSPHRASE": "in place of KMS",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **cloud.engine_environment,
        **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))},
    }

    said = answer_no(["bash", "-c", script], cwd=clone, environment=environment)

    assert "ModuleNotFoundError" not in said
    planned = re.search(r"\+ (\d+) to create", said)
    assert planned, said[-4_000:]
    assert int(planned[1]) > 100
    assert "confirmation declined" in said, said[-4_000:]


def answer_no(command: list[str], *, cwd: Path, environment: dict[str, str]) -> str:
    """Run `command` on a terminal, and take the default where Pulumi asks whether to go on: no."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, cwd=cwd, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said, is_answered, deadline = b"", False, time.monotonic() + DEADLINE_SECONDS
    try:
        while part := _read(ours, deadline):
            said += part
            if QUESTION in said and not is_answered:
                os.write(ours, b"\r")
                is_answered = True
        assert time.monotonic() < deadline, said[-4_000:].decode(errors="replace")
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode(errors="replace"))


def _read(terminal: int, deadline: float) -> bytes:
    """What was said since; nothing at the end, or at the deadline."""
    ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
    try:
        return os.read(terminal, 65_536) if ready else b""
    except OSError:  # Linux says so when the other side has closed the terminal
        return b""
