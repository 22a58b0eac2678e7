"""Loads that tests share."""

from dataclasses import replace
from decimal import Decimal

from ops.cost.load import Load

HUNDRED_THOUSAND = Load(
    users=100_000,
    hours_online_per_day=Decimal(24),
    sessions_per_day=Decimal(1),
    tokens_per_user=1,
    tokens=100,
    updates_per_second=Decimal(1),
)
"""Always connected, a trade a second: the load of docs/costs.md."""

EVENING = Load(
    users=300,
    hours_online_per_day=Decimal(2),
    sessions_per_day=Decimal(4),
    tokens_per_user=3,
    tokens=20,
    updates_per_second=Decimal("0.05"),
)
"""Few users, some hours, quiet tokens: 25 sockets at a time, with 3 tokens each."""

WATCHLISTS = replace(HUNDRED_THOUSAND, tokens_per_user=20)
"""The same with 20 tokens each: in feeds, so at the edge in hubs."""
