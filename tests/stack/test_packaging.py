"""Archives: the same inputs give the same bytes, wherever and whenever they are built."""

import json
import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from components.packaging import PackagingError, Target, dependency_archive, function_archive
from tests.stack.recording import ROOT

LISTS = {"tokens": ["BONK=DezX", "SOL"], "allowedOrigins": ["https://app.example.com"]}
TARGET = Target(runtime="python3.13", architecture="arm64")


@pytest.fixture
def copies(tmp_path: Path) -> tuple[Path, Path]:
    """The sources at two places, with other times and permissions, one with compiled files."""
    for copy in (first := tmp_path / "first", second := tmp_path / "elsewhere" / "second"):
        shutil.copytree(
            ROOT / "functions", copy / "functions", ignore=shutil.ignore_patterns("__pycache__")
        )
    for source in (second / "functions").rglob("*.py"):
        source.chmod(0o600)
        os.utime(source, (0, 0))
    compiled = second / "functions" / "glow" / "__pycache__"
    compiled.mkdir()
    (compiled / "update.cpython-313.pyc").write_bytes(b"compiled")
    return first, second


def test_function_archive_is_the_same_anywhere(copies: tuple[Path, Path]) -> None:
    first, second = (function_archive(copy, "webhook", LISTS).read_bytes() for copy in copies)

    assert first == second


def test_function_archive_holds_its_handler_and_the_package(copies: tuple[Path, Path]) -> None:
    names = zipfile.ZipFile(function_archive(copies[1], "prices", LISTS)).namelist()

    assert {"functions/__init__.py", "functions/prices.py", "functions/glow/update.py"} <= {*names}
    assert "functions/webhook.py" not in names
    assert [name for name in names if not name.endswith(".py")] == ["functions/lists.json"]


def test_function_archive_holds_the_lists_of_its_stack(copies: tuple[Path, Path]) -> None:
    prod = function_archive(copies[0], "prices", LISTS)
    dev = function_archive(copies[0], "prices", {})

    assert json.loads(zipfile.ZipFile(prod).read("functions/lists.json")) == LISTS
    assert json.loads(zipfile.ZipFile(dev).read("functions/lists.json")) == {}


def test_dependency_archive_is_the_same_anywhere(copies: tuple[Path, Path]) -> None:
    first, second = (dependency_archive(copy, TARGET) for copy in copies)

    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_dependency_archive_holds_code_for_the_target_and_no_traces(
    copies: tuple[Path, Path],
) -> None:
    names = zipfile.ZipFile(dependency_archive(copies[0], TARGET)).namelist()

    native = [name for name in names if name.endswith(".so")]
    assert native
    assert all("cpython-313-aarch64" in name for name in native)
    assert all(name.startswith("python/") for name in names)
    traces = re.compile(r"RECORD|INSTALLER|REQUESTED|direct_url|__pycache__|/bin/|/\.")
    assert not list(filter(traces.search, names))


def test_dependency_archive_is_built_once(copies: tuple[Path, Path]) -> None:
    archive = dependency_archive(copies[0], TARGET)
    archive.write_bytes(b"built before")

    assert dependency_archive(copies[0], TARGET).read_bytes() == b"built before"


def test_other_platform_is_another_archive(copies: tuple[Path, Path]) -> None:
    other = Target(runtime="python3.11", architecture="x86_64")

    assert dependency_archive(copies[0], TARGET) != dependency_archive(copies[0], other)
    assert other.platform == "x86_64-manylinux2014"


def test_layer_of_a_mac_that_stands_in_for_lambda_holds_its_own_wheels(
    copies: tuple[Path, Path],
) -> None:
    mac = Target(runtime="python3.13", architecture="arm64", system="macos")

    with zipfile.ZipFile(dependency_archive(copies[0], mac)) as zipped:
        native = [name for name in zipped.namelist() if name.endswith(".so")]

    assert native
    assert all(name.endswith("darwin.so") for name in native)


def test_dependency_without_hash_stops_the_preview_with_uvs_words(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "requirements.txt").write_text("httptools==0.9.0\n")

    with pytest.raises(PackagingError, match=r"uv says:\n.*hash"):
        dependency_archive(tmp_path, TARGET)
