"""Problems between several keys, and lists with too many entries. Pure.

The checks read the config as it is stored, so a bad value elsewhere hides none of them.
"""

import difflib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Final, cast

from annotated_types import Le

from components.settings import edge as edge_settings
from components.settings import quota
from components.settings.helius_checks import helius_problems
from components.settings.origin import is_loopback_origin
from components.settings.problems import NAMESPACE, Problem, removal
from components.settings.routing import MAX_EDGE_TOKENS, edge_token_problem
from components.settings.table import FIELDS, is_secret, setting
from components.settings.values import MAX_ORIGINS, MAX_TOKENS

_MOST: Final = {
    ("allowedOrigins",): MAX_ORIGINS,
    ("tokens",): MAX_TOKENS,
    ("routing", "edgeTokens"): MAX_EDGE_TOKENS,
}


def problems_of(
    values: Mapping[str, str], *, secrets: Collection[str], stack: str
) -> Iterator[Problem]:
    """Yield the problems between the keys of `values`, the texts that config holds."""
    yield from _missing(values)
    yield from _exposed(values, secrets)
    yield from _origins(values)
    yield from _listeners(values)
    yield from _edge(values, stack)
    yield from helius_problems(
        values, _map(values, "helius") or {}, tokens=tokens_of(values), stack=stack
    )
    yield from _too_many(values)
    yield from _tokens(values)
    yield from _routing(values)
    yield from _quota(values)
    yield from _budget(values)


def stored_value(values: Mapping[str, str], path: tuple[str | int, ...]) -> object:
    """Return what config holds at `path`, or None."""
    text = values.get(str(path[0]))
    if text is None or len(path) == 1:
        return text
    value = _parsed(text)
    for part in path[1:]:
        if isinstance(value, dict):
            value = cast("Mapping[object, object]", value).get(part)
        elif isinstance(value, list) and isinstance(part, int):
            value = cast("list[object]", value)[part]
        else:
            return None
    return value


def tokens_of(values: Mapping[str, str]) -> Mapping[str, str]:
    """Return `tokens` as config holds it, symbol to mint; empty if it is not a map."""
    stored = _map(values, "tokens") or {}
    return {symbol: str(mint) for symbol, mint in stored.items()}


def _missing(values: Mapping[str, str]) -> Iterator[Problem]:
    if "HeliusApiKey" not in values and "HeliusWebhookSecret" not in values:
        yield Problem(
            "HeliusApiKey",
            f"is not set, nor is {NAMESPACE}:HeliusWebhookSecret: the webhook would have no secret"
            " to expect. Set one of them",
            (setting("HeliusApiKey"),),
        )


def _exposed(values: Mapping[str, str], secrets: Collection[str]) -> Iterator[Problem]:
    for key in values:
        if key in FIELDS and is_secret(key) and key not in secrets:
            yield Problem(key, "is a secret, but stored in plain text", (setting(key),))


def _origins(values: Mapping[str, str]) -> Iterator[Problem]:
    if values.get("allowedOrigins", "[]") != "[]":
        return
    edge = _map(values, "edge") or {}
    for key, value in (
        ("requireOrigin", values.get("requireOrigin")),
        ("edge.requireOrigin", edge.get("requireOrigin")),
    ):
        if value in ("true", True):
            yield Problem(
                "allowedOrigins",
                f"is empty, but {NAMESPACE}:{key} is true: nobody could connect",
                (setting("allowedOrigins"),),
            )


def _listeners(values: Mapping[str, str]) -> Iterator[Problem]:
    secrets = [key for key in ("ListenerSecret", "ListenerSecretPrevious") if key in values]
    if "listenerPublicKey" in values:
        for key in secrets:
            yield Problem(
                key,
                f"is set beside {NAMESPACE}:listenerPublicKey: access tokens are signed in one way."
                " Remove the secret, or the key if the back end signs with the secret",
                (removal((key,)),),
            )
    elif "ListenerSecret" not in values and values.get("listeners") == "token":
        yield Problem(
            "ListenerSecret",
            f"is not set, nor is {NAMESPACE}:listenerPublicKey, but {NAMESPACE}:listeners is token:"
            " nobody could listen. Set one of them",
            (setting("ListenerSecret"),),
        )


