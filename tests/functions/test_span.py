"""The query of /prices."""

import pytest

from functions.glow.errors import BadRequest
from functions.glow.prices.span import Span, parse_span
from functions.glow.update import id_at

NOW = 1_750_000_000.9
ID = "1750000000-000300000000-abc"


@pytest.mark.parametrize(
    ("range_", "begins"),
    [("30s", 1_749_999_970), ("2m", 1_749_999_880), ("1h", 1_749_996_400), ("1d", 1_749_913_600)],
)
def test_range_counts_back_from_now(range_: str, begins: int) -> None:
    span = parse_span({"range": range_}, now=NOW, retention_seconds=86_400)

    assert span == Span(after=id_at(begins), until=None)


def test_after_and_until_are_ids() -> None:
    span = parse_span({"after": ID, "until": ID}, now=NOW, retention_seconds=86_400)

    assert span == Span(after=ID, until=ID)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, "range"),
        ({"range": "1d", "after": ID}, "range"),
        ({"range": "1w"}, "range"),
        ({"range": "0s"}, "range"),
        ({"range": "-1d"}, "range"),
        ({"range": ""}, "range"),
        ({"range": "2d"}, r"range must be at most 86400s"),
        ({"range": "999999999d"}, "range"),
        ({"after": "yesterday"}, "after"),
        ({"range": "1h", "until": "now"}, "until"),
    ],
)
def test_wrong_query_names_the_parameter(query: dict[str, str], named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        parse_span(query, now=NOW, retention_seconds=86_400)
