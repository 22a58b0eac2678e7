"""Which quota breaks first, and with how many users."""

from dataclasses import replace
from decimal import Decimal

import pytest

from functions.glow.paths import PATHS, Path
from ops.cost.load import Load
from ops.cost.quotas import quotas_of, reach_of
from tests.ops.loads import EVENING, HUNDRED_THOUSAND


def _used(load: Load, path: Path) -> dict[str, float]:
    return {quota.name: round(float(quota.used), 2) for quota in quotas_of(load, path)}


def test_posts_break_first_on_aws() -> None:
    first, *_ = quotas_of(HUNDRED_THOUSAND, "aws")

    assert (first.name, first.limit, first.is_broken) == ("posts/s to clients", 4_000, True)
    assert "accountRequestsPerSecond" in first.remedy


def test_memory_of_rooms_is_nearest_at_the_edge() -> None:
    first, *_ = quotas_of(HUNDRED_THOUSAND, "edge")

    assert (first.name, first.used, first.is_broken) == ("sockets of a room", 1_000, False)


def test_usage_is_counted_by_hand() -> None:
    used = _used(HUNDRED_THOUSAND, "aws")

    connects = 100_000 / 86_400 + 100_000 / 6_600  # a session a day, and a socket lasts 110 minutes
    pings = 100_000 / 240
    assert used["posts/s to clients"] == pytest.approx(100_000 + 2 * connects, abs=0.01)
    assert used["messages/s of clients"] == pytest.approx(connects + pings, abs=0.01)
    assert used["new connections/s"] == pytest.approx(connects, abs=0.01)
    assert used["webhook requests/s"] == 100
    # 20 ms for each of 100 trades, and 0.185 ms for each post
    assert used["broadcast workers at once"] == pytest.approx(100 * 0.020 + 18.5, abs=0.01)
    assert used["reads/s of a token's subscribers"] == pytest.approx(1_000 * 85 / 4096, abs=0.01)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("load", [HUNDRED_THOUSAND, EVENING])
def test_one_user_more_than_fit_breaks_the_quota_that_is_named(load: Load, path: Path) -> None:
    reach = reach_of(load, path)

    assert reach is not None
    fits = quotas_of(replace(load, users=reach.users), path)
    broken = [
        quota.name
        for quota in quotas_of(replace(load, users=reach.users + 1), path)
        if quota.is_broken
    ]
    assert not any(quota.is_broken for quota in fits)
    assert reach.first.name in broken


def test_trades_that_the_webhook_may_not_take_break_with_any_number_of_users() -> None:
    flood = replace(EVENING, updates_per_second=Decimal(51))  # 20 tokens: 1,020 a second

    reach = reach_of(flood, "edge")

    assert reach is not None
    assert (reach.users, reach.first.name) == (0, "webhook requests/s")


def test_users_who_are_never_online_break_nothing() -> None:
    away = replace(EVENING, hours_online_per_day=Decimal(0), sessions_per_day=Decimal(0))

    assert [reach_of(away, path) for path in PATHS] == [None, None]
