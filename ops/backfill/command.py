"""`backfill`: what Helius lost is read at the chain and stored."""

import json
import time
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from components.settings.model import Settings
from functions.glow.prices.table import PriceTable
from functions.glow.update import id_at
from ops.backfill.access import Target, store_of, target_of
from ops.backfill.history import history
from ops.backfill.node import Node, Pace
from ops.backfill.store import Store, Tally
from ops.deployed import DeployedStack, StackOption
from ops.errors import NOT_WELL, OpsError
from ops.settings import settings_of
from ops.times import parse_duration
from workspace.stack import stack_named

_LONGEST_SECONDS: Final = 10 * 365 * 24 * 60 * 60  # the chain began in 2020
# As many rows as a token has in the longest time that anybody looks back.
_MAX_KNOWN_ROWS: Final = 5_000_000


def _seconds(text: str) -> int:
    seconds = parse_duration(text)
    if not seconds or seconds > _LONGEST_SECONDS:
        raise typer.BadParameter(f"{text!r} is not like 90s, 30m, 2h or 1d")
    return seconds


def backfill(
    *,
    since: Annotated[
        int,
        typer.Option(parser=_seconds, metavar="TIME", help="How far back: 90s, 30m, 2h, 1d."),
    ],
    tokens: Annotated[
        list[str] | None,
        typer.Option("--token", help="This token alone, by symbol or mint; may be repeated."),
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Let connected clients hear what is found.")
    ] = False,
    requests_per_second: Annotated[
        float, typer.Option(min=0.1, max=1_000, help="How fast the RPC node may be asked.")
    ] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, and no progress.")
    ] = False,
    stack: StackOption = "local",
) -> None:
    """Store the trades of some time that the webhook missed, read at glow:RpcUrl.

    What is stored already is not stored again, so it can be stopped and run again at any time. Exit code
    3: the node did not answer for some transactions; run it again.
    """
    fill(
        settings_of(stack_named(stack, _say)),
        DeployedStack.named(stack),
        tokens or [],
        seconds=since,
        publishes=publish,
        requests_per_second=requests_per_second,
        as_json=as_json,
    )


def fill(
    settings: Settings,
    deployed: DeployedStack,
    tokens: Sequence[str],
    *,
    seconds: int,
    publishes: bool,
    requests_per_second: float,
    as_json: bool,
) -> None:
    """Fill the last `seconds` of a stack, and print what became of it.

    Raises OpsError, and typer.Exit where the node did not answer for some transactions.
    """
    if settings.rpc_url is None:
        raise OpsError(
            f"Stack {deployed.name} has no RPC node to ask. Set one:\n"
            f'    pulumi config set --secret RpcUrl "<https://your-rpc…>" --stack {deployed.name}'
        )
    target = target_of(settings, tokens)
    store = store_of(deployed, settings, target, publishes=publishes)
    node = Node(settings.rpc_url.get_secret_value(), Pace(requests_per_second))
    started = time.monotonic()
    try:
        run(node, store, target, seconds=seconds, now=time.time(), shows_progress=not as_json)
    finally:
        node.close()
    tally = store.tally
    if as_json:
        took = {"requests": node.requests, "seconds": round(time.monotonic() - started, 1)}
        typer.echo(json.dumps(_as_dict(tally) | took))
    else:
        Console().print(_table(tally, node.requests))
    if tally.missing:
        raise typer.Exit(NOT_WELL)


def run(
    node: Node, store: Store, target: Target, *, seconds: int, now: float, shows_progress: bool
) -> None:
    """Fill the last `seconds` before `now`, one address after the other. Raises OpsError."""
    until = int(now)
    since = until - seconds
    known = _known(store.prices, target, since=since, now=now)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    console = Console(stderr=True, quiet=not shows_progress)
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        for address in target.addresses:
            task = progress.add_task(address[:8], total=seconds)
            for batch in history(
                node, address, since=since, until=until, is_known=known.__contains__
            ):
                store.take(batch.transactions, now=time.time())
                store.tally.missing += batch.missing
                progress.update(task, completed=batch.reached - since)


def _known(prices: PriceTable, target: Target, *, since: int, now: float) -> frozenset[str]:
    """The signatures of what is stored. The table is what a run that was stopped goes on from."""
    return frozenset(
        row.update.tx_signature
        for token in target.tokens
        for row in prices.from_slot_of(token, id_at(since), limit=_MAX_KNOWN_ROWS, now=now)
    )


def _as_dict(tally: Tally) -> dict[str, object]:
    return {
        "transactions": tally.transactions,
        "stored": tally.stored,
        "duplicates": tally.duplicates,
        "suspects": tally.suspects,
        "published": tally.published,
        "missing": tally.missing,
        "skipped": dict(tally.skipped),
    }


def _table(tally: Tally, requests: int) -> Table:
    table = Table("Backfill", "")
    rows = {
        "transactions read": tally.transactions,
        "trades stored": tally.stored,
        "were stored already": tally.duplicates,
        "kept back as suspects": tally.suspects,
        "published": tally.published,
        "not answered by the node": tally.missing,
        **{f"without a price: {reason}": count for reason, count in tally.skipped.most_common()},
        "requests to the node": requests,
    }
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    return table


def _say(line: str) -> None:
    typer.echo(line, err=True)
