"""A month's bill of a load on a path, and where one path becomes cheaper than the other. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain

from functions.glow.paths import Path
from ops.cost.aws_path import aws_connects, aws_path
from ops.cost.edge_path import edge_path
from ops.cost.intake import intake
from ops.cost.load import Load
from ops.cost.prices import PlanPrice, Price, PriceList
from ops.cost.search import MAX_USERS, last_number
from ops.cost.usage import Usage


@dataclass(frozen=True, slots=True)
class Line:
    """All that is billed at one price. `usages` say what for."""

    price: Price | PlanPrice
    usages: Sequence[Usage]

    @property
    def amount(self) -> Decimal:
        return sum((usage.amount for usage in self.usages), Decimal(0))

    @property
    def usd(self) -> Decimal:
        """In whole cents, so that what is shown adds up."""
        return round(self.price.usd(self.amount), 2)


@dataclass(frozen=True, slots=True)
class Bill:
    """Lines in the order of the price list."""

    path: Path
    lines: Sequence[Line]

    @property
    def usd(self) -> Decimal:
        return sum((line.usd for line in self.lines), Decimal(0))

    @property
    def usd_by_service(self) -> dict[str, Decimal]:
        totals: dict[str, Decimal] = {}
        for line in self.lines:
            service = line.price.service
            totals[service] = totals.get(service, Decimal(0)) + line.usd
        return totals


@dataclass(frozen=True, slots=True)
class BreakEven:
    """`cheaper_below` costs less up to `users`, the other path above. None: it does for any number."""

    users: int | None
    cheaper_below: Path


def usages_of(load: Load, path: Path) -> list[Usage]:
    """All that `load` uses on `path`."""
    if path == "aws":
        connects, of_path = aws_connects(load), aws_path(load)
    else:
        connects, of_path = load.connects, edge_path(load)
    return list(chain(intake(load, path, connects=connects), of_path))


def make_bill(load: Load, path: Path, prices: PriceList) -> Bill:
    """The bill of `load` on `path`."""
    usages = usages_of(load, path)
    lines = [
        Line(price, [usage for usage in usages if usage.price == key])
        for key, price in prices.prices.items()
    ]
    return Bill(path, [line for line in lines if line.amount])


def break_even(load: Load, prices: PriceList) -> BreakEven:
    """At how many users, the rest of `load` unchanged, the paths cost the same.

    A user costs more on AWS, where each socket and message is billed; a token more at the edge, where
    its room is. So there is at most one such number.
    """
    if not _aws_is_cheaper(load, prices, users=1):
        return BreakEven(None, "edge")
    if _aws_is_cheaper(load, prices, users=MAX_USERS):
        return BreakEven(None, "aws")
    users = last_number(lambda users: _aws_is_cheaper(load, prices, users=users), MAX_USERS)
    return BreakEven(users, "aws")


def _aws_is_cheaper(load: Load, prices: PriceList, *, users: int) -> bool:
    with_users = replace(load, users=users)
    return make_bill(with_users, "aws", prices).usd < make_bill(with_users, "edge", prices).usd