def _edge(values: Mapping[str, str], stack: str) -> Iterator[Problem]:
    edge = _map(values, "edge")
    is_on = values.get("USE_EDGE_BROADCAST") == "true"
    if is_on and edge is None and "EdgeBroadcastUrl" not in values:
        yield Problem(
            "edge",
            f"is not set, but {NAMESPACE}:USE_EDGE_BROADCAST is true: updates would reach nobody."
            " Set its accountId and an address: workersDevSubdomain, or hostname and zoneId",
            (setting("edge.accountId"), setting("edge.workersDevSubdomain")),
        )
    if (is_on or edge is not None) and "EdgeBroadcastSecret" not in values:
        cause = "USE_EDGE_BROADCAST is true" if is_on else "edge is"
        yield Problem(
            "EdgeBroadcastSecret",
            f"is not set, but {NAMESPACE}:{cause}: the worker would refuse every update",
            (setting("EdgeBroadcastSecret"),),
        )
    if is_loopback_origin(values.get("EdgeBroadcastUrl", "")) and stack != "local":
        yield Problem(
            "EdgeBroadcastUrl",
            "is on the own machine, where no Lambda function finds it: that is for stack local",
            (setting("EdgeBroadcastUrl"),),
        )
    if is_loopback_origin(values.get("jupiterUrl", "")) and stack != "local":
        yield Problem(
            "jupiterUrl",
            "is on the own machine, where no Lambda function finds it: that is for stack local",
            (removal(("jupiterUrl",)),),
        )
    for contradiction in edge_settings.contradictions(edge) if edge is not None else ():
        yield Problem(
            f"edge.{contradiction.key}",
            contradiction.what,
            (
                *(removal(("edge", key)) for key in contradiction.remove),
                *(setting(f"edge.{key}") for key in contradiction.set),
            ),
        )


def _too_many(values: Mapping[str, str]) -> Iterator[Problem]:
    for path, most in _MOST.items():
        text = stored_value(values, path)
        entries = _parsed(text) if isinstance(text, str) else text
        if isinstance(entries, list):
            names: list[str | int] = list(range(len(cast("list[object]", entries))))
        elif isinstance(entries, dict):
            names = [str(name) for name in cast("Mapping[object, object]", entries)]
        else:
            continue
        if len(names) > most:
            yield Problem(
                ".".join(path),
                f"has {len(names)} entries; at most {most} fit. Remove some, such as the last",
                tuple(removal((*path, name)) for name in reversed(names[most:])),
            )


def _tokens(values: Mapping[str, str]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for symbol, mint in tokens_of(values).items():
        if mint in first:
            yield Problem(
                f"tokens.{symbol}",
                f"is {mint!r}, the same as {NAMESPACE}:tokens.{first[mint]}",
                (removal(("tokens", symbol)),),
            )
        first.setdefault(mint, symbol)


def _routing(values: Mapping[str, str]) -> Iterator[Problem]:
    names = (_map(values, "routing") or {}).get("edgeTokens")
    if not isinstance(names, list):
        return
    tokens = tokens_of(values)
    for index, name in enumerate(cast("list[object]", names)[:MAX_EDGE_TOKENS]):
        if problem := edge_token_problem(index, name, tokens):
            yield problem


def _quota(values: Mapping[str, str]) -> Iterator[Problem]:
    account = _number(values, "accountRequestsPerSecond")
    limits = {key: _number(values, key) for key in quota.SHARES}
    left = quota.posts_per_second(account=account, limits=limits)
    if left >= quota.MIN_POSTS_PER_SECOND:
        return
    fitting = quota.fitting_limits(account=account, limits=limits)
    yield Problem(
        "accountRequestsPerSecond",
        f"is {account}, of which webhookRateLimit, websocketRateLimit and restRateLimit (for each of"
        f" {quota.READ_ROUTES} routes) leave {max(left, 0)} for posts to clients; at least"
        f" {quota.MIN_POSTS_PER_SECOND} are needed",
        tuple(f"set {key} {limit}" for key, limit in fitting.items() if limit < limits[key]),
    )


def _budget(values: Mapping[str, str]) -> Iterator[Problem]:
    if "monthlyBudgetUsd" in (_map(values, "alarms") or {}) and "alarmEmail" not in values:
        yield Problem(
            "alarmEmail",
            f"is not set, but {NAMESPACE}:alarms.monthlyBudgetUsd is: nobody would hear of the bill",
            (setting("alarmEmail"),),
        )


def _number(values: Mapping[str, str], key: str) -> int:
    """Return the number at `key`. If it is none within the bounds, pydantic reports it: the default."""
    field = FIELDS[key]
    most = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    text = values.get(key, "")
    number = int(text) if text.isascii() and text.isdecimal() else 0
    return number if 0 < number <= cast("int", most) else cast("int", field.default)


def close_key(key: str) -> str | None:
    """Return the setting whose name is most like `key`, or None."""
    return next(iter(difflib.get_close_matches(key, FIELDS, n=1, cutoff=0.5)), None)


def _map(values: Mapping[str, str], key: str) -> Mapping[str, object] | None:
    """Return the map at `key`. A value that is not a map counts as empty; pydantic reports it."""
    if key not in values:
        return None
    value = _parsed(values[key])
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _parsed(text: str) -> object:
    try:
        return cast("object", json.loads(text))
    except ValueError:
        return None
