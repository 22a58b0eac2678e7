"""`token`: an access token to try a stack with `listeners: token`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, cast

import jwt
import typer

from functions.glow.errors import Refused
from functions.glow.listeners.settings import ListenerKeys
from functions.glow.listeners.verifier import Verifier
from ops.deployed import StackOption
from ops.errors import OpsError
from ops.times import parse_duration
from workspace.stack import Stack, stack_named

_NAMESPACE: Final = "glow"


@dataclass(frozen=True, kw_only=True)
class ListenerConfig:
    """What the config of a stack says of access tokens."""

    stack: str
    is_open: bool
    secret: str = field(repr=False)
    symbols: Mapping[str, str]

    @classmethod
    def of(cls, stack: Stack) -> ListenerConfig:
        """Read it through the Pulumi CLI. Raises OpsError if the stack signs nothing by a secret."""
        known = cast("dict[str, dict[str, object]]", json.loads(stack.run("config", "--json")))
        own = {key.removeprefix(f"{_NAMESPACE}:"): entry for key, entry in known.items()}
        if "listenerPublicKey" in own:
            raise OpsError(
                f"Stack {stack.name} verifies access tokens by glow:listenerPublicKey, and only the"
                " app's back end has the private key. Have that make one (docs/listeners.md)."
            )
        if "ListenerSecret" not in own:
            raise OpsError(
                f"Stack {stack.name} has no secret to sign access tokens with. Set it: pulumi config"
                f' set --secret ListenerSecret "$(openssl rand -base64 32)" --stack {stack.name}'
            )
        return cls(
            stack=stack.name,
            is_open=own.get("listeners", {}).get("value") != "token",
            # Asked for alone: the other secrets of the stack are not needed.
            secret=stack.run("config", "get", f"{_NAMESPACE}:ListenerSecret").strip(),
            symbols=cast("Mapping[str, str]", own.get("tokens", {}).get("objectValue") or {}),
        )


def token(
    tokens: Annotated[
        str, typer.Option("--tokens", help='Mints or symbols of the stack, with commas; or "*".')
    ],
    ttl: Annotated[
        str, typer.Option("--ttl", help="How long it is good: 90s, 30m, 2h, at most 30d.")
    ] = "1h",
    sub: Annotated[
        str | None, typer.Option("--sub", help="Whom the stack's log is to name.")
    ] = None,
    stack: StackOption = "local",
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as a JSON object, with when it ends (Unix s).")
    ] = False,
) -> None:
    """Print an access token with which to try a stack whose `listeners` is `token`."""
    config = ListenerConfig.of(stack_named(stack, _say))
    if config.is_open:
        _say(f"Stack {stack} is open and reads no access token: glow:listeners is not token.")
    now, seconds = time.time(), seconds_of(ttl)
    made = access_token(config, tokens.split(","), seconds, subject=sub, now=now)
    typer.echo(json.dumps({"token": made, "expiresAt": int(now) + seconds}) if as_json else made)


def access_token(
    config: ListenerConfig,
    tokens: Sequence[str],
    ttl_seconds: int,
    *,
    subject: str | None,
    now: float,
) -> str:
    """A token that the stack admits. Raises OpsError if it would not."""
    named = [config.symbols.get(each.strip(), each.strip()) for each in tokens]
    claims = {"exp": int(now) + ttl_seconds, "tokens": "*" if named == ["*"] else named}
    made = jwt.encode(
        claims if subject is None else {**claims, "sub": subject}, config.secret, algorithm="HS256"
    )
    try:
        Verifier(ListenerKeys("HS256", (config.secret,))).verify(made, now=now)
    except Refused as refused:
        raise OpsError(f"Stack {config.stack} would refuse such a token: {refused}.") from None
    return made


def seconds_of(text: str) -> int:
    """The seconds in `90s`, `30m`, `2h` or `30d`. Raises OpsError."""
    seconds = parse_duration(text)
    if not seconds:
        raise OpsError(f"--ttl is {text!r}: write 90s, 30m, 2h or 30d.")
    return seconds


def _say(line: str) -> None:
    """To stderr, so that the token can be piped."""
    typer.echo(line, err=True)
