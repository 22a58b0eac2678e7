"""What `ops candles rebuild` says at its end."""

from ops.candle_failures import Settled
from ops.candles import Rebuilt, told_of
from ops.times import parse_moment

NOW = 1_750_000_000.5


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
