"""What `python -m ops load` counts. A run on a stack is tests/local/verify/."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from functions.glow.routing.policy import Policy
from ops.cli import app
from ops.deployed import DeployedStack
from ops.errors import OpsError
from ops.load.command import show
from ops.load.run import Outcome, paths_to_load
from ops.load.tally import Sent, histogram, tally_of
from ops.verify.config import Config
from ops.verify.target import Target

SENT = [
    Sent(signature="a", at=10.0),
    Sent(signature="b", at=11.0),
    Sent(signature="c", at=12.0, refusal="503 "),
]


def test_lost_and_doubled_trades_are_counted_for_each_client() -> None:
    whole = {"a": [10.1], "b": [11.2], "c": [12.3]}
    other = {"a": [10.1, 10.2], "somebody": [10.5]}

    tally = tally_of("aws", SENT, [whole, other])

    assert (tally.clients, tally.trades, tally.lost, tally.doubles) == (2, 2, 1, 1)
    assert [round(each) for each in tally.times_ms] == [100, 100, 200, 300]
    assert (tally.percent(50), tally.percent(100)) == (100.0, 300.0)


def test_trade_that_was_not_accepted_is_not_lost_but_the_run_is_not_whole() -> None:
    tally = tally_of("edge", SENT, [{"a": [10.1], "b": [11.1]}])

    assert tally.lost == 0
    assert Outcome(paths=[tally], refusals=[]).is_whole
    assert not Outcome(paths=[tally], refusals=["503 "]).is_whole


def test_every_time_is_in_one_bar_of_the_histogram() -> None:
    bars = histogram([0.0, 9.9, 10.0, 499.0, 7_000.0])

    assert {below: heard for below, heard in bars if heard} == {
        10: 2,
        20: 1,
        500: 1,
        float("inf"): 1,
    }


def test_nothing_heard_is_told_without_times() -> None:
    tally = tally_of("aws", SENT, [{}])
    out = StringIO()

    show(Outcome(paths=[tally], refusals=["503 busy"]), Console(file=out, width=100))

    assert json.loads(json.dumps(tally.to_dict()))["p99Ms"] is None
    assert "1 trades were not accepted" in out.getvalue()
    assert "503 busy" in out.getvalue()


def test_production_is_not_loaded_without_being_asked_twice() -> None:
    refused = CliRunner().invoke(app, ["load", "--stack", "prod"])

    assert isinstance(refused.exception, OpsError)
    assert "--yes" in str(refused.exception)


def test_path_that_is_off_is_refused_by_name() -> None:
    config = Config(webhook_secret="s", edge_secret=None, sol_usd_max_age_seconds=180)
    target = Target(deployed=DeployedStack("dev", {"Routing": Policy().to_json()}), config=config)

    assert paths_to_load(target, None) == ["aws"]
    with pytest.raises(OpsError, match="Path edge is off on stack dev"):
        paths_to_load(target, "edge")
