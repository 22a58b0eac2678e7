"""How several processes share the tests (`pytest -n 3`): each takes a whole folder at a time if its
conftest.py makes something for all of its files, and else a file.

So a folder's cloud and stack are made once, as in a single process. The folders with the tests that
may take longest begin first. A table at the end tells which process ran what, and when.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

ENGINE_SECONDS: Final = 300
"""For a test that runs the engine, unless it says otherwise: its fixtures deploy, one of them ten times."""


class BySharing(LoadScopeScheduling):
    """Hands out what shares something, in the order in which the tests come."""

    def _split_scope(self, nodeid: str) -> str:
        return _unit(self.config.rootpath, nodeid)


@dataclass
class Span:
    """What one process did in one folder; times in seconds since the epoch."""

    process: str
    began: float
    ended: float
    tests: int = 0


@dataclass
class Spans:
    """Keeps when each folder or file began and ended, and prints it."""

    root: Path
    began: float = float("inf")
    units: dict[str, Span] = field(default_factory=dict[str, Span])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        process: str = getattr(report, "worker_id", "")
        span = self.units.setdefault(
            _unit(self.root, report.nodeid), Span(process, report.start, report.stop)
        )
        span.ended = max(span.ended, report.stop)
        span.tests += report.when == "call"
        self.began = min(self.began, report.start)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("side by side")
        for unit, span in sorted(
            self.units.items(), key=lambda each: (each[1].process, each[1].began)
        ):
            when = f"{_clock(span.began - self.began)} to {_clock(span.ended - self.began)}"
            terminalreporter.line(f"{span.process}  {when}  {unit} ({span.tests} tests)")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.numprocesses:
        config.pluginmanager.register(Spans(config.rootpath))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BySharing:
    config.option.loadscopereorder = False  # it would begin with the folder of the most tests
    return BySharing(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("engine") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(ENGINE_SECONDS))
    if hasattr(config, "workerinput"):  # a single process runs all of them in any order
        longest: dict[str, float] = {}
        for item in items:
            folder = _folder(item.nodeid)
            longest[folder] = max(longest.get(folder, 0), _own_timeout_seconds(item))
        items.sort(key=lambda item: -longest[_folder(item.nodeid)])


def _own_timeout_seconds(item: pytest.Item) -> float:
    mark: Any = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0


def _unit(root: Path, nodeid: str) -> str:
    """The folder of a test if its files share something, and else its file."""
    folder = _folder(nodeid)
    return folder if _shares(root / folder / "conftest.py") else nodeid.partition("::")[0]


@cache
def _shares(conftest: Path) -> bool:
    text = conftest.read_text() if conftest.exists() else ""
    return any(f'scope="{scope}"' in text for scope in ("session", "package"))


def _folder(nodeid: str) -> str:
    return nodeid.partition("::")[0].rpartition("/")[0]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:2}:{int(seconds) % 60:02}"
