"""The files that say which version this is: all the same one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ops.errors import OpsError

CHANGELOG: Final = "CHANGELOG.md"
_PLACES: Final[Mapping[str, re.Pattern[str]]] = {
    "pyproject.toml": re.compile(r'^(version = ")([^"]+)(")$', re.MULTILINE),
    "client/package.json": re.compile(r'^(  "version": ")([^"]+)(",)$', re.MULTILINE),
}


def set_version(root: Path, version: str) -> None:
    """Write `version` into each file. Raises OpsError."""
    for name, place in _PLACES.items():
        file = root / name
        _read(root, name)
        file.write_text(place.sub(rf"\g<1>{version}\g<3>", file.read_text(), count=1))


def require_version(root: Path, version: str) -> None:
    """Raise OpsError unless each file says `version`."""
    for name in _PLACES:
        if (said := _read(root, name)) != version:
            raise OpsError(
                f"{name} says {said}, and the newest version in {CHANGELOG} is {version}. Make them the"
                " same: python -m ops release prepare"
            )


def _read(root: Path, name: str) -> str:
    found = _PLACES[name].search((root / name).read_text())
    if found is None:
        raise OpsError(f"{root / name} has no version.")
    return found[2]
