"""Bills: against sums made by hand, and what holds for every load."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.glow.paths import PATHS, Path
from ops.cost.bill import break_even, make_bill, usages_of
from ops.cost.load import Load
from ops.cost.prices import read_prices
from tests.ops.loads import EVENING, HUNDRED_THOUSAND

PRICES: Final = read_prices()
# EVENING: 300 users x 2 h / 24 = 25 sockets with 3 tokens each; 20 tokens x 0.05/s = a trade a second.
TRADES: Final = 2_592_000
DELIVERIES: Final = 75 * 0.05 * 2_592_000  # 9,720,000
MINUTES: Final = 25 * 43_200  # 1,080,000
CONNECTS: Final = 300 * 4 * 30  # 36,000
RECONNECTS: Final = MINUTES / 110  # 9,818.2
IDLE_POLLS: Final = 648_000
HOLE_CHECKS: Final = 8_640  # of ten tokens each, with 46 reads and 0.3 s for each

AMOUNTS_OF_AWS: Final = {
    "helius_credits": TRADES,
    "http_requests": TRADES + CONNECTS + RECONNECTS,
    "websocket_minutes": MINUTES,
    "websocket_messages": DELIVERIES + 3 * (CONNECTS + RECONNECTS) + 2 * MINUTES / 4,
    "lambda_requests": 2 * TRADES + 4 * (CONNECTS + RECONNECTS) + MINUTES / 4 + HOLE_CHECKS,
    "dynamodb_writes": 2 * TRADES + DELIVERIES / 500 + (4 + 2 * 3) * (CONNECTS + RECONNECTS),
    "dynamodb_reads": 3 * TRADES
    + DELIVERIES * 85 / 4096
    + 3 * 2 * (CONNECTS + RECONNECTS)
    + HOLE_CHECKS * 10 * 46,
    "sqs_fifo_requests": 3 * TRADES + 3 * IDLE_POLLS,
    "sqs_standard_requests": 2 * IDLE_POLLS,
    "egress_gb": DELIVERIES * 380 / 1e9,
    "dynamodb_gb": TRADES * 440 / 1e9,
    "alarms": 36,
    "composite_alarms": 3,
    "custom_metrics": 23,
    "dashboards": 1,
}
AMOUNTS_OF_EDGE: Final = {
    "helius_credits": TRADES,
    "http_requests": TRADES + CONNECTS,
    "lambda_requests": TRADES + CONNECTS + HOLE_CHECKS,
    "lambda_gb_seconds": (TRADES * 0.047 + CONNECTS * 0.005 + HOLE_CHECKS * 3) * 1769 / 1024,
    "dynamodb_writes": TRADES,
    "dynamodb_reads": 2 * TRADES + HOLE_CHECKS * 10 * 46,
    "sqs_fifo_requests": 3 * IDLE_POLLS,
    "egress_gb": TRADES * 780 / 1e9,
    "workers_plan": 1,
    "workers_requests": TRADES + CONNECTS,
    # No alarm. 0.025 hubs get each trade, pings of 25 sockets, pongs of 20 rooms, 20 as one.
    "room_requests": TRADES + CONNECTS + (0.025 * TRADES + (25 + 0.025 * 20) * 2_592_000 / 20) / 20,
    "room_rows_written": TRADES + TRADES / 32,  # an update in 20 s, each saved alone
    "room_gb_seconds": (20 * 0.5 + 0.025) * 2_592_000 * 0.128,  # rooms: awake for 10 of 20 s
}


def test_key_of_the_stack_is_billed_where_it_has_one() -> None:
    with_key = usages_of(replace(EVENING, has_key=True), "aws")

    added = {each.price: each.amount for each in with_key if each.price.startswith("kms")}
    assert added == {"kms_keys": 1, "kms_requests": 2_592_000 // 300 * (2 * 20 + 5)}
    assert not [each for each in usages_of(EVENING, "aws") if each.price.startswith("kms")]


@pytest.mark.parametrize(
    ("path", "price", "amount"),
    [
        *(("aws", price, amount) for price, amount in AMOUNTS_OF_AWS.items()),
        *(("edge", price, amount) for price, amount in AMOUNTS_OF_EDGE.items()),
    ],
)
def test_load_uses_what_was_counted_by_hand(path: Path, price: str, amount: float) -> None:
    used = sum(usage.amount for usage in usages_of(EVENING, path) if usage.price == price)

    assert float(used) == pytest.approx(amount)


def test_bill_without_trades_and_users_online_is_what_stands_there() -> None:
    idle = replace(
        EVENING,
        hours_online_per_day=Decimal(0),
        sessions_per_day=Decimal(0),
        updates_per_second=Decimal(0),
    )
    polls, alarms = Decimal("0.97") + Decimal("0.52"), Decimal("3.60") + Decimal("1.50")
    holes = Decimal("0.60") + Decimal("0.50")
    standing = (
        polls + alarms + holes + Decimal("6.90") + Decimal("3.00")
    )  # metrics, and the dashboard

    assert make_bill(idle, "aws", PRICES).usd == standing
    assert make_bill(idle, "edge", PRICES).usd == standing + 5


LOADS = st.builds(
    Load,
    users=st.integers(1, 1_000_000),
    hours_online_per_day=st.decimals(0, 24, places=2),
    sessions_per_day=st.decimals(0, 100, places=2),
    tokens_per_user=st.integers(1, 100),
    tokens=st.integers(100, 10_000),
    updates_per_second=st.decimals(0, 1_000, places=3),
)
GROWTH = st.dictionaries(
    st.sampled_from(
        ["users", "hours_online_per_day", "sessions_per_day", "tokens", "updates_per_second"]
    ),
    st.integers(1, 100),
)


@given(LOADS, st.sampled_from(PATHS), GROWTH)
def test_bill_grows_with_the_load(load: Load, path: Path, growth: dict[str, int]) -> None:
    grown = replace(load, **{name: getattr(load, name) + by for name, by in growth.items()})

    assert make_bill(grown, path, PRICES).usd >= make_bill(load, path, PRICES).usd


@given(LOADS, st.sampled_from(PATHS))
def test_parts_sum_to_the_total_and_none_is_negative(load: Load, path: Path) -> None:
    bill = make_bill(load, path, PRICES)

    assert bill.usd == sum(line.usd for line in bill.lines)
    assert bill.usd == sum(bill.usd_by_service.values())
    assert all(line.usd >= 0 and line.amount > 0 for line in bill.lines)
    assert all(usage.amount >= 0 for usage in usages_of(load, path))


@pytest.mark.parametrize(
    "load", [replace(HUNDRED_THOUSAND, updates_per_second=Decimal("0.5")), EVENING]
)
def test_break_even_point_is_where_the_cheaper_path_changes(load: Load) -> None:
    found = break_even(load, PRICES)

    def usd(path: Path, users: int) -> Decimal:
        return make_bill(replace(load, users=users), path, PRICES).usd

    assert found.cheaper_below == "aws"
    assert found.users is not None
    assert usd("aws", found.users) < usd("edge", found.users)
    assert usd("aws", found.users + 1) >= usd("edge", found.users + 1)


def test_path_that_is_cheaper_for_any_number_of_users_has_no_break_even_point() -> None:
    nobody_is_online = replace(
        EVENING, hours_online_per_day=Decimal(0), sessions_per_day=Decimal(0)
    )
    one_busy_token = replace(
        HUNDRED_THOUSAND, tokens=1, updates_per_second=Decimal(50), tokens_per_user=1
    )

    assert break_even(nobody_is_online, PRICES).users is None
    assert break_even(nobody_is_online, PRICES).cheaper_below == "aws"
    assert break_even(one_busy_token, PRICES).users is None
    assert break_even(one_busy_token, PRICES).cheaper_below == "edge"
