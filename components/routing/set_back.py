"""What a preview says when RouteGuard has set the routing back: config and routing item differ since."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, cast

import pulumi
import pulumi_aws as aws

from components.routing.report import described
from functions.glow.routing.policy import Policy, parse_policy

# The routing item (functions/glow/routing/table.py).
_KEY: Final = json.dumps({"id": {"S": "ROUTING"}})
# Replaced, it calls RouteMover once more (control.py).
_AGAIN: Final = "pulumi up --replace '**::glow-route-control-change'"

Item = Mapping[str, Mapping[str, str]]
"""A row as DynamoDB answers it: type and value of each attribute."""


def tell_set_back(table_name: str, policy: Policy, *, before: str | None) -> None:
    """Say what this `up` makes of it. `policy` is config's, `before` that of the last `up`.

    It reads one row. Who may not is warned, and the preview goes on.
    """
    if before is None:
        return
    try:
        row = aws.dynamodb.get_table_item(table_name=table_name, key=_KEY)
    except Exception as error:  # noqa: BLE001  the SDK raises no narrower one
        pulumi.warn(
            f"Whether the routing was set back by routing.autoRollback is not known: {error}"
        )
        return
    item = cast("Item", json.loads(row.item or "{}"))
    if told := set_back_line(item, policy, is_changed=policy.to_json() != before):
        pulumi.info(told)


def set_back_line(item: Item, policy: Policy, *, is_changed: bool) -> str | None:
    """None: the routing is what an `up` has made it, or config says the same by now."""
    if "setBackBecause" not in item:
        return None
    current = parse_policy(item["current"]["S"])
    if current == policy:
        return None
    moment = datetime.fromtimestamp(int(item["changedAt"]["N"]) / 1_000, UTC)
    was = (
        f"Routing was set back at {moment:%Y-%m-%d %H:%M} UTC by routing.autoRollback:"
        f" {item['setBackBecause']['S']}.\nIn force: {described(current)}."
    )
    if is_changed:
        return f"{was}\nThis `up` replaces that: config has changed since the last one."
    return (
        f"{was}\nThis `up` leaves it so, since config has not changed. To keep it, set config to what is in"
        f" force. To try the move again, once the cause is mended: {_AGAIN}"
    )
