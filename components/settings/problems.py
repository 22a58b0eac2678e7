"""A problem with the config, the commands that mend it, and the error that lists all of them. Pure."""

import re
import shlex
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

NAMESPACE: Final = "glow"

# What may stand behind a dot in a path of `pulumi config`; any other name goes into brackets.
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_INDEX: Final = re.compile(r"\[(\d+)\]")

Path = Sequence[str | int]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a key, and what to say to `pulumi config`, in this order, to mend it."""

    key: str
    what: str
    commands: tuple[str, ...]


class SettingsError(pulumi.RunError):
    """Config that cannot be deployed; the text lists all that is wrong."""

    def __init__(self, stack: str, problems: Collection[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=_place))
        lines = list(_lines(stack, self.problems))
        count = "1 setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        super().__init__("\n".join([f"Stack {stack}: {count} wrong.", *lines]))


def path_text(path: Path) -> str:
    """`path` as `pulumi config --path` takes it: `routing.edgeTokens[3]`."""
    text = str(path[0])
    for part in path[1:]:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if _PLAIN_NAME.fullmatch(part) else f'["{part}"]'
    return text


def removal(path: Path) -> str:
    """What follows `pulumi config` to remove what is at `path`."""
    name = shlex.quote(f"{NAMESPACE}:{path_text(path)}")
    return f"rm --path {name}" if len(path) > 1 else f"rm {name}"


def plain_set(path: Path, value: str) -> str:
    """What follows `pulumi config` to set `path` to a text; a `value` in angle brackets is the user's.

    --plaintext, because Pulumi takes a mint for a secret by its looks and refuses it without.
    """
    shown = f'"{value}"' if value.startswith("<") else shlex.quote(value)
    return f"set --plaintext --path {shlex.quote(path_text(path))} {shown}"


def _place(problem: Problem) -> tuple[str, int]:
    """By key; a list before its entries, and those from its end: who removes one moves the rest."""
    index = _INDEX.search(problem.key)
    return _INDEX.sub("", problem.key), -int(index[1]) if index else -sys.maxsize


def _lines(stack: str, problems: Collection[Problem]) -> Iterator[str]:
    for problem in problems:
        end = "" if problem.what.endswith(("?", ".", "!")) else "."
        yield f"{NAMESPACE}:{problem.key} {problem.what}{end}"
        for command in problem.commands:
            yield f"    pulumi config {command} --stack {stack}"
