"""The parts of a stack's REST API that a subscription needs: discovery and prices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar
from urllib.parse import quote

import httpx

from client.errors import FINAL_CODES, Refused, Unreachable
from client.fields import Fields, as_fields, as_list, parse_json
from client.paths import Route, parse_route
from client.update import Update, parse_update

Parsed = TypeVar("Parsed")

TIMEOUT_SECONDS: Final = 10.0

_SERVER_ERROR: Final = 500  # the first status that blames the server (RFC 9110 §15.6)


@dataclass(frozen=True)
class Page:
    """One page of prices; `next` is the id after which the next page begins, None on the last."""

    updates: Sequence[Update]
    next: str | None


class RestApi:
    """Reads what `api` (the stack's output RestApiUrl) has about `token`."""

    def __init__(self, http: httpx.AsyncClient, api: str, token: str, region: str | None) -> None:
        self._http = http
        self._api = api.rstrip("/")
        self._token = quote(token, safe="")
        self.region = region
        self.asked_at: int | None = None
        """When `route` last answered, in Unix seconds of the stack's clock."""

    async def route(self, *, avoid: str | None) -> Route:
        """Where to connect, if possible not on path `avoid`. Raises Refused, Unreachable."""
        wishes = {"region": self.region, "avoid": avoid}
        answer = await self._get(
            f"/connect/{self._token}", {name: value for name, value in wishes.items() if value}
        )
        route = _read(_route, answer)
        self.asked_at = _date(answer)
        return route

    async def newest(self) -> Update | None:
        """The newest price; None if there is none yet. Raises Refused, Unreachable."""
        answer = await self._get(f"/tokens/{self._token}/price", {})
        if _error_code(answer) == "NO_PRICE":
            return None
        return _read(_update, answer)

    async def page(self, after: str) -> Page:
        """The prices with ids above `after`, ascending. Raises Refused, Unreachable."""
        return _read(_page, await self._get(f"/tokens/{self._token}/prices", {"after": after}))

    async def _get(self, path: str, query: Mapping[str, str]) -> httpx.Response:
        try:
            answer = await self._http.get(f"{self._api}{path}", params=query)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{self._api}{path}: {type(error).__name__} {error}") from error
        if answer.status_code < _SERVER_ERROR and _error_code(answer) in FINAL_CODES:
            raise Refused(f"{answer.request.url} answered {_told(answer)}")
        return answer


def _error_code(answer: httpx.Response) -> object:
    """The code of the stack's own error; None if the answer is no error, or somebody else's."""
    if answer.is_success:
        return None
    try:
        return as_fields(as_fields(parse_json(answer.content)).get("error")).get("code")
    except ValueError:
        return None


def _date(answer: httpx.Response) -> int | None:
    """The header `Date` in Unix seconds; None if it is missing or malformed."""
    try:
        return int(parsedate_to_datetime(answer.headers.get("date", "")).timestamp())
    except ValueError:
        return None


def _content(answer: httpx.Response) -> Fields:
    if not answer.is_success:
        raise ValueError(_told(answer))
    return as_fields(parse_json(answer.content))


def _route(answer: httpx.Response) -> Route:
    return parse_route(_content(answer))


def _update(answer: httpx.Response) -> Update:
    return parse_update(_content(answer))


def _page(answer: httpx.Response) -> Page:
    content = _content(answer)
    next_ = content.get("next")
    return Page(
        [parse_update(as_fields(each)) for each in as_list(content.get("prices"))],
        next_ if isinstance(next_, str) else None,
    )


def _read(parse: Callable[[httpx.Response], Parsed], answer: httpx.Response) -> Parsed:
    """Parse an answer. Raises Unreachable if it is malformed, or an HTTP error."""
    try:
        return parse(answer)
    except ValueError as error:
        raise Unreachable(f"{answer.request.url} answered {error}") from error


def _told(answer: httpx.Response) -> str:
    return f"{answer.status_code}: {answer.text[:200]}"
