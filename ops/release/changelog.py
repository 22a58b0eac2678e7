"""CHANGELOG.md and the versions in it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from ops.errors import OpsError

UNRELEASED: Final = "Unreleased"
_HEADING: Final = re.compile(r"^## (?P<title>\S+)(?: .*)?$", re.MULTILINE)
_VERSION: Final = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


@dataclass(frozen=True)
class Section:
    """What users notice of a version, in Markdown."""

    version: str
    notes: str


def name_unreleased(text: str, version: str, today: date) -> str:
    """`text` with its section Unreleased named `version`. Raises OpsError."""
    parse_version(version)
    first = next(iter(_sections(text)), None)
    if first is None or first.version != UNRELEASED or not first.notes:
        raise OpsError(
            "CHANGELOG.md has nothing under `## Unreleased`, so there is nothing to release."
        )
    newest = newest_version(text)
    if newest is not None and parse_version(version) <= parse_version(newest.version):
        raise OpsError(
            f"{version} is not above {newest.version}, the newest version in CHANGELOG.md."
        )
    return text.replace(f"## {UNRELEASED}\n", f"## {version} ({today.isoformat()})\n", 1)


def newest_version(text: str) -> Section | None:
    """The newest section that has a version; None if there is none yet. Newest stand first."""
    return next((each for each in _sections(text) if each.version != UNRELEASED), None)


def parse_version(text: str) -> tuple[int, int, int]:
    """The numbers of `1.2.3`, which can be compared. Raises OpsError."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise OpsError(f"{text!r} is no version: write 1.2.3.")
    return int(found[1]), int(found[2]), int(found[3])


def _sections(text: str) -> list[Section]:
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings), len(text)][1:]
    return [
        Section(heading["title"], text[heading.end() : end].strip())
        for heading, end in zip(headings, ends, strict=True)
    ]
