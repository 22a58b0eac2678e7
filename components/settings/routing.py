"""The part of config under `routing`: which tokens take which path, while the flag is on."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from components.settings.values import Flag, Regions, TokenNames, listed
from functions.glow.routing.policy import Policy

# The environment of a function holds 4 KB, and a mint has 44 characters.
_MAX_EDGE_TOKENS: Final = 30


class RoutingSettings(BaseModel):
    """The routing of one stack. A field's first example is how its key is set."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    edge_tokens: TokenNames = Field(
        default=(),
        max_length=_MAX_EDGE_TOKENS,
        examples=["--path 'routing.edgeTokens[0]' BONK"],
        description="Tokens that take the edge whatever the percentage: symbols of `tokens`, or mints.",
    )
    edge_percent: int | None = Field(
        default=None,
        ge=0,
        le=100,
        examples=["--path routing.edgePercent 10"],
        description="How much of all tokens takes the edge; as it grows, tokens are only added."
        " Default: 100, or 0 where `edgeTokens` are set.",
    )
    aws_regions: Regions = Field(
        default=(),
        examples=["--path 'routing.awsRegions[0]' us-east-1"],
        description="Clients that say they are in one of these are sent to AWS. Tokens of the edge"
        " are then published on both paths.",
    )
    dual: Flag = Field(
        default=False,
        examples=["--path routing.dual true"],
        description="Publish every token on both paths, while migrating.",
    )
    grace_seconds: int = Field(
        default=60,
        ge=10,
        le=3_600,
        examples=["--path routing.graceSeconds 60"],
        description="How long both paths of a token that moves are served, at least.",
    )

    aws_connects_per_second: int = Field(
        default=250,
        ge=1,
        le=100_000,
        examples=["--path routing.awsConnectsPerSecond 250"],
        description="How many clients that move to AWS connect in a second. An account takes 500, also of"
        " those that come by themselves, unless AWS has raised it.",
    )

    def policy(self, *, edge_is_on: bool, tokens: Mapping[str, str]) -> Policy:
        """The policy, with the symbols of `tokens` resolved."""
        percent = self.edge_percent
        if percent is None:
            percent = 0 if self.edge_tokens else 100
        return Policy(
            edge_is_on=edge_is_on,
            edge_tokens=frozenset(tokens.get(name, name) for name in self.edge_tokens),
            edge_percent=percent,
            aws_regions=frozenset(self.aws_regions),
            is_dual=self.dual,
        )


Routing = Annotated[RoutingSettings, BeforeValidator(listed("a map of settings", dict))]


def unknown_tokens(routing: Mapping[str, object], tokens: Mapping[str, str]) -> Iterator[str]:
    """Those of `edgeTokens` that the stack does not stream; `routing` as config holds it."""
    names = routing.get("edgeTokens")
    if not tokens or not isinstance(names, list):
        return
    known = {*tokens, *tokens.values()}
    yield from (name for name in map(str, cast("list[object]", names)) if name not in known)
