"""What operators do to a stack, and faults of its edge, one after the other."""

import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import parse_health
from local.cloud import LocalCloud
from local.stack import EDGE_SECRET, LocalStack
from tests.local.aws import Aws
from tests.local.moves.mover import Mover, Refused

BASE: Final = Policy(edge_is_on=True)
"""What is deployed."""


@dataclass
class Stage:
    """`policy` is the one in force, or that of the change under way."""

    stack: LocalStack
    cloud: LocalCloud
    mover: Mover
    aws: Aws
    routes_table: str
    policy: Policy = BASE
    edge_is_up: bool = True
    _change: "Future[None] | None" = None
    _background: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def begin_move(self, policy: Policy) -> None:
        """Have the route changed while other things happen."""
        self.finish_move()
        self._change = self._background.submit(self._move, policy)

    def finish_move(self) -> None:
        """Wait until the change under way, if there is one, has been announced."""
        change, self._change = self._change, None
        if change is not None:
            change.result()

    def kill_edge(self) -> None:
        self.finish_move()
        self.cloud.stop_cloudflare()
        self.edge_is_up = False

    def restore_edge(self) -> None:
        self.cloud.start_cloudflare()
        self.edge_is_up = True

    def crash_edge(self) -> None:
        """End all rooms and hubs at once. They are back within seconds, and know nothing of before."""
        self.kill_edge()
        self.restore_edge()

    def rotate_secret(self) -> None:
        """The first of two ups, after which both secrets are accepted."""
        self.finish_move()
        old, new = self.stack.config_get(EDGE_SECRET), secrets.token_urlsafe(32)
        self.stack.config_set("EdgeBroadcastSecretPrevious", old, secret=True)
        self.stack.config_set("EdgeBroadcastSecret", new, secret=True)
        self.stack.up()

    def edge_counts_as_down(self) -> bool:
        """Whether the publishers have marked it as down, and no post has succeeded since."""
        item: dict[str, Any] = self.aws.client("dynamodb").get_item(
            TableName=self.routes_table, Key={"id": {"S": "ROUTING"}}, ConsistentRead=True
        )["Item"]
        return "health" in item and parse_health(item["health"]["S"]).state == "down"

    def _move(self, policy: Policy) -> None:
        try:
            self.mover.move(policy)
        except Refused:
            if self.edge_is_up:
                raise  # no token can move to an edge that is down
        else:
            self.policy = policy
