"""One stack for all that `verify` and its fellow commands look at, through the edge and watched over."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from botocore.session import Session

from local.cloud import LocalCloud
from local.stack import LocalStack
from ops.cli import main
from ops.verify.round_trip import Plan
from ops.verify.target import Target
from tests.local.aws import Aws
from tests.local.wire import Wire

REAL_TOKEN = "LISTED"
EMAIL = "alarms@example.com"
BUDGET_USD = 200
# What is asked here is whether it arrives. How fast is for `judge`, whose tests have no clock.
UNHURRIED_MS = 600_000
PLAN = Plan(trades=3, limits_ms={"aws": UNHURRIED_MS, "edge": UNHURRIED_MS})


@pytest.fixture(scope="package")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("verify"), aws_port=0, worker_port=0) as cloud:
        yield cloud


@pytest.fixture(scope="package")
def stack(cloud: LocalCloud) -> LocalStack:
    """It streams one token and sends none to the edge: the reserved one goes everywhere all the same."""
    stack = LocalStack(cloud)
    stack.prepare()
    stack.config_set("USE_EDGE_BROADCAST", "true")
    stack.config_set("tokens", json.dumps({REAL_TOKEN: REAL_TOKEN}))
    stack.config_set("routing", json.dumps({"edgePercent": 0}))
    stack.config_set("requireOrigin", "true")
    stack.config_set("alarmEmail", EMAIL)
    stack.config_set("alarms", json.dumps({"monthlyBudgetUsd": BUDGET_USD}))
    stack.up()
    return stack


@pytest.fixture(scope="package")
def aws(cloud: LocalCloud) -> Aws:
    return Aws(Session(), cloud.aws_url)


@pytest.fixture(scope="package")
def target(stack: LocalStack) -> Target:
    return Target.of(stack.target)


@pytest.fixture(scope="package")
def wire(target: Target) -> Wire:
    key = target.config.webhook_secret
    return Wire(target.rest_url, target.deployed.text("WebSocketUrl"), key)


@pytest.fixture(scope="package")
def dollars(aws: Aws, target: Target) -> None:
    """SOL/USD has been brought. The schedule, which test_usd.py waits for, would do it within a minute."""
    collector = target.deployed.function_names["quotes"]
    answer = aws.client("lambda").invoke(FunctionName=collector, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    exit_code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        """What it printed as JSON, which nothing else may stand beside."""
        return json.loads(self.out)


class Ops(Protocol):
    """Runs `python -m ops …` against the stack."""

    def __call__(self, *arguments: str) -> Ran: ...


@pytest.fixture
def ops(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ops:
    """In this process, and as if `make up` had made the stack."""
    monkeypatch.setattr("workspace.stack.MAIN_ROOT", stack.cloud.root)
    monkeypatch.setattr("workspace.stack.MAIN_CONFIG", stack.config_file)
    monkeypatch.setenv("COLUMNS", "240")  # no line of a table is broken

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["ops", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    return run
