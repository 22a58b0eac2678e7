"""Who may open a WebSocket."""

import pytest

from functions.glow.sockets.origin import origin_is_allowed

ALLOWED = frozenset({"https://app.example", "http://localhost:*", "null", "file://"})


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://app.example", True),
        ("https://app.example:8443", False),
        ("https://evil.example", False),
        ("https://app.example.evil.example", False),
        ("http://app.example", False),
        ("http://localhost:3000", True),
        ("http://localhost", True),
        ("http://localhost:evil", False),
        ("http://localhost.evil.example:3000", False),
        ("https://localhost:3000", False),
        ("null", True),
        ("file://", True),
        ("*", False),
    ],
)
def test_origin_must_be_listed(origin: str, is_allowed: bool) -> None:
    assert origin_is_allowed(origin, ALLOWED, origin_is_required=False) is is_allowed


@pytest.mark.parametrize("origin", [None, ""])
def test_client_without_origin_may_connect_unless_one_is_required(origin: str | None) -> None:
    assert origin_is_allowed(origin, ALLOWED, origin_is_required=False)
    assert not origin_is_allowed(origin, ALLOWED, origin_is_required=True)
