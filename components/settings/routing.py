"""The part of config under `routing`: which tokens take which path, while the flag is on."""

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from components.settings.problems import NAMESPACE, Problem, plain_set, removal
from components.settings.values import Flag, Regions, TokenNames, is_address, listed
from functions.glow.routing.policy import Policy
from functions.glow.token import TOKEN_PATTERN

# Every publisher reads the policy each 5 s, with those it replaced.
MAX_EDGE_TOKENS: Final = 30


class RoutingSettings(BaseModel):
    """The routing of one stack. A field's first example is how its key is set."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    edge_tokens: TokenNames = Field(
        default=(),
        examples=[
            "--plaintext --path 'routing.edgeTokens[0]' DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
        ],
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
        examples=["--plaintext --path 'routing.awsRegions[0]' us-east-1"],
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

    auto_rollback: Flag = Field(
        default=False,
        examples=["--path routing.autoRollback true"],
        description="Set the routing back by itself when a move to the edge goes wrong within half an hour"
        " (docs/routing.md).",
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


def edge_token_problem(index: int, name: object, tokens: Mapping[str, str]) -> Problem | None:
    """Return what is wrong with entry `index` of `edgeTokens`, or None. `tokens` is as config has it.

    Without `tokens` every mint is fine, but no symbol has a meaning. So an entry that is not shaped
    like a mint is a typo. If it passed, its token would stay on AWS and nobody would notice.
    """
    is_token = isinstance(name, str) and re.fullmatch(TOKEN_PATTERN, name)
    if is_token and name in {*tokens, *tokens.values()}:
        return None
    if is_token and not tokens and is_address(name):
        return None
    path = ("routing", "edgeTokens", index)
    key = f"routing.edgeTokens[{index}]"
    if not tokens:
        what = (
            f"is {name!r}: must be a mint, 32 to 44 characters of base58. For a symbol to mean one,"
            f" set {NAMESPACE}:tokens; then the stack streams those alone"
        )
        return Problem(key, what, (plain_set(path, "<the mint>"),))
    what = f"is {name!r}, which is not in {NAMESPACE}:tokens: this stack does not stream it"
    close = difflib.get_close_matches(str(name), tokens, n=1)
    return Problem(key, what, (plain_set(path, close[0]) if close else removal(path),))
