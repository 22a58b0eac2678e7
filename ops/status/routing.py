"""Which path is on, and what is under way. Pure but for `read_routing`."""

from __future__ import annotations

from typing import Final

from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.routing.work import Step
from ops.status.reading import RoutingReading
from ops.verify.target import Target

_STEPS: Final[dict[Step, str]] = {
    "serve": "rooms are told to serve",
    "tell": "clients on AWS are told to go to the edge",
    "leave": "rooms tell their clients to go to AWS",
    "end": "the end of the grace is written",
    "sweep": "after the grace, who is left on the old path is let go",
}


def read_routing(target: Target, *, now: float) -> RoutingReading:
    """The routing item beside what the last `up` left. Raises Unavailable."""
    table = RouteTable(target.dynamodb, target.deployed.text("RoutesTableName"))
    routes = table.read() or Routes(current=target.policy)
    return routing_of(routes, target.policy, now=now)


def routing_of(routes: Routes, deployed: Policy, *, now: float) -> RoutingReading:
    """`now` is Unix time in seconds."""
    health, work = routes.health, routes.to_do
    wait_seconds = 0 if work is None else max(0, work.due_ms / 1_000 - now)
    soon = f", in {wait_seconds:.0f} s" if wait_seconds >= 1 else ""
    return RoutingReading(
        summary=summary(routes.current),
        edge_health=health.state,
        health_seconds=now - health.since_ms / 1_000 if health.since_ms else None,
        under_way=None if work is None else f"{work.step}: {_STEPS[work.step]}{soon}",
        replaced=len(routes.previous),
        drift=None
        if routes.current == deployed
        else f"the last `up` left: {summary(deployed)}; the next one brings that back",
    )


def summary(policy: Policy) -> str:
    """A policy in a line."""
    if not policy.edge_is_on:
        return "all tokens on AWS"
    parts = [f"edge for {policy.edge_percent} % of the tokens"]
    if policy.edge_tokens:
        parts.append(f"and for {', '.join(sorted(policy.edge_tokens))}")
    if policy.aws_regions:
        parts.append(f"AWS for clients in {', '.join(sorted(policy.aws_regions))}")
    if policy.is_dual:
        parts.append("published on both paths")
    return "; ".join(parts)
