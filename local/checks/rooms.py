"""Which tests a change needs at once: those of the room that it is in, in less than two minutes.

What starts a cloud or the engine is left to `make test`.
"""

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from local.errors import LocalError
from workspace.paths import REPOSITORY

# Where tests of functions lie; of these, only the files that name a changed room are run.
FUNCTION_TESTS: Final = "tests/functions"


@dataclass(frozen=True)
class Room:
    """What lies at `place`, and where its tests are."""

    place: str
    tests: tuple[str, ...]


# The first whose place a path begins with is its room.
ROOMS: Final = (
    Room("functions/", ("tests/unit", "tests/contract", "tests/api")),
    Room("components/helius/", ("tests/stack", "tests/provider/test_helius_webhook.py")),
    Room("components/", ("tests/stack", "tests/docs")),
    Room("__main__.py", ("tests/stack",)),
    Room("Pulumi", ("tests/stack",)),
    Room("client/", ("tests/client",)),
    Room("worker/", ("tests/worker", "tests/contract")),
    Room("local/cloudflare/", ("tests/cloudflare",)),
    Room("local/provider/", ("tests/provider",)),
    Room("local/", ("tests/bootstrap",)),
    Room("ops/", ("tests/ops", "tests/docs", "tests/workflows")),
    Room("workspace/", ("tests/ops", "tests/bootstrap")),
    Room("bin/", ("tests/bootstrap",)),
    Room("examples/", ("tests/docs",)),
    Room("docs/", ("tests/docs", "tests/api")),
    Room(".github/", ("tests/workflows",)),
    Room("tests/", ()),  # they are tests themselves
    Room("", ("tests/docs", "tests/bootstrap")),  # README, Makefile, locks
)


def needed_tests(paths: Iterable[str]) -> set[str]:
    """Test files and folders that a change at `paths` needs; paths are given from the repository's root."""
    found: set[str] = set()
    for path in paths:
        room = next(room for room in ROOMS if f"{path}/".startswith(room.place))
        found.update(room.tests)
        if room.place == "functions/":
            found.update(_function_tests(PurePosixPath(path)))
        if room.place == "tests/":
            found.add(_test_or_its_folder(PurePosixPath(path)))
    return found


def changed_paths() -> list[str]:
    """What differs from the last commit and what is new; if nothing does, what that commit changed."""
    changed = _git("diff", "--name-only", "HEAD")
    new = _git("ls-files", "--others", "--exclude-standard")
    return changed + new or _git("diff", "--name-only", "HEAD~1", "HEAD")


def _function_tests(path: PurePosixPath) -> list[str]:
    """Those that import the room or load the function; all of them for what every room imports."""
    folder = path.parent if path.suffix else path
    if folder.is_relative_to("functions/glow/"):
        named = re.escape(".".join(folder.parts))
    elif path.suffix == ".py":
        named = rf'load\("{path.stem}"'
    else:
        named = ""
    if named == r"functions\.glow" or not named:
        return [FUNCTION_TESTS]
    files = (REPOSITORY / FUNCTION_TESTS).glob("test_*.py")
    return [f"{FUNCTION_TESTS}/{file.name}" for file in files if re.search(named, file.read_text())]


def _test_or_its_folder(path: PurePosixPath) -> str:
    is_test = path.name.startswith("test_") or ".test." in path.name
    return str(path if is_test or not path.suffix else path.parent)


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalError(f"`git {' '.join(arguments)}` failed:\n{done.stderr.strip()}")
    return done.stdout.splitlines()
