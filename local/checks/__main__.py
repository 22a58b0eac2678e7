"""`python -m local.checks test [pytest's arguments]` and `python -m local.checks room [path …]`."""

import sys
from collections.abc import Iterable, Sequence
from typing import Final

from local.checks.lanes import Lane, Part, run_side_by_side
from local.checks.rooms import changed_paths, needed_tests
from local.errors import LocalError
from local.toolchain.node import NODE, node_environment, npm_command
from workspace.paths import REPOSITORY

PYTHON: Final = sys.executable

# Each may run a local cloud, and the JavaScript tests run beside them. With a third one, two cores were
# so busy that webhooks passed their deadline and edges looked as if they were down.
PROCESSES: Final = "2"

STYLE: Final = (
    Part("style", [PYTHON, "-m", "ruff", "check"]),
    Part("format", [PYTHON, "-m", "ruff", "format", "--check"]),
)
PYTHON_TYPES: Final = Part(
    "types of Python", [PYTHON, "-m", "basedpyright", "--pythonpath", PYTHON]
)
JAVASCRIPT_TYPES: Final = Part("types of JavaScript", npm_command("run", "types"))

NEITHER_CLOUD_NOR_ENGINE: Final = ("-m", "not cloud and not engine")
NONE_SELECTED: Final = 5
"""How pytest ends when a room's tests all start a cloud."""

# Files of tests at a time; node's own number leaves one of two cores idle.
NODE_CONCURRENCY: Final = "--test-concurrency=3"

INTERRUPTED: Final = 130
"""128 and SIGINT's number, as a shell has it."""


def main() -> None:
    """Run what the first argument names; the exit code is 1 if anything failed."""
    what, *arguments = sys.argv[1:]
    try:
        lanes = _room_lanes(arguments) if what == "room" else _all_lanes(arguments)
        succeeded = run_side_by_side(lanes, node_environment())
    except LocalError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(not succeeded)


def _all_lanes(arguments: Sequence[str]) -> list[Lane]:
    processes = [] if arguments else ["--numprocesses", PROCESSES]
    return [
        [*STYLE, PYTHON_TYPES, JAVASCRIPT_TYPES, Part("tests of JavaScript", npm_command("test"))],
        [Part("tests of Python", [PYTHON, "-m", "pytest", *processes, *arguments])],
    ]


def _room_lanes(paths: Sequence[str]) -> list[Lane]:
    for path in paths:
        if not (REPOSITORY / path).exists():
            raise LocalError(
                f"ROOM={path}: there is no such file or folder. A room is functions/glow/trades"
            )
    places = sorted(needed_tests(paths or changed_paths()))
    python = [place for place in places if _has_python_tests(place)]
    javascript = sorted({file for place in places for file in _javascript_tests(place)})
    lanes: list[Lane] = [[*STYLE, PYTHON_TYPES]]
    if python:
        command = [PYTHON, "-m", "pytest", *NEITHER_CLOUD_NOR_ENGINE, *python]
        lanes.append([Part("tests of Python", command, accepted=(0, NONE_SELECTED))])
    if javascript:
        tests = [str(NODE), "--test", NODE_CONCURRENCY, *javascript]
        lanes.append([JAVASCRIPT_TYPES, Part("tests of JavaScript", tests)])
    return lanes


def _has_python_tests(place: str) -> bool:
    return place.endswith(".py") or any((REPOSITORY / place).rglob("test_*.py"))


def _javascript_tests(place: str) -> Iterable[str]:
    if ".test." in place:
        return [place]
    files = (REPOSITORY / place).rglob("*.test.*")
    return [str(file.relative_to(REPOSITORY)) for file in files]


if __name__ == "__main__":
    main()
