"""Does each side admit an access token that the secret of config has signed, and no other?"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import httpx
import jwt
from websockets.exceptions import InvalidStatus, WebSocketException

from functions.glow.token import PROBE_TOKEN
from ops.verify.finding import Finding, failed, well
from ops.verify.listener import opened
from ops.verify.target import Target

_TIMEOUT_SECONDS: Final = 10
_LIFE_SECONDS: Final = 600
_REFUSED: Final = "401"


def check_access_tokens(target: Target) -> Iterator[Finding]:
    """A read on AWS, and a socket at the edge if there is one."""
    stranger = replace(target, config=replace(target.config, access_token=_of_another_secret()))
    yield _check("access token on AWS", target, _read(target), _read(stranger))
    if target.edge_url is not None:
        yield _check("access token at the edge", target, _connect(target), _connect(stranger))


def _check(name: str, target: Target, own: str | None, stranger: str | None) -> Finding:
    """`own` and `stranger` are what was said to a token; None: it was admitted."""
    if own is not None:
        return failed(
            name,
            own,
            cause="this side was deployed with another ListenerSecret than config has now, or it fails",
            remedy=target.mend,
        )
    if stranger != _REFUSED:
        return failed(
            name,
            f"{stranger or 'admitted'} with the token of another secret",
            cause="whoever knows the URL may listen",
            remedy=target.mend,
        )
    return well(name, "admitted; that of another secret is refused")


def _read(target: Target) -> str | None:
    headers = {"authorization": f"Bearer {target.config.access_token}"}
    url = f"{target.rest_url}/connect/{PROBE_TOKEN}"
    try:
        answer = httpx.get(url, headers=headers, timeout=_TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None if answer.is_success else str(answer.status_code)


def _connect(target: Target) -> str | None:
    async def connect() -> None:
        async with opened(target, "edge", target.sends_origin):
            pass

    try:
        asyncio.run(connect())
    except InvalidStatus as refused:
        return str(refused.response.status_code)
    except (OSError, WebSocketException) as error:
        return type(error).__name__  # its text may hold the URL, and so the token
    return None


def _of_another_secret() -> str:
    claims = {"exp": int(time.time()) + _LIFE_SECONDS, "tokens": [PROBE_TOKEN]}
    return jwt.encode(claims, secrets.token_urlsafe(32), algorithm="HS256")
