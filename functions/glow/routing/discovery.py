"""Discovery: which path a client of a token is to use now, its URLs, and the protocol there."""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.paths import PATHS, Path
from functions.glow.routing.endpoints import Endpoints
from functions.glow.routing.policy import parse_region
from functions.glow.routing.routes import Routes
from functions.glow.sockets.commands import MAX_TOKENS
from functions.glow.token import parse_token, require_distinct, shown

# A ping does not wake the room, so it costs nothing (facts/cloudflare.md §4).
EDGE_PING_MS: Final = 20_000
# Each ping is a paid message, and API Gateway ends a connection that was idle for 10 minutes.
AWS_PING_MS: Final = 240_000
# API Gateway ends every connection after 2 hours (facts/aws.md §1); clients leave before, spread out.
AWS_MAX_AGE_MS: Final = 110 * 60 * 1000
# How often clients ask whether they may go back: a fallback costs more than the edge, and what kept
# a client from a path may be gone.
RECHECK_MS: Final = 15_000
# Clients whose room may not be told of a change ask this often whether there was one.
UNTOLD_RECHECK_MS: Final = 300_000


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a client says of itself: the AWS region it is in, a path that it cannot reach."""

    region: str | None
    avoid: Path | None


def parse_preferences(query: Mapping[str, str]) -> Preferences:
    """Read the query parameters. Raises BadRequest that names the parameter and the remedy."""
    region, avoid = query.get("region"), query.get("avoid")
    return Preferences(
        region=None if region is None else parse_region(region, where="region"),
        avoid=None if avoid is None else _parse_path(avoid),
    )


def parse_tokens(query: Mapping[str, str]) -> list[str]:
    """The query parameter `tokens`: 1 to 100 different ones. Raises BadRequest."""
    text = query.get("tokens")
    if not text:
        raise BadRequest(
            f"tokens must name 1 to {MAX_TOKENS} tokens, with commas between them; got nothing"
        )
    names = text.split(",")
    if len(names) > MAX_TOKENS:
        raise BadRequest(f"tokens must name 1 to {MAX_TOKENS} tokens; got {len(names)}")
    tokens = [parse_token(name, where=f"tokens[{index}]") for index, name in enumerate(names)]
    require_distinct(tokens, "tokens")
    return tokens


def where_to_connect(
    tokens: Sequence[str],
    preferences: Preferences,
    routes: Routes,
    endpoints: Endpoints,
    *,
    surely_told: Callable[[Collection[str]], Set[str]],
    now_ms: int,
) -> Mapping[str, Mapping[str, object]]:
    """The answer for each of `tokens`. A path that nobody publishes on is never in one.

    `surely_told` is asked once, with all tokens of the edge: of which its clients will hear a change.
    """
    region = preferences.region
    own_paths: Mapping[str, Path] = {
        token: routes.path(token, region=region, now_ms=now_ms) for token in tokens
    }
    paths: Mapping[str, Path] = {
        token: _reachable_path(own_path, token, preferences, routes, now_ms)
        for token, own_path in own_paths.items()
    }
    makeshift = {
        token
        for token, path in paths.items()
        if path != own_paths[token] or routes.is_fallback(token, region=region, now_ms=now_ms)
    }
    at_edge = [token for token in tokens if paths[token] == "edge" and token not in makeshift]
    untold = set(at_edge) - surely_told(at_edge)
    recheck_ms = dict.fromkeys(makeshift, RECHECK_MS) | dict.fromkeys(untold, UNTOLD_RECHECK_MS)
    return {
        token: {**_place(path, token, endpoints), "recheckMs": recheck_ms.get(token)}
        for token, path in paths.items()
    }


def _reachable_path(
    path: Path, token: str, preferences: Preferences, routes: Routes, now_ms: int
) -> Path:
    if path != preferences.avoid:
        return path
    others: list[Path] = [
        other for other in routes.open_paths(token, now_ms=now_ms) if other != path
    ]
    return others[0] if others else path


def _place(path: Path, token: str, endpoints: Endpoints) -> Mapping[str, object]:
    """Where a client of `token` alone connects, and where (`live`) one of many tokens."""
    command = {"action": "subscribePrice"}
    if path == "edge":
        alone, live = _edge_protocol(None), _edge_protocol(command)
    else:
        alone, live = _aws_protocol({**command, "token": token}), _aws_protocol(command)
    return {
        "path": path,
        "url": endpoints.url(path, token),
        "protocol": alone,
        "live": {"url": endpoints.live_url(path), "protocol": live},
    }


def _edge_protocol(subscribe: Mapping[str, str] | None) -> Mapping[str, object]:
    return {
        "subscribe": subscribe,
        "ping": {"type": "ping"},
        "pingMs": EDGE_PING_MS,
        "maxAgeMs": None,
    }


def _aws_protocol(subscribe: Mapping[str, str]) -> Mapping[str, object]:
    return {
        "subscribe": subscribe,
        "ping": {"action": "ping"},
        "pingMs": AWS_PING_MS,
        "maxAgeMs": AWS_MAX_AGE_MS,
    }


def _parse_path(value: str) -> Path:
    for path in PATHS:
        if value == path:
            return path
    raise BadRequest(f"avoid must be aws or edge; got {shown(value)}")
