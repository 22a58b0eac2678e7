"""What is uploaded to Lambda and Cloudflare. The same inputs give the same bytes on every machine.

Names are sorted, times and permissions fixed, and nothing is compressed, because a deflated zip
depends on the zlib of the machine. Any other byte would be a change in the next preview.
"""

import hashlib
import importlib.util
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Literal

import pulumi

from functions.environment import LISTS_FILE

_BUILD_FOLDER: Final = ".build"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
_UNIX: Final = 3  # a zip's mark of the system that made it
_READABLE_FILE: Final = 0o100644 << 16

# What an installer writes about itself and its machine. No function reads it.
_TRACES: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"})
_TRACE_FOLDERS: Final = frozenset({"__pycache__", "bin"})

# python3.11 runs on Amazon Linux 2 (glibc 2.26), its successors on Amazon Linux 2023 (2.34).
_OLD_GLIBC_RUNTIMES: Final = frozenset({"python3.11"})
_MACHINES: Final = {"arm64": "aarch64", "x86_64": "x86_64"}


class PackagingError(pulumi.RunError):
    """An archive could not be built. The text says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The platform that the dependencies are for: Lambda's, or that of a laptop in its place."""

    runtime: str
    architecture: str
    system: Literal["linux", "macos"] = "linux"

    @property
    def python_version(self) -> str:
        return self.runtime.removeprefix("python")

    @property
    def platform(self) -> str:
        """The platform in uv's words; it decides which wheels fit."""
        machine = _MACHINES[self.architecture]
        if self.system == "macos":
            return f"{machine}-apple-darwin"
        libc = "manylinux2014" if self.runtime in _OLD_GLIBC_RUNTIMES else "manylinux_2_28"
        return f"{machine}-{libc}"


def function_archive(root: Path, handler: str, lists: Mapping[str, Sequence[str]]) -> Path:
    """Zip `functions/<handler>.py` with the package that it imports, and with `lists` for it.

    Return the zip's path. Stacks with other lists have other paths: they may be deployed side by side.
    """
    listed = json.dumps(lists, sort_keys=True).encode()
    functions = root / "functions"
    sources = [
        functions / "__init__.py",
        functions / "environment.py",
        functions / f"{handler}.py",
        *functions.glob("glow/**/*.py"),
    ]
    members = {source.relative_to(root).as_posix(): source.read_bytes() for source in sources}
    members[f"functions/{LISTS_FILE}"] = listed
    folder = f"lists-{hashlib.sha256(listed).hexdigest()[:16]}"
    return _write_zip(root / _BUILD_FOLDER / folder / f"{handler}.zip", members)


class LayerPackages(Enum):
    """The file in `functions/` that pins what goes into the layer."""

    USUAL = "requirements.txt"
    WITH_PUBLIC_KEYS = "requirements-keys.txt"
    """Also `cryptography`, 15 MB, which only a stack with `listenerPublicKey` needs."""


def dependency_archive(
    root: Path, target: Target, packages: LayerPackages = LayerPackages.USUAL
) -> Path:
    """Zip the `packages` for `target`; return the zip's path.

    A zip that was built before from the same inputs is used again.
    """
    requirements = root / "functions" / packages.value
    inputs = [requirements.read_bytes(), target.python_version.encode(), target.platform.encode()]
    key = hashlib.sha256(b"\0".join(inputs)).hexdigest()[:16]
    archive = root / _BUILD_FOLDER / f"dependencies-{key}.zip"
    if archive.exists():
        return archive
    with tempfile.TemporaryDirectory(prefix="glow-dependencies-") as folder:
        _install(requirements, target, Path(folder))
        return _write_zip(archive, dict(_installed(Path(folder))))


@dataclass(frozen=True, kw_only=True)
class WorkerModule:
    """A module of the worker; `name` is how the others import it."""

    name: str
    content_type: Literal["application/javascript+module", "text/plain"]
    content: bytes


def worker_modules(root: Path) -> tuple[WorkerModule, ...]:
    """The worker's code, and as texts what its test page runs in the browser.

    A text is named `<file>.txt`: a name in .js would make it code of the worker.
    """
    code = [
        WorkerModule(
            name=file.name,
            content_type="application/javascript+module",
            content=file.read_bytes(),
        )
        for file in (root / "worker").glob("*.js")
    ]
    texts = [
        WorkerModule(name=f"{file.name}.txt", content_type="text/plain", content=file.read_bytes())
        for file in (
            root / "client" / "glow.js",
            *(root / "worker" / "browser").glob("*.js"),
            *(root / "worker" / "browser" / "vendor").glob("*.js"),
        )
    ]
    return tuple(sorted(code + texts, key=lambda module: module.name))


def _install(requirements: Path, target: Target, folder: Path) -> None:
    if importlib.util.find_spec("uv") is None:
        raise PackagingError(
            "The dependency layer cannot be built: uv is not installed beside Pulumi's Python"
            f" ({sys.executable}). Install it: python -m pip install -r requirements.txt"
        )
    command = [
        *(sys.executable, "-m", "uv", "--system-certs", "pip", "install", "--quiet"),
        *("--target", str(folder)),
        *("--python-version", target.python_version, "--python-platform", target.platform),
        *("--only-binary", ":all:", "--require-hashes", "--requirement", str(requirements)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own command, no shell
    if done.returncode != 0:
        raise PackagingError(
            f"The dependency layer for {target.runtime} on {target.architecture} cannot be built"
            f" from {requirements}. uv says:\n{done.stderr.strip()}\n"
            "Likely causes: the package index cannot be reached (set UV_INDEX_URL to a mirror), or"
            " a pinned version has no wheel for this platform."
        )


def _installed(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files of the layer. Lambda puts the folder `python` of a layer on the import path."""
    for file in folder.rglob("*"):
        path = file.relative_to(folder)
        traced = path.name in _TRACES or path.name.startswith(".")
        if file.is_file() and not traced and _TRACE_FOLDERS.isdisjoint(path.parts):
            yield f"python/{path.as_posix()}", file.read_bytes()


def _write_zip(archive: Path, members: Mapping[str, bytes]) -> Path:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as zipped:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.create_system = _UNIX  # also where it is built on Windows
            entry.external_attr = _READABLE_FILE
            zipped.writestr(entry, members[name])
    archive.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when complete: two programs may build side by side, and both write the same bytes.
    with tempfile.NamedTemporaryFile(dir=archive.parent, suffix=".part", delete=False) as part:
        part.write(content.getvalue())
    return Path(part.name).replace(archive)
