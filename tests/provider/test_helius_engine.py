"""The webhook at Helius, managed by the real Pulumi engine through its plugin for dynamic resources."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.helius.server import Server
from tests.provider.helius import KEY, helius
from workspace.engine import ignore
from workspace.paths import REPOSITORY
from workspace.toolchain import pulumi_folder

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

PROGRAM = Path(__file__).parent / "helius_program"
OLD = "the-secret-that-helius-sent-until-now"
NEW = "the-secret-that-helius-sends-from-now-on"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with helius(tmp_path) as server:
        yield server


class Engine:
    """The CLI on a stack of its own; `printed` is all that it has said."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.printed = ""
        self._folder = shutil.copytree(PROGRAM, folder / "program")
        (folder / "state").mkdir()
        programs = [str(Path(sys.executable).parent), str(pulumi_folder(ignore))]
        self._environment = {
            "HOME": os.environ["HOME"],
            "PATH": os.pathsep.join([*programs, os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "tiny",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONPATH": str(REPOSITORY),
        }
        self.run("stack", "init", "test")
        self.run("config", "set", "--plaintext", "--path", "helius.apiBaseUrl", server.url)
        self.run("config", "set", "--secret", "HeliusApiKey", KEY)
        self.run("config", "set", "--secret", "HeliusWebhookSecret", OLD)

    def run(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert bool(done.returncode) is fails, said
        self.printed += said
        return said


@pytest.fixture
def engine(tmp_path: Path, server: Server) -> Engine:
    return Engine(tmp_path, server)


def test_webhook_lives_with_its_stack(engine: Engine, server: Server) -> None:
    engine.run("up", "--yes")
    (made,) = server.webhooks.all()
    assert made["authHeader"] == f"Bearer {OLD}"
    engine.run("preview", "--expect-no-changes")

    fields = {name: made[name] for name in made.keys() - {"webhookID", "wallet", "active"}}
    server.webhooks.replace(str(made["webhookID"]), fields | {"accountAddresses": ["Mint999"]})
    server.webhooks.toggle(str(made["webhookID"]), {"active": False})
    shown = engine.run("refresh", "--yes", "--diff")
    assert "Mint999" in shown
    assert "active" in shown
    engine.run("config", "set", "--secret", "HeliusWebhookSecret", NEW)
    engine.run("up", "--yes", "--diff")
    assert server.webhooks.all() == [made | {"authHeader": f"Bearer {NEW}"}]

    assert_untold(engine.printed + engine.run("stack", "export"))

    server.webhooks.delete(str(made["webhookID"]))
    engine.run("up", "--yes", "--refresh")
    (anew,) = server.webhooks.all()
    assert anew["webhookID"] != made["webhookID"]

    engine.run("destroy", "--yes")
    assert server.webhooks.all() == []


def test_refusal_is_told_without_the_key(engine: Engine, server: Server) -> None:
    server.key = "another-key"

    said = engine.run("up", "--yes", fails=True)

    assert "Helius answered 401" in said
    assert_untold(said + engine.run("stack", "export"))


def test_state_refers_to_the_provider_by_its_name(engine: Engine) -> None:
    """So code may change without a change of the resource, and nothing of a process is kept."""
    engine.run("up", "--yes")

    resources: list[dict[str, Any]] = json.loads(engine.run("stack", "export"))["deployment"][
        "resources"
    ]
    (webhook,) = [each for each in resources if each["urn"].endswith("::webhook")]
    assert len(webhook["inputs"]["__provider"]) < 200
    assert "authHeader" not in webhook["outputs"]


def assert_untold(text: str) -> None:
    for secret in (KEY, OLD, NEW):
        assert secret not in text
