"""Problems with the config, the commands that mend them, and the error that lists them. Pure."""

import re
import shlex
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

NAMESPACE: Final = "glow"

# A name that may follow a dot in a path of `pulumi config`. Others need brackets and quotes.
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_INDEX: Final = re.compile(r"\[(\d+)\]")

Path = Sequence[str | int]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a key. `commands` follow `pulumi config` and mend it, in this order."""

    key: str
    what: str
    commands: tuple[str, ...]


class SettingsError(pulumi.RunError):
    """The config cannot be deployed. The text lists every problem."""

    def __init__(self, stack: str, problems: Collection[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=_place))
        lines = list(_lines(stack, self.problems))
        count = "1 setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        super().__init__("\n".join([f"Stack {stack}: {count} wrong.", *lines]))


def path_text(path: Path) -> str:
    """Write `path` as `pulumi config --path` takes it: `routing.edgeTokens[3]`."""
    text = str(path[0])
    for part in path[1:]:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if _PLAIN_NAME.fullmatch(part) else f'["{part}"]'
    return text


def removal(path: Path) -> str:
    """Return what follows `pulumi config` to remove `path`."""
    name = shlex.quote(f"{NAMESPACE}:{path_text(path)}")
    return f"rm --path {name}" if len(path) > 1 else f"rm {name}"


def plain_set(path: Path, value: str) -> str:
    """Return what follows `pulumi config` to set `path` to a text.

    The user replaces a `value` in angle brackets. Without --plaintext Pulumi refuses a mint,
    because it looks like a secret.
    """
    shown = f'"{value}"' if value.startswith("<") else shlex.quote(value)
    return f"set --plaintext --path {shlex.quote(path_text(path))} {shown}"


def _place(problem: Problem) -> tuple[str, int]:
    """Sort by key, and entries of a list from the last: removing one moves those behind it."""
    index = _INDEX.search(problem.key)
    return _INDEX.sub("", problem.key), -int(index[1]) if index else -sys.maxsize


def _lines(stack: str, problems: Collection[Problem]) -> Iterator[str]:
    for problem in problems:
        end = "" if problem.what.endswith(("?", ".", "!")) else "."
        yield f"{NAMESPACE}:{problem.key} {problem.what}{end}"
        for command in problem.commands:
            yield f"    pulumi config {command} --stack {stack}"
