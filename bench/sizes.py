"""Measures the archives that a deployment uploads, for the default platform."""

import zipfile
from pathlib import Path

from bench.cold_start import HANDLERS
from bench.lambda_process import ROOT
from bench.report import Report
from components.packaging import Target, dependency_archive, function_archive

DEFAULT = Target(runtime="python3.13", architecture="arm64")


def measure() -> list[Report]:
    archives = {f"functions.{handler}": function_archive(ROOT, handler, {}) for handler in HANDLERS}
    archives["dependency layer"] = dependency_archive(ROOT, DEFAULT)
    rows = [(name, *_size(archive)) for name, archive in archives.items()]
    title = f"Archives ({DEFAULT.runtime}, {DEFAULT.architecture})"
    return [Report(title, ("archive", "KiB", "files"), rows)]


def _size(archive: Path) -> tuple[str, str]:
    with zipfile.ZipFile(archive) as zipped:
        return f"{archive.stat().st_size / 1024:,.0f}", str(len(zipped.namelist()))
