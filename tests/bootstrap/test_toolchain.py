"""Which Pulumi CLI and which Go are recent enough, and which release is accepted."""

import hashlib
import io
import platform
import re
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.version import Version

from workspace.errors import WorkspaceError
from workspace.toolchain import PROGRAMS, PULUMI_VERSION, parse_version
from workspace.toolchain.go_build import MODULES, OLDEST_GO, go_version
from workspace.toolchain.release import MACHINES, download_release

ARCHIVE = f"pulumi-v{PULUMI_VERSION}-{sys.platform}-{MACHINES[platform.machine().lower()]}.tar.gz"


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("v3.259.0\n", Version("3.259.0")),
        ("3.99.1", Version("3.99.1")),
        ("v3.260.0-alpha.1a2b3c4+dirty", Version("3.260.0")),
        ("command not found", None),
        ("", None),
    ],
)
def test_pulumi_version_is_read_as_the_cli_prints_it(printed: str, version: Version | None) -> None:
    assert parse_version(printed) == version


def test_versions_compare_by_number_not_by_text() -> None:
    older, newer = parse_version("v3.99.0"), parse_version("v3.200.0")
    assert older is not None
    assert newer is not None
    assert older < newer


@pytest.mark.parametrize(
    ("printed", "recent"),
    [
        ("go version go1.26.8 linux/amd64", True),
        ("go version go1.27rc1 linux/amd64", True),
        ("go version go1.9.7 linux/amd64", False),
        ("go: cannot find GOROOT directory", False),
    ],
)
def test_go_is_recent_enough_or_not(printed: str, *, recent: bool) -> None:
    assert (go_version(printed) >= OLDEST_GO) is recent


def test_go_module_builds_the_version_that_is_announced() -> None:
    module = (MODULES / "pulumi" / "go.mod").read_text()
    required = re.search(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", module)
    assert required is not None
    assert Version(required[1]) == PULUMI_VERSION


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[str]:
    """Serve `tmp_path/releases` as the place of releases, and return its URL."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "releases"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def publish(folder: Path, *, checksum: str | None = None) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for program in PROGRAMS:
            member = tarfile.TarInfo(f"pulumi/{program}")
            member.mode = 0o755
            tar.addfile(member)
    version = folder / "releases" / f"v{PULUMI_VERSION}"
    version.mkdir(parents=True)
    (version / ARCHIVE).write_bytes(packed.getvalue())
    digest = checksum or hashlib.sha256(packed.getvalue()).hexdigest()
    (version / f"pulumi-{PULUMI_VERSION}-checksums.txt").write_text(f"{digest}  {ARCHIVE}\n")


def test_release_is_unpacked_when_its_checksum_is_the_published_one(
    tmp_path: Path, releases: str
) -> None:
    publish(tmp_path)
    programs = tmp_path / "programs"
    programs.mkdir()
    assert download_release(PULUMI_VERSION, programs, releases=releases)
    assert {file.name for file in programs.iterdir()} == set(PROGRAMS)


def test_altered_release_is_refused_and_nothing_is_unpacked(tmp_path: Path, releases: str) -> None:
    publish(tmp_path, checksum="0" * 64)
    programs = tmp_path / "programs"
    programs.mkdir()
    with pytest.raises(WorkspaceError, match="does not match its published checksum"):
        download_release(PULUMI_VERSION, programs, releases=releases)
    assert not list(programs.iterdir())


def test_release_out_of_reach_is_no_error(tmp_path: Path) -> None:
    assert not download_release(PULUMI_VERSION, tmp_path, releases="http://127.0.0.1:1")
