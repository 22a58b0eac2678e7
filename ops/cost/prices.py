"""The price list: prices.json, with the source and date of each price, or another of its form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Final, cast

from ops.errors import OpsError

PRICES_FILE: Final = Path(__file__).with_name("prices.json")
# Prices of 2024 were twice today's for DynamoDB (November 2024): half a year is long.
MAX_AGE_DAYS: Final = 183


@dataclass(frozen=True, slots=True)
class Tier:
    """`usd` for each `per` units, up to `up_to` units a month; None: without end."""

    up_to: Decimal | None
    usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What `per` units cost, tier by tier."""

    service: str
    unit: str
    per: Decimal
    tiers: Sequence[Tier]
    source: str
    as_of: str | None

    def usd(self, amount: Decimal) -> Decimal:
        """What `amount` units cost in a month."""
        return sum((share / self.per * tier.usd for tier, share in self.shares(amount)), Decimal(0))

    def shares(self, amount: Decimal) -> list[tuple[Tier, Decimal]]:
        """How much of `amount` falls into each tier, those that are met."""
        found: list[tuple[Tier, Decimal]] = []
        below = Decimal(0)
        for tier in self.tiers:
            top = amount if tier.up_to is None else min(amount, tier.up_to)
            if top > below:
                found.append((tier, top - below))
                below = top
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """`usd` a month, for at most `holds` units."""

    name: str
    holds: Decimal
    usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPrice:
    """A month's plan that holds so many units. Beyond the largest plan: as many of it as it takes,
    since the list knows nothing larger."""

    service: str
    unit: str
    plans: Sequence[Plan]
    source: str
    as_of: str | None

    def usd(self, amount: Decimal) -> Decimal:
        """What the plans for `amount` units cost in a month."""
        return sum((count * plan.usd for plan, count in self.needed(amount)), Decimal(0))

    def needed(self, amount: Decimal) -> list[tuple[Plan, int]]:
        """The plan for `amount` units, and how many of it."""
        if not amount:
            return []
        for plan in self.plans:
            if amount <= plan.holds:
                return [(plan, 1)]
        largest = self.plans[-1]
        return [(largest, ceil(amount / largest.holds))]


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices by key, as they were on the day `collected`."""

    file: Path
    region: str
    collected: date
    prices: Mapping[str, Price | PlanPrice]

    def age_warning(self, today: date) -> str | None:
        """What to say of a list that is too old; None if it is not."""
        days = (today - self.collected).days
        if days <= MAX_AGE_DAYS:
            return None
        return (
            f"The prices are {days} days old ({self.collected}). Look them up again, at the `source` of"
            f" each, and set `collected`: {self.file}"
        )


def read_prices(file: Path = PRICES_FILE) -> PriceList:
    """Read the list. Raises OpsError that names the file and what is wrong in it."""
    try:
        content = json.loads(file.read_text(), parse_float=Decimal)
        prices = {key: _price(entry) for key, entry in content["prices"].items()}
        plans = {key: _plan_price(entry) for key, entry in content["plans"].items()}
        collected = date.fromisoformat(content["collected"])
        return PriceList(file, content["region"], collected, {**prices, **plans})
    except (OSError, ValueError, ArithmeticError, KeyError, TypeError, AttributeError) as error:
        raise OpsError(
            f"{file} is not a price list: {type(error).__name__} {error}. Compare it with that of the"
            f" repository: git show HEAD:ops/cost/prices.json"
        ) from error


def _price(entry: Mapping[str, object]) -> Price:
    tiers = cast("Sequence[Mapping[str, object]]", entry["tiers"])
    return Price(
        service=str(entry["service"]),
        unit=str(entry["unit"]),
        per=Decimal(str(entry["per"])),
        tiers=[
            Tier(
                Decimal(str(tier["up_to"])) if "up_to" in tier else None, Decimal(str(tier["usd"]))
            )
            for tier in tiers
        ],
        source=str(entry["source"]),
        as_of=cast("str | None", entry["as_of"]),
    )


def _plan_price(entry: Mapping[str, object]) -> PlanPrice:
    plans = cast("Sequence[Mapping[str, object]]", entry["plans"])
    return PlanPrice(
        service=str(entry["service"]),
        unit=str(entry["unit"]),
        plans=[
            Plan(str(plan["name"]), Decimal(str(plan["holds"])), Decimal(str(plan["usd"])))
            for plan in plans
        ],
        source=str(entry["source"]),
        as_of=cast("str | None", entry["as_of"]),
    )
