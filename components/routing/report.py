"""What a preview says about routing: the path of each token, and which tokens an `up` moves."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from functions.glow.paths import Path
from functions.glow.routing.policy import Policy, parse_policy

# AWS's price list: SQS FIFO (July 2024), WebSocket messages of up to 32 KB, the first 1,000 million
# of a month (September 2026).
_SQS_USD_PER_MILLION_REQUESTS: Final = Decimal("0.50")
_WEBSOCKET_USD_PER_MILLION_MESSAGES: Final = Decimal("1.00")
# Send, receive, delete. Trades that share a batch share the last two, so this is the most.
_SQS_REQUESTS_PER_TRADE: Final = 3


def route_report(policy: Policy, *, before: str | None, tokens: Mapping[str, str]) -> str:
    """The table of `tokens` (symbol → mint) under `policy`, beside the policy of `before`."""
    old = None if before is None else parse_policy(before)
    lines = [f"Routing: {described(policy)}."]
    if old is not None and old != policy:
        lines.append(f"Before:  {described(old)}.")
    lines += _table(policy, old, tokens)
    if policy.edge_is_on and (policy.is_dual or policy.aws_regions):
        lines.append(_cost_of_both_paths())
    return "\n".join(lines)


def _table(policy: Policy, old: Policy | None, tokens: Mapping[str, str]) -> list[str]:
    if not tokens:
        return ["No tokens are configured: every token that is traded follows this."]
    width = max(map(len, tokens))
    return [
        f"  {symbol:<{width}}  {_shown(policy.paths(mint)):<8}  {_change(policy, old, mint)}".rstrip()
        for symbol, mint in tokens.items()
    ]


def _change(policy: Policy, old: Policy | None, mint: str) -> str:
    if old is None or old.path(mint) == policy.path(mint):
        return ""
    return f"moves from {old.path(mint)} to {policy.path(mint)}"


def _cost_of_both_paths() -> str:
    sqs = _SQS_REQUESTS_PER_TRADE * _SQS_USD_PER_MILLION_REQUESTS
    return (
        f"Where both paths carry a token, SQS takes up to ${sqs} more per million trades and API"
        f" Gateway ${_WEBSOCKET_USD_PER_MILLION_MESSAGES} per million deliveries to its clients;"
        " BroadcastWorker's Lambda time comes on top."
    )


def _shown(paths: frozenset[Path]) -> str:
    return "+".join(sorted(paths))


def described(policy: Policy) -> str:
    """A policy in words."""
    if not policy.edge_is_on:
        return "aws for every token (USE_EDGE_BROADCAST is false)"
    said: list[str] = [f"edge for {policy.edge_percent} % of all tokens"]
    said += _listed("and for", policy.edge_tokens)
    said += _listed("aws for clients in", policy.aws_regions)
    return ", ".join(said + (["dual"] if policy.is_dual else []))


def _listed(words: str, entries: frozenset[str]) -> Sequence[str]:
    return [f"{words} {', '.join(sorted(entries))}"] if entries else []
