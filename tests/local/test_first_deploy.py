"""The README's deploy block in a fresh clone: a home of its own, nothing activated, up to the preview.

Word by word, but for the two lines that need an account: in place of S3 the state is in a folder, in
place of KMS there is a passphrase. The clouds are the local ones. `pulumi up` is `pulumi preview`,
which is its first half.
"""

import os
import re
import subprocess
import sys
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
IN_PLACE: Final = {
    'pulumi login "s3://$STATE_BUCKET"': 'pulumi login "file://$HOME"',
    'pulumi stack init dev --secrets-provider "awskms://$KMS_ALIAS?region=us-east-1"': (
        "pulumi stack init dev"
    ),
    "pulumi up": "pulumi preview",
}

pytestmark = pytest.mark.timeout(550)


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


def test_block_has_the_lines_that_are_replaced_here() -> None:
    assert IN_PLACE.keys() <= set(deploy_block())


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
        "PULUMI_HOME": str(home / ".pulumi"),  # the CLI takes the home of the account, not $HOME
        "PULUMI_CONFIG_PASSPHRASE": "in place of KMS",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **cloud.engine_environment,
        **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))},
    }

    done = subprocess.run(
        ["bash", "-c", script],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    planned = re.search(r"\+ (\d+) to create", done.stdout)
    assert planned, done.stdout[-4_000:]
    assert int(planned[1]) > 100
