"""`candles rebuild`: makes candles of stored trades again, as the roll-up does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress

from functions.glow.candles.intervals import DAY, HOUR
from functions.glow.candles.raw import RawTrades
from functions.glow.candles.roll import RollUp, Span
from functions.glow.candles.table import CandleTable
from functions.glow.errors import BadRequest, Unavailable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.token import parse_token
from ops.candle_failures import OUTPUT as FAILURES
from ops.candle_failures import Settled, settle
from ops.deployed import DeployedStack, StackOption, dynamodb_of, sqs_of
from ops.errors import OpsError
from ops.times import parse_moment

app: Final = typer.Typer(no_args_is_help=True, help="Candles of a deployed stack.")


@app.command()
def rebuild(
    from_: Annotated[
        str, typer.Option("--from", help="2h (ago), 2026-11-25T10:00 (UTC), or Unix seconds.")
    ],
    to: Annotated[str, typer.Option("--to", help="The same. Default: now.")] = "0s",
    token: Annotated[
        list[str] | None,
        typer.Option("--token", help="A mint; repeat it. Default: all that are known."),
    ] = None,
    stack: StackOption = "local",
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object; progress goes to stderr.")
    ] = False,
) -> None:
    """Make the candles of a time again, from the stored trades. It may be run again at any time.

    A candle that counts more trades than are stored yet is left as it is. Without --token, failures of
    that time leave their queue, so that the alarm CandleFailures goes off.
    """
    now = time.time()
    start, end = parse_moment(from_, now=now), parse_moment(to, now=now)
    if start >= end:
        raise OpsError(f"--from ({from_}) must lie before --to ({to}).")
    deployed = DeployedStack.named(stack)
    with Progress(console=Console(stderr=as_json)) as progress:
        done = rebuild_candles(
            deployed, _parsed(token) if token else None, start, end, now=now, progress=progress
        )
    if as_json:
        typer.echo(json.dumps({"stack": stack, **asdict(done)}, indent=2))
    else:
        for line in told_of(done, stack):
            typer.echo(line)
    if done.failed:
        raise OpsError(f"{done.failed} minutes could not be written; run it again.")


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """As `--json` prints it. `failures`: what became of their queue; None: it was left alone."""

    tokens: int
    minutes: int
    failed: int
    failures: Settled | None


def rebuild_candles(
    deployed: DeployedStack,
    tokens: Sequence[str] | None,
    start: int,
    end: int,
    *,
    now: float,
    progress: Progress,
) -> Rebuilt:
    """Make the candles of `tokens` (None: of all) from `start` until `end` again. Raises OpsError.

    Failures of that time are then made good, and leave their queue. They name no token: only what
    was done for all of them tells that.
    """
    client = dynamodb_of(deployed.text("LaterQueueUrl"))
    trades = RawTrades(client, deployed.text("PriceTableName"))
    roll_up = RollUp(
        trades,
        CandleTable(client, deployed.text("CandlesTableName")),
        retention_seconds=int(deployed.text("CandleRetentionDays")) * DAY,
    )
    made, failed = 0, 0
    try:
        known = KnownTokens(client, deployed.text("RoutesTableName"))
        chosen = list(_all_of(known, now) if tokens is None else tokens)
        task = progress.add_task("tokens", total=len(chosen) * (end - start))
        for each in chosen:
            for done in make_again(trades, roll_up, each, start, end, now=now):
                made, failed = made + done.made, failed + done.failed
                progress.advance(task, done.seconds)
    except Unavailable as error:
        raise OpsError(
            f"{error}: {error.__cause__}\nLikely causes: credentials of another account, or rights that"
            " lack dynamodb:Query and dynamodb:Scan. What was done stays: run it again."
        ) from error
    failures: Settled | None = None
    if tokens is None and not failed:
        url = deployed.text(FAILURES)
        failures = settle(sqs_of(url), url, start, end)
    return Rebuilt(tokens=len(chosen), minutes=made, failed=failed, failures=failures)


@dataclass(frozen=True)
class Done:
    """Of a stretch of `seconds`: how many minutes were made, and how many could not be."""

    seconds: int
    made: int
    failed: int


def make_again(
    trades: RawTrades, roll_up: RollUp, token: str, start: int, end: int, *, now: float
) -> Iterator[Done]:
    """Make the minutes from `start` until `end` in which something is stored, an hour at a time."""
    for hour in range(start - start % HOUR, end, HOUR):
        first, last = max(hour, start), min(hour + HOUR, end)
        minutes = trades.minutes(token, first, last, now=now)
        lost = roll_up.run([Span(token, minute) for minute in minutes], now=now)
        yield Done(last - first, len(minutes) - len(lost), len(lost))


def told_of(done: Rebuilt, stack: str) -> Iterator[str]:
    """What the operator reads at the end."""
    yield f"{done.minutes} minutes of {done.tokens} tokens are made of their trades again."
    if done.failures is None:
        return
    if done.failures.settled:
        yield f"Failures of that time: {done.failures.settled}, made good and out of their queue."
    if done.failures.since is not None:
        since = datetime.fromtimestamp(done.failures.since, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        yield (
            f"Failures of another time: {done.failures.left}. Make them good:"
            f" python -m ops candles rebuild --from {since} --stack {stack}"
        )


def _parsed(tokens: Sequence[str]) -> list[str]:
    try:
        return [parse_token(token, where="--token") for token in tokens]
    except BadRequest as error:
        raise OpsError(str(error)) from error


def _all_of(known: KnownTokens, now: float) -> Iterator[str]:
    cursor: str | None = None
    while True:
        tokens, cursor = known.page(cursor, now=now)
        yield from tokens
        if cursor is None:
            return
