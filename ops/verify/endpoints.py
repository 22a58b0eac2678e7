"""Do both sides answer, and do they know the secrets of the stack's config?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import httpx

from functions.glow.token import PROBE_TOKEN
from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.target import Target

_TIMEOUT_SECONDS: Final = 10
_WRONG: Final = "not-the-secret-of-any-stack"
_OK: Final = 200
_UNAUTHORIZED: Final = 401


def check_health(target: Target) -> Iterator[Finding]:
    """Whether REST and edge say that they are healthy."""
    yield _health("AWS health", f"{target.rest_url}/health/live", target, "the REST API")
    if target.edge_url is None:
        yield skipped("edge health", "the stack has no edge")
    else:
        yield _health("edge health", f"{target.edge_url}/health", target, "the Worker")


def check_secrets(target: Target) -> Iterator[Finding]:
    """Whether each side takes the secret that config has, and no other."""
    yield _webhook(target)
    if target.edge_url is not None:
        yield _edge(target, target.edge_url)


def _health(name: str, url: str, target: Target, what: str) -> Finding:
    try:
        response = httpx.get(url, timeout=_TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        return failed(
            name,
            f"{url}: {type(error).__name__}",
            cause=f"{what} is gone, or its host name leads elsewhere",
            remedy=target.mend,
        )
    if response.status_code == _OK and '"healthy"' in response.text:
        return well(name, f"{response.elapsed.total_seconds() * 1_000:.0f} ms")
    return failed(
        name,
        f"{url} answers {response.status_code}",
        cause=f"{what} is not deployed there, or it fails as it starts",
        remedy=target.mend,
    )


def _webhook(target: Target) -> Finding:
    """A body without trades stores nothing."""
    name = "webhook secret"
    try:
        right = _post(target.webhook_url, target.config.webhook_secret, [])
        wrong = _post(target.webhook_url, _WRONG, [])
    except httpx.HTTPError as error:
        return _unreachable(name, error, target)
    if right == _UNAUTHORIZED:
        return failed(
            name,
            "401 with the secret of config",
            cause="the webhook was deployed with another secret than config has now",
            remedy=target.mend,
        )
    if right != _OK:
        return failed(
            name,
            f"{right} with the secret of config",
            cause="the webhook fails; its log says why",
            remedy=target.logs("webhook"),
        )
    if wrong != _UNAUTHORIZED:
        return failed(
            name,
            f"{wrong} with a wrong secret",
            cause="whoever knows the URL can send trades",
            remedy=target.mend,
        )
    return well(name, "taken; another is refused")


def _edge(target: Target, edge_url: str) -> Finding:
    """An authorized broadcast to the reserved token, which only runs of this command hear."""
    name = "edge secret"
    secret = target.config.edge_secret
    if secret is None:
        return failed(
            name,
            "config has no EdgeBroadcastSecret",
            cause="it was removed from config after the edge was deployed",
            remedy=target.pulumi("config set --secret EdgeBroadcastSecret"),
        )
    url = f"{edge_url}/broadcast/{PROBE_TOKEN}"
    update = {"price": 0.0025, "timestamp": int(time.time())}
    try:
        right = _post(url, secret, update)
        wrong = _post(url, _WRONG, update)
    except httpx.HTTPError as error:
        return _unreachable(name, error, target)
    if right == _UNAUTHORIZED:
        return failed(
            name,
            "401 from the edge",
            cause="the Worker's WEBHOOK_SECRET is not the EdgeBroadcastSecret of config",
            remedy=target.mend,
        )
    if right != _OK:
        return failed(
            name,
            f"{right} from the edge",
            cause="the Worker or the room fails; its log says why",
            remedy="npx wrangler tail",
        )
    if wrong != _UNAUTHORIZED:
        return failed(
            name,
            f"{wrong} with a wrong secret",
            cause="whoever knows the URL can broadcast",
            remedy=target.mend,
        )
    return well(name, "taken; another is refused")


def _post(url: str, secret: str, body: object) -> int:
    headers = {"authorization": f"Bearer {secret}"}
    return httpx.post(url, json=body, headers=headers, timeout=_TIMEOUT_SECONDS).status_code


def _unreachable(name: str, error: httpx.HTTPError, target: Target) -> Finding:
    return failed(
        name,
        type(error).__name__,
        cause="nothing answers; see the line on health",
        remedy=target.mend,
    )
