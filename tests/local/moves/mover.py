"""A change of route as `pulumi up` makes it: RouteMover, called with what the stack's Invocation says."""

import json
from dataclasses import dataclass
from typing import Any

from functions.glow.routing.policy import Policy
from functions.glow.routing.table import RouteTable
from tests.local.wire import wait_for


class Refused(Exception):  # noqa: N818  what happened
    """RouteMover failed; its text says why."""


@dataclass(frozen=True)
class Mover:
    """The deployed function. A call takes about 8 s: every publisher has to learn of the change."""

    client: Any
    function_name: str
    routes: RouteTable

    def move(self, policy: Policy) -> None:
        """Bring `policy` into force, and wait until RouteWorker has told everybody. Raises Refused."""
        self.begin(policy)
        wait_for(
            self.routes.read, lambda routes: routes is not None and routes.is_announced, "MOVED"
        )

    def begin(self, policy: Policy) -> None:
        """Bring `policy` into force. Raises Refused."""
        answer = self.client.invoke(
            FunctionName=self.function_name,
            Payload=json.dumps({"policy": policy.to_json()}).encode(),
        )
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Refused(result.get("errorMessage", result))
