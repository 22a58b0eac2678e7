"""Turns Pulumi archives into bytes. A zip file is read as it is; other archives are zipped."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from local.provider.values import Value

# The earliest date of the zip format. A fixed date, so that the same files give the same bytes.
EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def zip_bytes(archive: Value) -> bytes:
    """The zip file for an archive property.

    Raises ValueError if the archive is not on this disk.
    """
    match archive:
        case {"path": str(path)} if Path(path).is_file():
            return Path(path).read_bytes()
        case _:
            return _zip(dict(_files(archive, "")))


def _zip(files: dict[str, bytes]) -> bytes:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return zipped.getvalue()


def _files(part: Value, name: str) -> Iterator[tuple[str, bytes]]:
    """The name in the zip and the content of each file of an archive or asset."""
    match part:
        case {"assets": dict(assets)}:
            for member, asset in assets.items():
                yield from _files(asset, f"{name}/{member}" if name else member)
        case {"text": str(content)}:
            yield name, content.encode()
        case {"path": str(path)} if Path(path).is_file():
            yield name, Path(path).read_bytes()
        case {"path": str(path)} if Path(path).is_dir():
            for file in Path(path).iterdir():
                yield from _files({"path": str(file)}, f"{name}/{file.name}" if name else file.name)
        case _:
            raise ValueError(f"{name or 'code'} must be an archive or asset on this disk: {part}")
