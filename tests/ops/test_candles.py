"""The times that `ops candles rebuild` takes, and what it says at its end."""

import pytest

from ops.candle_failures import Settled
from ops.candles import Rebuilt, parse_moment, told_of
from ops.errors import OpsError

NOW = 1_750_000_000.5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 1_750_000_000),
        ("2h", 1_749_992_800),
        ("30d", 1_747_408_000),
        ("1749990000", 1_749_990_000),
        ("2025-06-15T10:00", 1_749_981_600),
        ("2025-06-15T12:00+02:00", 1_749_981_600),
        ("2025-06-15", 1_749_945_600),
    ],
)
def test_moment_is_ago_or_iso_or_unix(text: str, seconds: int) -> None:
    assert parse_moment(text, now=NOW) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "2w", "-5", "2025-13-01", "17499900000"])
def test_what_is_no_moment_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(OpsError, match="2h or 7d"):
        parse_moment(text, now=NOW)


def test_failures_that_are_left_are_told_with_the_command_that_settles_them() -> None:
    since = 1_749_990_000
    failures = Settled(settled=2, left=1, since=since)

    lines = list(told_of(Rebuilt(tokens=3, minutes=120, failed=0, failures=failures), "prod"))

    assert lines[0].startswith("120 minutes of 3 tokens")
    assert lines[1].startswith("Failures of that time: 2")
    command, _, rest = lines[2].partition(" --from ")
    moment, _, stack = rest.partition(" --stack ")
    assert command == "Failures of another time: 1. Make them good: python -m ops candles rebuild"
    assert (parse_moment(moment, now=NOW), stack) == (since, "prod")
