"""Runs commands side by side and prints what each of them said, whole, when it ends."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from workspace.paths import REPOSITORY

LOGS: Final = REPOSITORY / ".build" / "checks"


@dataclass(frozen=True)
class Part:
    """One command; `name` is for readers. It has succeeded if its exit code is an accepted one."""

    name: str
    command: Sequence[str]
    accepted: Sequence[int] = (0,)

    def log(self, folder: Path) -> Path:
        """Where it writes; whoever is impatient reads there how far it is."""
        return folder / f"{self.name.replace(' ', '-')}.log"


Lane = Sequence[Part]


@dataclass(frozen=True)
class Done:
    """A part that has ended. Seconds since the beginning of all; `cpu_seconds` of it and its children."""

    part: Part
    lane: int
    began: float
    ended: float
    cpu_seconds: float
    exit_code: int

    @property
    def succeeded(self) -> bool:
        """Whether its exit code says so."""
        return self.exit_code in self.part.accepted


@dataclass
class _Running:
    part: Part
    lane: int
    began: float
    process: subprocess.Popen[bytes]


def run_side_by_side(
    lanes: Sequence[Lane], environment: Mapping[str, str], *, logs: Path = LOGS
) -> bool:
    """Run every part, whatever becomes of the others; whether all of them succeeded."""
    logs.mkdir(parents=True, exist_ok=True)
    _announce(lanes, logs)
    done: list[Done] = []
    for ended in _run(lanes, environment, logs):
        done.append(ended)
        said = ended.part.log(logs).read_text(errors="replace").rstrip()
        _say(f"\n──── {_verdict(ended)}\n\n{said}\n")
    _print_table(sorted(done, key=lambda each: (each.lane, each.began)))
    return all(each.succeeded for each in done)


def _run(lanes: Sequence[Lane], environment: Mapping[str, str], logs: Path) -> Iterator[Done]:
    started = time.monotonic()
    waiting = [iter(lane) for lane in lanes]
    running: dict[int, _Running] = {}

    def start_next_of(lane: int) -> None:
        part = next(waiting[lane], None)
        if part is not None:
            process = _start(part, environment, logs)
            running[process.pid] = _Running(part, lane, time.monotonic() - started, process)

    for lane in range(len(lanes)):
        start_next_of(lane)
    try:
        while running:
            pid, status, usage = os.wait4(-1, 0)
            if pid not in running:
                continue
            ended = running.pop(pid)
            # Popen is not asked to wait for it again.
            ended.process.returncode = os.waitstatus_to_exitcode(status)
            start_next_of(ended.lane)
            yield Done(
                part=ended.part,
                lane=ended.lane,
                began=ended.began,
                ended=time.monotonic() - started,
                cpu_seconds=usage.ru_utime + usage.ru_stime,
                exit_code=ended.process.returncode,
            )
    except KeyboardInterrupt:  # which the terminal sends to all of them; they clean up
        for each in running.values():
            each.process.wait()
        raise


def _start(part: Part, environment: Mapping[str, str], logs: Path) -> subprocess.Popen[bytes]:
    with part.log(logs).open("wb") as log:
        return subprocess.Popen(
            part.command,
            cwd=REPOSITORY,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _announce(lanes: Sequence[Lane], logs: Path) -> None:
    _say("Side by side:")
    for number, lane in enumerate(lanes, 1):
        _say(f"  {number}. {', then '.join(part.name for part in lane)}")
    _say(f"What a part says is printed when it ends; until then it is in {logs}.")


def _verdict(done: Done) -> str:
    took = f"{done.part.name}, {_clock(done.ended - done.began)}"
    return took if done.succeeded else f"{took}: FAILED, exit code {done.exit_code}"


def _print_table(done: Sequence[Done]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("lane", "part", "from", "to", "CPU", "result"):
        table.add_column(heading, justify="left" if heading in ("part", "result") else "right")
    for each in done:
        result = "ok" if each.succeeded else f"FAILED ({each.exit_code})"
        span = (_clock(each.began), _clock(each.ended), _clock(each.cpu_seconds))
        table.add_row(str(each.lane + 1), each.part.name, *span, result)
    Console(highlight=False, width=100).print(table)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
