"""A bill for readers, in 80 columns."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from ops.cost.answer import Answer, OfPath
from ops.cost.bill import BreakEven, Line
from ops.cost.load import DAYS, Load
from ops.cost.prices import PlanPrice, Price
from ops.cost.quotas import Quota

_MILLION: Final = 1_000_000
_TIMES: Final = "×"  # noqa: RUF001  meant
_INDENT: Final = (0, 0, 0, 2)


def show(answer: Answer, console: Console, *, explained: bool) -> None:
    """Print what a load costs per service, where it breaks, and if `explained` how each line comes
    about."""
    for line in _described(answer.load):
        console.print(line, highlight=False)
    console.print(_services(answer))
    for line in _conclusions(answer):
        console.print(line, highlight=False)
    if not explained:
        return
    for of_path in answer.paths:
        console.print(f"\nHow the bill of {of_path.path} comes about:", highlight=False)
        for line in of_path.bill.lines:
            console.print(Padding(arithmetic(line), _INDENT), highlight=False)


def _described(load: Load) -> Iterator[str]:
    yield (
        f"Load: {load.users:,} users, online {_exact(load.hours_online_per_day)} h a day (sessions:"
        f" {_exact(load.sessions_per_day)}), following {load.tokens_per_user} of {load.tokens:,}"
        f" tokens each; updates/s of a token: {_exact(load.updates_per_second)}."
    )
    yield (
        f"In {DAYS} days: {amount(load.trades)} trades, {amount(load.deliveries)} deliveries, over"
        f" {number(load.sockets)} sockets at a time."
    )


def _services(answer: Answer) -> Table:
    by_service = [of_path.bill.usd_by_service for of_path in answer.paths]
    table = Table("USD a month", show_footer=True)
    table.columns[0].footer = "Total"
    for of_path in answer.paths:
        table.add_column(of_path.path, dollars(of_path.bill.usd), justify="right")
    for service in dict.fromkeys(price.service for price in answer.prices.prices.values()):
        if any(service in totals for totals in by_service):
            table.add_row(service, *(_of_service(service, totals) for totals in by_service))
    return table


def _of_service(service: str, totals: Mapping[str, Decimal]) -> str:
    return dollars(totals[service]) if service in totals else ""


def _conclusions(answer: Answer) -> Iterator[str]:
    for of_path in answer.paths:
        yield f"{of_path.path} {_verdict(of_path)}"
    if answer.break_even is not None:
        yield f"Break-even: {_said_of(answer.break_even)}"
    yield f"Prices of {answer.prices.region}, collected on {answer.prices.collected}."


def _verdict(of_path: OfPath) -> str:
    reach, nearest = of_path.reach, of_path.quotas[0]
    if nearest.is_broken:
        now = f"does not carry this load: {_used(nearest)}. To raise it: {nearest.remedy}."
    else:
        now = f"carries this load. Nearest to its limit: {_used(nearest)}."
    if reach is None:
        return f"{now} More users break nothing."
    if not reach.users:
        return f"{now} Fewer users do not help."
    return f"{now} Up to {reach.users:,} users fit; then {reach.first.name} break."


def _used(quota: Quota) -> str:
    used = f"{number(quota.used)} {quota.name} of {quota.limit:,}"
    if quota.is_broken:
        return f"{used}, {number(quota.share)} times as many"
    return f"{used}, {number(quota.share * 100)} %"


def _said_of(found: BreakEven) -> str:
    if found.users is None:
        return f"none. {found.cheaper_below} costs less for any number of users."
    other = "edge" if found.cheaper_below == "aws" else "aws"
    return (
        f"{found.cheaper_below} costs less up to {found.users:,} users, {other} from"
        f" {found.users + 1:,} on."
    )


def arithmetic(line: Line) -> str:
    """How a line comes about: what is used for what, and its price tier by tier."""
    used = " + ".join(f"{amount(usage.amount)} {usage.reason}" for usage in line.usages)
    priced = " + ".join(_priced(line.price, line.amount))
    return (
        f"{line.price.service}, {amount(line.amount)} {line.price.unit}: {used}\n"
        f"  {priced} = ${dollars(line.usd)}"
    )


def _priced(price: Price | PlanPrice, used: Decimal) -> list[str]:
    if isinstance(price, PlanPrice):
        return [f"{count} {_TIMES} {plan.name} ${plan.usd}" for plan, count in price.needed(used)]
    per = {1: "", _MILLION: " per M"}[int(price.per)]
    return [f"{amount(share)} {_TIMES} ${tier.usd}{per}" for tier, share in price.shares(used)]


def dollars(usd: Decimal) -> str:
    """To the cent."""
    return f"{usd:,.2f}"


def amount(count: Decimal) -> str:
    """In millions where it has any: `259.2 M`."""
    return number(count) if count < _MILLION else f"{number(count / _MILLION)} M"


def number(count: Decimal) -> str:
    """With two decimals at most."""
    return f"{count:,.2f}".rstrip("0").rstrip(".")


def _exact(given: Decimal) -> str:
    """What was given, however small it is."""
    return f"{given.normalize():f}"
