"""Do both sides answer, and do they know the secrets of the stack's config?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
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
    return _secret(
        target,
        Side(
            name="webhook secret",
            url=target.webhook_url,
            body=[],
            refused="401 with the secret of config",
            why_refused="the webhook was deployed with another secret than config has now",
            why_failing="the webhook fails; its log says why",
            log=target.logs("webhook"),
            danger="whoever knows the URL can send trades",
        ),
        target.config.webhook_secret,
    )


def _edge(target: Target, edge_url: str) -> Finding:
    """An authorized broadcast to the reserved token, which only runs of this command hear."""
    secret = target.config.edge_secret
    if secret is None:
        return failed(
            "edge secret",
            "config has no EdgeBroadcastSecret",
            cause="it was removed from config after the edge was deployed",
            remedy=target.pulumi("config set --secret EdgeBroadcastSecret"),
        )
    return _secret(
        target,
        Side(
            name="edge secret",
            url=f"{edge_url}/broadcast/{PROBE_TOKEN}",
            body={"price": 0.0025, "timestamp": int(time.time())},
            refused="401 from the edge",
            why_refused="the Worker's WEBHOOK_SECRET is not the EdgeBroadcastSecret of config",
            why_failing="the Worker or the room fails; its log says why",
            log=f"python -m ops tail --stack {target.name}",
            danger="whoever knows the URL can broadcast",
        ),
        secret,
    )


@dataclass(frozen=True, kw_only=True)
class Side:
    """Who takes a secret: what is posted there, and what is said of each wrong answer."""

    name: str
    url: str
    body: object
    refused: str
    """What is found when the right secret is refused; the old guide's words at the edge."""
    why_refused: str
    why_failing: str
    log: str
    """The command that shows its log."""
    danger: str
    """What a secret that is not checked means."""


def _secret(target: Target, side: Side, secret: str) -> Finding:
    try:
        right = _post(side.url, secret, side.body)
        wrong = _post(side.url, _WRONG, side.body)
    except httpx.HTTPError as error:
        return failed(
            side.name,
            type(error).__name__,
            cause="nothing answers; see the line on health",
            remedy=target.mend,
        )
    if right == _UNAUTHORIZED:
        return failed(side.name, side.refused, cause=side.why_refused, remedy=target.mend)
    if right != _OK:
        said = f"{right} with the secret of config"
        return failed(side.name, said, cause=side.why_failing, remedy=side.log)
    if wrong != _UNAUTHORIZED:
        said = f"{wrong} with a wrong secret"
        return failed(side.name, said, cause=side.danger, remedy=target.mend)
    return well(side.name, "taken; another is refused")


def _post(url: str, secret: str, body: object) -> int:
    headers = {"authorization": f"Bearer {secret}"}
    return httpx.post(url, json=body, headers=headers, timeout=_TIMEOUT_SECONDS).status_code
