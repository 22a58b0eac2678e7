"""The parts of a stack's REST API that a feed needs: discovery, prices and candles."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar
from urllib.parse import urlencode

import httpx

from .access import ASKS_FOR_ANOTHER, Pass
from .candle import Candle, parse_candle
from .errors import FINAL_CODES, UNSUPPORTED, ClientError, Refused, Unreachable
from .fields import Fields, as_fields, as_list, parse_json
from .paths import Route, parse_route
from .update import Update, parse_update

Parsed = TypeVar("Parsed")

TIMEOUT_SECONDS: Final = 10.0

_SERVER_ERROR: Final = 500  # the first status that blames the server (RFC 9110 §15.6)
_NOT_FOUND: Final = 404
_TOO_OLD: Final = "this stack serves no feeds: bring it up to date, or use subscribe()"
_NO_CANDLES: Final = "this stack serves no candles: bring it up to date"


@dataclass(frozen=True)
class Place:
    """Where to connect, and when the stack said so, in Unix seconds of its clock; None: it did not say."""

    route: Route
    asked_at: int | None


@dataclass(frozen=True)
class Page:
    """One page of prices; `next` is the id after which the next page begins, None on the last."""

    updates: Sequence[Update]
    next: str | None


class RestApi:
    """Reads from `api` (the stack's output RestApiUrl). All raise Refused, Unreachable."""

    def __init__(
        self, http: httpx.AsyncClient, api: str, region: str | None, access: Pass | None
    ) -> None:
        self._http = http
        self._api = api.rstrip("/")
        self._access = access
        self.region = region
        # How far the stack's clock is ahead of the event loop's. None: not known yet.
        self._ahead_seconds: float | None = None

    async def route(self, token: str, avoid: str | None) -> Place:
        """Where to connect, if possible not on path `avoid`."""
        answer = await self._get(f"/connect/{token}", {"region": self.region, "avoid": avoid})
        return Place(_read(_route, answer), _date(answer))

    async def routes(self, tokens: Sequence[str], avoid: str | None) -> list[Place | ClientError]:
        """The places of many tokens, in the order of `tokens`; an error for each that has none."""
        wishes = {"tokens": ",".join(tokens), "region": self.region, "avoid": avoid}
        try:
            answer = await self._get("/connect", wishes)
        except Unreachable as failure:
            # A gateway's 404 may pass. Where one token can be asked for and many cannot, it does not.
            is_missing = failure.status == _NOT_FOUND
            if is_missing and (await self.route(tokens[0], avoid)).route.live is None:
                raise Refused(_TOO_OLD, UNSUPPORTED) from failure
            raise
        rows = _read(lambda answer: _rows(answer, len(tokens)), answer)
        return [self._place(row, answer) for row in rows]

    async def newest(self, token: str) -> Update | None:
        """The newest price; None if there is none yet."""
        answer = await self._get(f"/tokens/{token}/price", {})
        if _error_code(answer) == "NO_PRICE":
            return None
        return _read(_update, answer)

    async def page(self, token: str, after: str) -> Page:
        """The prices with ids above `after`, ascending."""
        return _read(_page, await self._get(f"/tokens/{token}/prices", {"after": after}))

    async def candles(
        self,
        token: str,
        interval: str,
        currency: str,
        *,
        from_: int | None = None,
        limit: int | None = None,
    ) -> tuple[list[Candle], int]:
        """Candles, ascending, of all pages, and the second of the stack's clock; 0 if that is not known."""
        found: list[Candle] = []
        while True:
            query = {
                "interval": interval,
                "currency": currency,
                "from": None if from_ is None else str(from_),
                "limit": None if limit is None else str(limit),
            }
            try:
                answer = await self._get(f"/tokens/{token}/candles", query)
            except Unreachable as failure:
                # A feed has found the stack, so this is no gateway's 404 that passes.
                if failure.status == _NOT_FOUND:
                    raise Refused(_NO_CANDLES, UNSUPPORTED) from failure
                raise
            candles, from_ = _read(_candles, answer)
            found += candles
            if from_ is None:
                return found, _date(answer) or 0

    def seconds_until(self, timestamp: int) -> float | None:
        """How long until a time of the stack's clock; None if that clock is not known. The device's may
        be wrong."""
        if self._ahead_seconds is None:
            return None
        return timestamp - self._ahead_seconds - asyncio.get_running_loop().time()

    def _place(self, row: Fields, answer: httpx.Response) -> Place | ClientError:
        if "error" in row:
            error = as_fields(row["error"])
            code, text = str(error.get("code")), f"{self._api}/connect says {error.get('message')}"
            return Refused(text, code) if code in FINAL_CODES else Unreachable(text)
        try:
            route = parse_route(row)
        except ValueError as error:
            return Unreachable(f"{self._api}/connect answered {error}")
        return Place(route, _date(answer))

    async def _get(self, path: str, query: Mapping[str, str | None]) -> httpx.Response:
        # A comma needs no escape, and API Gateway takes 10 KB of address and headers.
        said = urlencode({name: value for name, value in query.items() if value}, safe=",")
        url = f"{self._api}{path}?{said}" if said else f"{self._api}{path}"
        is_last_try = self._access is None
        while True:
            grant = None if self._access is None else self._access.get()
            headers = {} if grant is None else {"authorization": f"Bearer {await grant.text()}"}
            answer = await self._send(url, headers)
            code = _error_code(answer)
            if self._access is not None and grant is not None and code in ASKS_FOR_ANOTHER:
                self._access.drop(grant)
                if not is_last_try:
                    is_last_try = True
                    continue
            if answer.is_success or code == "NO_PRICE":
                self._note_clock(answer)
                return answer
            text = f"{url} answered {_told(answer)}"
            if answer.status_code < _SERVER_ERROR and code in FINAL_CODES:
                raise Refused(text, str(code))
            raise Unreachable(text, answer.status_code)

    async def _send(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        try:
            return await self._http.get(url, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{url}: {type(error).__name__} {error}") from error

    def _note_clock(self, answer: httpx.Response) -> None:
        date = _date(answer)
        if date is not None:
            self._ahead_seconds = date - asyncio.get_running_loop().time()


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


def _route(answer: httpx.Response) -> Route:
    return parse_route(parse_json(answer.content))


def _rows(answer: httpx.Response, count: int) -> list[Fields]:
    rows = as_list(as_fields(parse_json(answer.content)).get("routes"))
    if len(rows) != count:
        raise ValueError(f"{len(rows)} routes for {count} tokens")
    return [as_fields(row) for row in rows]


def _update(answer: httpx.Response) -> Update:
    return parse_update(as_fields(parse_json(answer.content)))


def _page(answer: httpx.Response) -> Page:
    content = as_fields(parse_json(answer.content))
    next_ = content.get("next")
    return Page(
        [parse_update(as_fields(each)) for each in as_list(content.get("prices"))],
        next_ if isinstance(next_, str) else None,
    )


def _candles(answer: httpx.Response) -> tuple[list[Candle], int | None]:
    """A page, and the `from` of the next one."""
    content = as_fields(parse_json(answer.content))
    next_ = content.get("next")
    candles = [parse_candle(as_fields(each)) for each in as_list(content.get("candles"))]
    return candles, next_ if isinstance(next_, int) else None


def _read(parse: Callable[[httpx.Response], Parsed], answer: httpx.Response) -> Parsed:
    """Parse an answer. Raises Unreachable if it is malformed."""
    try:
        return parse(answer)
    except ValueError as error:
        raise Unreachable(f"{answer.request.url} answered {error}") from error


def _told(answer: httpx.Response) -> str:
    return f"{answer.status_code}: {answer.text[:200]}"
