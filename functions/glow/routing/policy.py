"""The routing policy: which path carries a token. A pure function of flag, token, region, config.

Publishers, discovery and the preview share it, so that no client is sent to a path that carries nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_array, as_object, parse_json
from functions.glow.paths import PATHS, Path
from functions.glow.token import PROBE_TOKEN, shown

REGION_PATTERN: Final = r"^[a-z]{2}(-[a-z]{2,16}){1,3}-[0-9]{1,2}$"

_REGION = re.compile(REGION_PATTERN, re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Where each token goes. By default the flag alone decides: all to the edge, or all to AWS."""

    edge_is_on: bool = False
    edge_tokens: frozenset[str] = frozenset()
    """Tokens that take the edge whatever the percentage."""
    edge_percent: int = 100
    """The share of tokens that take the edge, 0 to 100. Each token's hash decides, for ever."""
    aws_regions: frozenset[str] = frozenset()
    """Clients that say they are in one of these are sent to AWS."""
    is_dual: bool = False
    """Publish every token on both paths, whoever listens."""

    def path(self, token: str, region: str | None = None) -> Path:
        """The path that a client of `token` is told to use."""
        is_chosen = token in self.edge_tokens or _share(token) < self.edge_percent
        is_sent_to_aws = not self.edge_is_on or region in self.aws_regions
        return "edge" if is_chosen and not is_sent_to_aws else "aws"

    def paths(self, token: str) -> frozenset[Path]:
        """The paths that `token` is published on: all that a client of it may be told to use."""
        if not self.edge_is_on:
            return frozenset({"aws"})
        if self.is_dual or token == PROBE_TOKEN:  # AWS is what carries when the edge does not
            return frozenset(PATHS)
        return frozenset({self.path(token), *(self.path(token, each) for each in self.aws_regions)})

    def takes_to_edge(self, before: Policy) -> bool:
        """Whether a token comes to the edge that was not there under `before`, or clients of one."""
        return self.edge_is_on and (
            not before.edge_is_on
            or self.is_dual > before.is_dual
            or self.edge_percent > before.edge_percent
            or any(before.path(token) == "aws" for token in self.edge_tokens)
            or not before.aws_regions <= self.aws_regions
        )

    def to_json(self) -> str:
        """The same text for the same policy: its hash tells whether the routing changed."""
        return json.dumps(
            {
                "edgeIsOn": self.edge_is_on,
                "edgeTokens": sorted(self.edge_tokens),
                "edgePercent": self.edge_percent,
                "awsRegions": sorted(self.aws_regions),
                "dual": self.is_dual,
            },
            separators=(",", ":"),
        )


def parse_policy(text: str) -> Policy:
    """Read back what `to_json` wrote. Raises BadRequest."""
    fields = as_object(parse_json(text, where="the policy"), where="the policy")
    percent = fields.get("edgePercent")
    if not isinstance(percent, int) or not 0 <= percent <= 100:
        raise BadRequest(f"edgePercent must be a whole number from 0 to 100; got {shown(percent)}")
    return Policy(
        edge_is_on=fields.get("edgeIsOn") is True,
        edge_tokens=_texts(fields, "edgeTokens"),
        edge_percent=percent,
        aws_regions=_texts(fields, "awsRegions"),
        is_dual=fields.get("dual") is True,
    )


def parse_region(value: str, *, where: str) -> str:
    """The AWS region in `value`. Raises BadRequest that names `where`."""
    if _REGION.fullmatch(value):
        return value
    raise BadRequest(f"{where} must be an AWS region such as us-east-1; got {shown(value)}")


def _share(token: str) -> int:
    """Where `token` stands among all tokens, 0 to 99, evenly spread and the same for ever.

    A percentage takes those below it, so one that grows only adds tokens.
    """
    digest = hashlib.sha256(token.encode()).digest()
    return int.from_bytes(digest[:4], "big") * 100 >> 32


def _texts(fields: Json, key: str) -> frozenset[str]:
    return frozenset(str(entry) for entry in as_array(fields.get(key), where=key))
