"""`pip install ./client` makes the library importable as glow_client, outside of this repository.

The new environment sees the packages of this one, so nothing is downloaded.
"""

import asyncio
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.client.stack import Stack
from tests.client.trades import TOKEN, an_update

CLIENT = Path(__file__).parents[2] / "client"
PIP = ["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-index"]

APP = """
import asyncio, sys
from importlib.metadata import version
from pathlib import Path

import glow_client
from glow_client import connect

async def first_price(api: str, token: str) -> None:
    async with connect(api=api) as feed:
        async for price in feed.prices(token):
            print(price.update.price)
            break

print(version("glow-client"))
print(*sorted(path.name for path in Path(glow_client.__file__).parent.glob("*.*")))
asyncio.run(first_price(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment in which the package was installed as users do it."""
    home = tmp_path_factory.mktemp("app")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = home / "bin" / "python"
    packages = next(home.glob("lib/*/site-packages"))
    (packages / "of_the_tests.pth").write_text(sysconfig.get_path("purelib"))
    installed = subprocess.run(
        [python, *PIP, "--no-build-isolation", CLIENT],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert installed.returncode == 0, installed.stderr
    return python


async def test_installed_package_has_the_modules_and_hears_a_price(
    python: Path, stack: Stack
) -> None:
    stack.store(an_update(1))
    await stack.send("edge", an_update(1))

    app = await asyncio.create_subprocess_exec(
        *(python, "-c", APP, stack.url, TOKEN), cwd=python.parent, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await app.communicate()

    version, files, price = said.decode().splitlines()
    assert version == json.loads((CLIENT / "package.json").read_text())["version"]
    assert files.split() == sorted([*(path.name for path in CLIENT.glob("*.py")), "py.typed"])
    assert price == str(an_update(1)["price"])


def test_installing_leaves_nothing_behind_in_the_repository(python: Path) -> None:
    status = subprocess.run(
        ["git", "status", "--porcelain", "--ignored", "--", CLIENT],
        cwd=CLIENT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "build" not in status
    assert "egg-info" not in status
