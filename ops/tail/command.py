"""`tail`: the logs of both clouds."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import aclosing, suppress
from typing import Annotated, Final

import typer

from ops.deployed import DeployedStack, StackOption, logs_of
from ops.errors import NOT_WELL, OpsError
from ops.logs.functions import FunctionLogs
from ops.logs.line import Line
from ops.logs.moment import moment_text
from ops.tail.access import cloudflare_access
from ops.tail.functions import FunctionTail
from ops.tail.stream import Source, merged
from ops.tail.wanted import Wanted
from ops.tail.worker import follow_worker
from ops.times import parse_moment
from workspace.stack import stack_named

_COLORS: Final = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


def tail(
    *,
    stack: StackOption = "local",
    trade: Annotated[
        str | None, typer.Option("--trade", help="Only what names this transaction's signature.")
    ] = None,
    token: Annotated[
        str | None, typer.Option("--token", help="Only what names this token.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", help="How far back to begin, on AWS alone: 5m, 2h, or a time.")
    ] = "1m",
    every_seconds: Annotated[
        float, typer.Option("--every", min=1, help="Seconds from one look at AWS to the next.")
    ] = 5,
    lines: Annotated[
        int | None, typer.Option("--count", min=1, help="End after so many lines.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object per line.")] = False,
) -> None:
    """Show what the functions and the Worker log, as one stream, until Ctrl-C.

    Exit code 3: one of the two could not be read.
    """
    deployed = DeployedStack.named(stack)
    since_ms = parse_moment(since, now=time.time()) * 1_000
    logs = FunctionLogs(logs_of(deployed.text("LaterQueueUrl")), deployed.function_names)
    troubles: list[OpsError] = []

    def lost(error: OpsError) -> None:
        troubles.append(error)
        typer.secho(str(error), fg="red", err=True)

    sources: list[Source] = [
        FunctionTail(logs, since_ms=since_ms).follow(every_seconds=every_seconds)
    ]
    try:
        access = cloudflare_access(stack_named(stack, lambda text: typer.echo(text, err=True)))
        if access is not None:
            sources.append(follow_worker(access))
    except OpsError as error:
        lost(error)
    wanted = Wanted(signature=trade, token=token)

    async def show_all() -> None:
        left = lines
        async with aclosing(merged(sources, lost=lost)) as stream:
            async for found in stream:
                for line in wanted.of(found)[:left]:
                    _show(line, as_json=as_json)
                    left = None if left is None else left - 1
                if left == 0:
                    return

    with suppress(KeyboardInterrupt):
        asyncio.run(show_all())
    if troubles:
        raise typer.Exit(NOT_WELL)


def _show(line: Line, *, as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "atMs": line.at_ms,
                    "source": line.source,
                    "level": line.level,
                    "event": line.event,
                    "requestId": line.request_id,
                    **line.fields,
                },
                ensure_ascii=False,
            )
        )
        return
    typer.secho(text_of(line), fg=_COLORS.get(line.level))


def text_of(line: Line) -> str:
    """Time, source, event and fields: `10:00:00.123 webhook trade_stored token=… id=…`."""
    fields = " ".join(f"{name}={_value(value)}" for name, value in line.fields.items())
    return f"{moment_text(line.at_ms)} {line.source} {line.event} {fields}".rstrip()


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
