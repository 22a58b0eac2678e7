"""What a benchmark measured, kept in bench/results/<name>.json: its tables, the command, day and machine."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil
from pydantic import BaseModel, ConfigDict

from bench.report import Report

RESULTS: Final = Path(__file__).parent / "results"


class Machine(BaseModel):
    """None: not written down. `memory_gib` is the whole machine's."""

    model_config = ConfigDict(frozen=True)

    cores: int
    cpu: str | None = None
    memory_gib: int | None = None
    system: str | None = None


class Result(BaseModel):
    """`date` is the day (UTC); `note` says what else a reader must know of that run."""

    model_config = ConfigDict(frozen=True)

    command: str
    date: str
    machine: Machine
    note: str | None = None
    reports: list[Report]

    def report(self, title: str) -> Report:
        """That with this title. Raises KeyError."""
        for report in self.reports:
            if report.title == title:
                return report
        raise KeyError(f"`{self.command}` printed no table {title!r}")


def measured_now(command: str, reports: list[Report], *, note: str | None = None) -> Result:
    """`reports` as measured today, on this machine."""
    today = datetime.now(UTC).date().isoformat()
    return Result(command=command, date=today, machine=this_machine(), note=note, reports=reports)


def this_machine() -> Machine:
    return Machine(
        cores=os.cpu_count() or 1,
        cpu=_cpu(),
        memory_gib=round(psutil.virtual_memory().total / 2**30),
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
    )


def write(name: str, result: Result, *, folder: Path = RESULTS) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text(result.model_dump_json(indent=1, exclude_none=True) + "\n")
    return file


def read_all(folder: Path = RESULTS) -> dict[str, Result]:
    """By name. Raises ValueError for a file that is no result."""
    return {
        file.stem: Result.model_validate_json(file.read_text())
        for file in sorted(folder.glob("*.json"))
    }


def _cpu() -> str | None:
    """The model, as Linux names it; other systems name it by `platform`."""
    file = Path("/proc/cpuinfo")
    named = (
        re.search(r"^model name\s*: (.+)$", file.read_text(), re.MULTILINE)
        if file.exists()
        else None
    )
    return named[1].strip() if named else platform.processor() or None
