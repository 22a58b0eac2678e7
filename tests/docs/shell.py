"""The commands that a page shows in its `console` blocks."""

import re
import shlex
from collections.abc import Iterator

BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[str]:
    """What follows each prompt `$ `, up to the end of its last quotation."""
    return [command for block in BLOCK.findall(page) for command in _commands(block)]


def _commands(block: str) -> Iterator[str]:
    begun = ""
    for line in block.splitlines():
        if begun:
            begun += f"\n{line}"
        elif line.startswith("$ "):
            begun = line.removeprefix("$ ")
        if begun and _is_whole(begun):
            yield begun
            begun = ""
    if begun:
        yield begun


def _is_whole(command: str) -> bool:
    try:
        shlex.split(command, comments=True)
    except ValueError:  # no closing quotation
        return False
    return True
