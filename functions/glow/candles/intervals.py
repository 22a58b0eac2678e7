"""The intervals that a chart may ask for, and the three series that are stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Series = Literal["1m", "1h", "1d"]
"""What is stored. Every other interval is put together of one of these when it is read."""

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400

SECONDS: Final[Mapping[Series, int]] = {"1m": MINUTE, "1h": HOUR, "1d": DAY}
BELOW: Final[Mapping[Series, Series]] = {"1h": "1m", "1d": "1h"}
"""A row of an hour is made of the rows of its minutes, one of a day of its hours'."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A candle of `seconds` is made of `rows` rows of `series` at most."""

    name: str
    seconds: int
    series: Series

    @property
    def rows(self) -> int:
        return self.seconds // SECONDS[self.series]

    def start(self, time: int) -> int:
        """The start of the interval that `time` lies in; a day begins at 00:00 UTC."""
        return time - time % self.seconds


INTERVALS: Final[Mapping[str, Interval]] = {
    each.name: each
    for each in (
        Interval("1m", MINUTE, "1m"),
        Interval("5m", 5 * MINUTE, "1m"),
        Interval("15m", 15 * MINUTE, "1m"),
        Interval("1h", HOUR, "1h"),
        Interval("4h", 4 * HOUR, "1h"),
        Interval("1d", DAY, "1d"),
    )
}


def start_of(series: Series, time: int) -> int:
    """The start of the minute, hour or day that `time` lies in."""
    return time - time % SECONDS[series]
