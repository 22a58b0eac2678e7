"""Are pages of allowed origins let in, and those of others refused?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from websockets.exceptions import InvalidStatus, WebSocketException

from functions.glow.origin import is_listed
from functions.glow.paths import Path
from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.listener import opened
from ops.verify.target import Target

STRANGER: Final = "https://glow-verify.invalid"  # RFC 2606: nobody can own it


async def check_origins(target: Target) -> AsyncIterator[Finding]:
    """On AWS, and on the edge if there is one."""
    yield await _check(target, "aws")
    if target.edge_url is not None:
        yield await _check(target, "edge")


async def _check(target: Target, path: Path) -> Finding:
    name = f"Origin on {path}"
    if path == "edge" and not target.config.listens:
        return skipped(name, "only the app's back end can make an access token for it")
    own = target.origin or target.sends_origin
    try:
        is_let_in = await _is_let_in(target, path, own)
        stranger_is = await _is_let_in(target, path, STRANGER)
    except (OSError, WebSocketException) as error:
        return failed(
            name,
            f"no socket: {type(error).__name__}",
            cause="this path takes no clients; see the line on its health",
            remedy=target.up,
        )
    if not is_let_in:
        return _refused(name, own, target)
    if stranger_is:
        return failed(
            name,
            f"{STRANGER} is let in",
            cause="any page may listen: this path was deployed with other allowedOrigins",
            remedy=target.up,
        )
    return well(name, f"{own} is let in, others are refused")


def _refused(name: str, origin: str, target: Target) -> Finding:
    if target.origin is not None and not is_listed(origin, set(target.config.origins)):
        index = len(target.config.origins)
        return failed(
            name,
            f"Origin refused: {origin}",
            cause="allowedOrigins in config does not list it",
            remedy=target.pulumi(
                f"config set --plaintext --path 'allowedOrigins[{index}]' {origin}"
            )
            + f" && {target.up}",
        )
    return failed(
        name,
        f"Origin refused: {origin}",
        cause="config lists it, but this path was deployed without it",
        remedy=target.up,
    )


async def _is_let_in(target: Target, path: Path, origin: str) -> bool:
    """Raises what the opening does, unless it is refused for who asks."""
    try:
        async with opened(target, path, origin):
            return True
    except InvalidStatus as refused:
        if refused.response.status_code == 403:
            return False
        raise
