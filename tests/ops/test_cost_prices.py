"""The price list, and what an amount costs by it."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ops.cost.bill import usages_of
from ops.cost.prices import MAX_AGE_DAYS, PRICES_FILE, read_prices
from ops.errors import OpsError
from tests.ops.loads import EVENING

PRICES = read_prices()


@pytest.mark.parametrize(
    ("key", "amount", "usd"),
    [
        ("websocket_messages", "0", "0"),
        ("websocket_messages", "1_000_000_000", "1000"),
        ("websocket_messages", "1_500_000_000", "1400"),
        ("http_requests", "400_000_000", "390"),
        ("dynamodb_writes", "2_000_000", "1.25"),
        # 10,240 at 0.09, 40,960 at 0.085, 102,400 at 0.07, 6,400 at 0.05
        ("egress_gb", "160_000", "11891.20"),
        ("workers_requests", "10_000_000", "0"),
        ("workers_requests", "11_000_000", "0.30"),
        ("room_gb_seconds", "1_400_000", "12.50"),
        ("lambda_gb_seconds", "1_000_000", "13.3334"),
        ("helius_credits", "1", "49"),
        ("helius_credits", "10_000_001", "499"),
        ("helius_credits", "100_000_001", "998"),
        ("helius_credits", "250_000_000", "1497"),
    ],
)
def test_amount_costs_its_tiers(key: str, amount: str, usd: str) -> None:
    assert PRICES.prices[key].usd(Decimal(amount)) == Decimal(usd)


def test_list_has_what_is_used_and_nothing_else() -> None:
    with_key = replace(EVENING, has_key=True)
    used = {usage.price for path in ("aws", "edge") for usage in usages_of(with_key, path)}

    assert used == set(PRICES.prices)


def test_every_price_says_where_it_is_from() -> None:
    assert [key for key, price in PRICES.prices.items() if not price.source] == []


def test_list_is_warned_about_after_half_a_year() -> None:
    last_good = PRICES.collected + timedelta(days=MAX_AGE_DAYS)

    assert PRICES.age_warning(last_good) is None
    assert str(PRICES_FILE) in (PRICES.age_warning(last_good + timedelta(days=1)) or "")
    assert PRICES.age_warning(date(2000, 1, 1)) is None  # a clock that is wrong is not our matter


@pytest.mark.parametrize("content", ["", "[]", '{"region": "x", "collected": "y", "prices": {}}'])
def test_damaged_list_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text(content)

    with pytest.raises(OpsError, match=r"prices\.json is not a price list"):
        read_prices(file)


def test_price_without_tiers_is_named(tmp_path: Path) -> None:
    content = json.loads(PRICES_FILE.read_text())
    del content["prices"]["alarms"]["tiers"]
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(content))

    with pytest.raises(OpsError, match="tiers"):
        read_prices(file)
