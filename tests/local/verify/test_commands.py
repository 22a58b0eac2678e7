"""Commands of `ops` on a deployed stack, as an operator runs them: what they print, and their exit code."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from functions.glow.queues.publisher import QueuePublisher
from functions.glow.routing.rate import SOL_USD_KEY
from functions.glow.token import PROBE_TOKEN
from functions.glow.update import ID_SIGNATURE_LENGTH, Update
from local.stack import EDGE_SECRET, LocalStack
from ops.errors import NOT_WELL
from ops.logs.functions import FunctionLogs
from ops.redrive import LANES
from ops.verify.market import check_dollars
from ops.verify.sender import a_trade
from ops.verify.target import Target
from tests.local.aws import Aws
from tests.local.verify.conftest import REAL_TOKEN, UNHURRIED_MS, Ops
from tests.local.wire import Wire, wait_for

VERIFY = (
    "verify", "--trades", "3", "--aws-limit-ms", str(UNHURRIED_MS), "--edge-limit-ms", str(UNHURRIED_MS),
)  # fmt: skip


def send(wire: Wire) -> str:
    """Post a trade of the reserved token; its signature."""
    trade = dict(a_trade())
    wire.send(trade, token=PROBE_TOKEN)
    return str(trade["txSignature"])


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("dollars")
def test_verify_of_a_stack_that_is_well_is_green(
    ops: Ops, target: Target, stack: LocalStack
) -> None:
    done = ops(*VERIFY, "--json")

    checks: list[dict[str, str]] = done.told["checks"]
    assert [each for each in checks if each["state"] != "ok"] == []
    assert (done.exit_code, done.told["stack"], done.told["ok"]) == (0, "local", True)
    assert {"webhook → aws client", "webhook → edge client", "edge latency", "aws latency"} < {
        each["name"] for each in checks
    }
    assert {tuple(each) for each in checks} == {("name", "state", "seen", "cause", "remedy")}
    shown = done.out + done.err + repr(target)
    assert stack.webhook_key() not in shown
    assert stack.config_get(EDGE_SECRET) not in shown


@pytest.mark.usefixtures("dollars")
def test_first_rate_of_a_stack_is_waited_for(target: Target, aws: Aws) -> None:
    routes = target.deployed.text("RoutesTableName")
    target.dynamodb.delete_item(TableName=routes, Key=SOL_USD_KEY)

    with ThreadPoolExecutor(1) as beside:
        looked = beside.submit(check_dollars, target)
        collector = target.deployed.function_names["quotes"]
        aws.client("lambda").invoke(FunctionName=collector, Payload=b"{}")
        found = looked.result()

    assert found.state == "ok", found


@pytest.mark.timeout(200)
@pytest.mark.usefixtures("dollars")
def test_verify_names_dead_letters_and_its_remedy_brings_them_back(
    ops: Ops, target: Target
) -> None:
    update = Update(PROBE_TOKEN, Decimal("0.0025"), int(time.time()), 1, f"D{time.time_ns()}")
    url = target.deployed.text("BroadcastDeadLetterQueueUrl")
    QueuePublisher(target.sqs, url, name="the dead letters").publish([update])

    red = ops(*VERIFY)
    brought = ops("redrive", "--json")

    assert red.exit_code == NOT_WELL
    assert "✗ dead letters of broadcast: 1 lie there" in red.out
    assert "python -m ops redrive" in red.out
    assert "1 of " in red.out.splitlines()[-1]  # no other line is red
    assert brought.exit_code == 0
    assert brought.told["lanes"] == {
        lane.name: {"moved": int(lane.name == "broadcast"), "left": 0} for lane in LANES
    }
    wait_for(
        lambda: FunctionLogs.of(target).lines(
            "broadcast",
            naming=update.id,
            since_ms=(time.time() - 600) * 1_000,
            until_ms=(time.time() + 5) * 1_000,
        ),
        lambda lines: "fan_out_done" in {line.event for line in lines},
        "the update's broadcast",
    )


def test_reserved_token_is_in_no_list_of_tokens(wire: Wire, target: Target) -> None:
    send(wire)

    page = wire.get("/tokens").text

    assert PROBE_TOKEN not in page
    assert REAL_TOKEN in page
    rows = target.dynamodb.scan(TableName=target.deployed.text("RoutesTableName"))["Items"]
    assert [row for row in rows if PROBE_TOKEN in json.dumps(row)] == []


@pytest.mark.usefixtures("dollars")
def test_status_has_every_part_of_a_stack(ops: Ops, target: Target) -> None:
    done = ops("status", "--json", "--tokens", "5")

    assert done.exit_code == 0, done
    told = done.told
    assert told["problems"] == []
    assert told["routing"]["drift"] is None
    assert told["versions"]["worker"]
    assert {each["name"] for each in told["versions"]["functions"]} >= {"webhook", "broadcast"}
    assert REAL_TOKEN in [each["token"] for each in told["tokens"]["tokens"]]
    assert {"broadcast", "later"} <= {each["name"] for each in told["queues"]}
    assert target.config.webhook_secret not in done.out
    assert str(target.config.edge_secret) not in done.out


def test_status_once_is_a_table(ops: Ops) -> None:
    done = ops("status", "--once")

    assert done.exit_code == 0
    assert REAL_TOKEN in done.out


def test_load_reaches_every_client_of_both_paths(ops: Ops) -> None:
    done = ops("load", "--json", "--clients", "3", "--rate", "10", "--seconds", "0.5")

    assert done.exit_code == 0, done
    told = done.told
    assert (told["whole"], told["notAccepted"]) == (True, [])
    counts = ("path", "clients", "trades", "heard", "lost", "doubles")
    assert [tuple(path[name] for name in counts) for path in told["paths"]] == [
        ("aws", 3, 5, 15, 0, 0),
        ("edge", 3, 5, 15, 0, 0),
    ]


def test_trade_is_traced_from_the_webhook_to_both_paths(ops: Ops, wire: Wire) -> None:
    signature = send(wire)

    def traced() -> tuple[int, dict[str, str]]:
        done = ops("trace", signature, "--json")
        ways = done.told["ways"]
        return done.exit_code, {
            step["name"]: step["state"] for way in ways for step in way["steps"]
        }

    exit_code, way = wait_for(
        traced, lambda seen: seen[1].get("delivered on aws") == "done", "its way"
    )
    assert exit_code == 0
    assert set(way.values()) == {"done"}
    assert {"received", "stored", "published on edge", "delivered on edge"} < way.keys()


def test_trade_that_no_log_names_is_missing(ops: Ops) -> None:
    done = ops("trace", "neverSent11111111111111111111111", "--json")

    assert (done.exit_code, done.told["ways"]) == (NOT_WELL, [])


def test_recording_is_replayed(ops: Ops, tmp_path: Path) -> None:
    trade, file = json.dumps(a_trade("replay")), tmp_path / "trades.jsonl"
    arguments = ("replay", str(file), "--token", PROBE_TOKEN, "--rate", "1", "--json")

    file.write_text(f"{trade}\n{{\n{trade}\n")
    damaged = ops(*arguments)
    file.write_text(f"{trade}\n")
    whole = ops(*arguments)

    assert damaged.exit_code == NOT_WELL
    assert [fault["line"] for fault in damaged.told["notPosted"]] == [2]
    assert (damaged.told["bodies"], damaged.told["accepted"]) == (2, 2)
    assert damaged.told["stored"] + damaged.told["duplicates"] == 2
    assert (whole.exit_code, whole.told["accepted"], whole.told["duplicates"]) == (0, 1, 1)


def test_tail_has_what_functions_log(ops: Ops, wire: Wire) -> None:
    """What a Worker prints comes through tests/cloudflare/tails.test.mjs."""
    signature = send(wire)

    done = ops("tail", "--trade", signature, "--since", "10m", "--count", "1", "--json")

    assert done.exit_code == 0, done
    assert signature[:ID_SIGNATURE_LENGTH] in done.out
    assert {"atMs", "source", "level", "event", "requestId"} <= done.told.keys()


def test_watch_prints_what_a_client_hears(ops: Ops, target: Target, wire: Wire) -> None:
    heard = Event()

    def trade() -> None:
        while not heard.wait(0.5):
            wire.post(a_trade(), token=PROBE_TOKEN)

    trading = Thread(target=trade)
    trading.start()
    try:
        done = ops("watch", PROBE_TOKEN, "--origin", target.sends_origin, "--count", "1", "--json")
    finally:
        heard.set()
        trading.join()

    assert done.exit_code == 0, done
    price: dict[str, Any] = done.told
    assert (price["token"], price["price"]) == (PROBE_TOKEN, 0.0025)
    assert "live" in done.err


def test_candles_are_rebuilt(ops: Ops, wire: Wire) -> None:
    send(wire)

    done = ops("candles", "rebuild", "--from", "5m", "--token", PROBE_TOKEN, "--json")

    assert (done.exit_code, done.told["tokens"], done.told["failed"]) == (0, 1, 0), done
    assert done.told["minutes"] >= 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["token", "--tokens", REAL_TOKEN], "config set --secret ListenerSecret"),
        (["trace", "no signature"], "TXSIGNATURE"),
        (["candles", "rebuild", "--from", "0s"], "must lie before"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(
    ops: Ops, arguments: list[str], says: str
) -> None:
    done = ops(*arguments)

    assert (done.exit_code, done.out) == (1, "")
    assert says in done.err
    assert "Traceback" not in done.err


def test_command_says_that_the_stack_is_not_made_and_how_to_make_it(
    ops: Ops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workspace.stack.MAIN_ROOT", tmp_path)

    done = ops("verify", "--json")

    assert (done.exit_code, done.out) == (1, "")
    assert "Make it: make up" in done.err
