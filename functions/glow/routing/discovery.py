"""Discovery: which path a client of a token is to use now, its URL, and the protocol there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.paths import PATHS, Path
from functions.glow.routing.endpoints import Endpoints
from functions.glow.routing.policy import parse_region
from functions.glow.routing.routes import Routes
from functions.glow.token import shown

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


def where_to_connect(
    token: str,
    preferences: Preferences,
    routes: Routes,
    endpoints: Endpoints,
    *,
    is_surely_told: Callable[[str], bool],
    now_ms: int,
) -> Mapping[str, object]:
    """The answer of `GET /connect/{token}`. A path that nobody publishes on is never in it.

    `is_surely_told` is asked whether clients of a token at the edge will hear of a change.
    """
    own_path = routes.path(token, region=preferences.region, now_ms=now_ms)
    path = _reachable_path(own_path, token, preferences, routes, now_ms)
    recheck_ms = None
    if path != own_path or routes.is_fallback(token, region=preferences.region, now_ms=now_ms):
        recheck_ms = RECHECK_MS
    elif path == "edge" and not is_surely_told(token):
        recheck_ms = UNTOLD_RECHECK_MS
    return {
        "path": path,
        "url": endpoints.url(path, token),
        "protocol": _edge_protocol() if path == "edge" else _aws_protocol(token),
        "recheckMs": recheck_ms,
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


def _edge_protocol() -> Mapping[str, object]:
    return {
        "subscribe": None,
        "ping": {"type": "ping"},
        "pingMs": EDGE_PING_MS,
        "maxAgeMs": None,
    }


def _aws_protocol(token: str) -> Mapping[str, object]:
    return {
        "subscribe": {"action": "subscribePrice", "token": token},
        "ping": {"action": "ping"},
        "pingMs": AWS_PING_MS,
        "maxAgeMs": AWS_MAX_AGE_MS,
    }


def _parse_path(value: str) -> Path:
    for path in PATHS:
        if value == path:
            return path
    raise BadRequest(f"avoid must be aws or edge; got {shown(value)}")
