"""Which web pages may read the REST API: as a browser asks, and as it is answered."""

from types import ModuleType
from typing import Any

import pytest

from functions import environment
from functions.glow.runtime.http import HttpResponse
from tests.functions.builders import a_token, an_http_event
from tests.functions.conftest import ORIGINS, Load
from tests.functions.edge import Edge

PREFLIGHT = "OPTIONS /{proxy+}"
PRICE = "GET /tokens/{token}/price"
LOCAL_PAGE = "http://localhost:5173"


def answer_to(
    function: ModuleType, route: str, origin: str | None, token: str | None = None
) -> HttpResponse:
    headers = {} if origin is None else {"Origin": origin}
    return function.handler(an_http_event(route, headers=headers, token=token), None)


def cors_of(response: HttpResponse) -> dict[str, str]:
    return {
        name: value
        for name, value in response["headers"].items()
        if name.startswith("access-control-") or name == "vary"
    }


def readable_by(origin: str) -> dict[str, str]:
    return {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": "date",
        "vary": "Origin",
    }


@pytest.fixture
def prices(load: Load) -> ModuleType:
    return load("prices")


@pytest.mark.parametrize("origin", ["https://app.example", LOCAL_PAGE, "http://localhost"])
def test_listed_page_may_read_and_ask_with_a_bearer(prices: ModuleType, origin: str) -> None:
    assert cors_of(answer_to(prices, "GET /health/live", origin)) == readable_by(origin)

    preflight = answer_to(prices, PREFLIGHT, origin)

    assert (preflight["statusCode"], preflight["body"]) == (204, "")
    assert cors_of(preflight) == {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, HEAD, OPTIONS",
        "access-control-allow-headers": "authorization, if-none-match",
        "access-control-max-age": "3600",
        "vary": "Origin",
    }


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example:80", "null", "file://", None]
)
def test_other_page_may_not_and_no_cache_gives_it_the_answer_of_another(
    prices: ModuleType, origin: str | None
) -> None:
    for route in ("GET /health/live", PREFLIGHT):
        assert cors_of(answer_to(prices, route, origin)) == {"vary": "Origin"}


@pytest.mark.parametrize("origin", ["null", "file://"])
def test_page_without_an_origin_may_read_where_that_is_listed(load: Load, origin: str) -> None:
    prices = load("prices", origins=[*ORIGINS, origin])

    assert cors_of(answer_to(prices, "GET /health/live", origin)) == readable_by(origin)


@pytest.mark.parametrize(
    ("token", "tokens", "variables", "status"),
    [
        ("a b", [], {}, 400),
        ("NOBODY_TRADES_IT", [], {}, 404),
        ("OTHER", ["SOL"], {}, 404),
        ("SOL", [], {environment.PRICES_TABLE: "missing"}, 503),
    ],
)
def test_page_may_read_what_is_wrong(
    load: Load, token: str, tokens: list[str], variables: dict[str, str], status: int
) -> None:
    """Without the headers it would see no status, and try a final refusal again for ever."""
    prices = load("prices", tokens=tokens, **variables)

    response = answer_to(prices, PRICE, LOCAL_PAGE, token)

    assert response["statusCode"] == status
    assert cors_of(response) == readable_by(LOCAL_PAGE)


def test_answer_of_connect_is_cached_for_each_page_apart(load: Load, edge: Edge) -> None:
    discovery: Any = load("discovery")

    response = answer_to(discovery, "GET /connect/{token}", LOCAL_PAGE, a_token())
    refusal = answer_to(discovery, "GET /connect/{token}", LOCAL_PAGE, "a b")
    refusal_of_many = answer_to(discovery, "GET /connect", LOCAL_PAGE)

    assert response["headers"]["cache-control"] == "public, max-age=2"
    for each in (response, refusal, refusal_of_many):
        assert cors_of(each) == readable_by(LOCAL_PAGE)
