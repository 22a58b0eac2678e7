"""The moments that commands of ops take."""

import pytest

from ops.errors import OpsError
from ops.times import parse_moment

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
