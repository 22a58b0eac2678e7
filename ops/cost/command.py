"""`cost`: what a load costs in a month, on each path."""

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path as FilePath
from typing import Annotated

import typer
from rich.console import Console

from components.settings.model import Settings
from functions.glow.paths import PATHS, Path
from ops.cost.answer import answer_for
from ops.cost.load import TYPICAL, Load
from ops.cost.prices import PRICES_FILE, read_prices
from ops.cost.show import show
from ops.errors import NOT_WELL
from ops.settings import settings_of
from workspace.stack import stack_named


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number") from None


def cost(
    *,
    users: Annotated[
        int, typer.Option(min=1, max=100_000_000, help="How many users there are.")
    ] = TYPICAL.users,
    hours: Annotated[
        Decimal,
        typer.Option(
            "--hours-online",
            parser=_decimal,
            metavar="HOURS",
            help="Hours a day that a user is online; 24: always connected.",
        ),
    ] = TYPICAL.hours_online_per_day,
    sessions: Annotated[
        Decimal,
        typer.Option(
            parser=_decimal, metavar="NUMBER", help="How often a day a user comes online."
        ),
    ] = TYPICAL.sessions_per_day,
    tokens_per_user: Annotated[
        int, typer.Option(min=1, help="How many tokens a user follows; each is a socket.")
    ] = TYPICAL.tokens_per_user,
    tokens: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many tokens are streamed in all.")
    ] = TYPICAL.tokens,
    updates_per_second: Annotated[
        Decimal,
        typer.Option(
            parser=_decimal, metavar="NUMBER", help="Trades a second of each token, on average."
        ),
    ] = TYPICAL.updates_per_second,
    stack: Annotated[
        str | None,
        typer.Option("--stack", help="Take the number of tokens, and the KMS key, of its config."),
    ] = None,
    kms: Annotated[
        bool, typer.Option("--kms", help="With a KMS key of the stack (glow:kms).")
    ] = False,
    path: Annotated[
        Path | None, typer.Option(help="This path alone. Left out: both, side by side.")
    ] = None,
    price_list: Annotated[
        FilePath,
        typer.Option(
            "--prices",
            help="Another price list, of another region or with discounts.",
            show_default="ops/cost/prices.json",
        ),
    ] = PRICES_FILE,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how each line of the bill comes about.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of tables.")
    ] = False,
) -> None:
    """Print the month's bill of a load per service, the break-even point and what breaks first.

    The load is spread evenly. Exit code 3: no path that was asked for carries it within its quotas.
    """
    _require("--hours-online", hours, least=Decimal(0), most=Decimal(24))
    _require("--sessions", sessions, least=Decimal(0), most=Decimal(1_000))
    _require("--updates-per-second", updates_per_second, least=Decimal(0), most=Decimal(100_000))
    if stack is not None:
        settings = settings_of(stack_named(stack, lambda line: typer.echo(line, err=True)))
        tokens, kms = counted(settings, tokens=tokens, kms=kms)
    if tokens_per_user > tokens:
        raise typer.BadParameter(
            f"there are {tokens} tokens in all (--tokens)", param_hint="--tokens-per-user"
        )
    load = Load(
        users=users,
        hours_online_per_day=hours,
        sessions_per_day=sessions,
        tokens_per_user=tokens_per_user,
        tokens=tokens,
        updates_per_second=updates_per_second,
        has_key=kms,
    )
    prices = read_prices(price_list)
    if warning := prices.age_warning(datetime.now(UTC).date()):
        typer.secho(warning, fg="yellow", err=True)
    answer = answer_for(load, PATHS if path is None else [path], prices)
    if as_json:
        typer.echo(json.dumps(answer.to_dict(), indent=2, ensure_ascii=False))
    else:
        show(answer, Console(), explained=explain)
    if not any(of_path.holds for of_path in answer.paths):
        raise typer.Exit(NOT_WELL)


def counted(settings: Settings, *, tokens: int, kms: bool) -> tuple[int, bool]:
    """How many tokens the stack streams (`tokens`, if it streams all), and whether a KMS key encrypts."""
    return len(settings.tokens) or tokens, kms or settings.kms is not False


def _require(option: str, value: Decimal, *, least: Decimal, most: Decimal) -> None:
    if not (value.is_finite() and least <= value <= most):
        raise typer.BadParameter(f"{value} is not between {least} and {most}", param_hint=option)
