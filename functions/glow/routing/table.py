"""RoutesTable: the routing item. One row, `id` = `ROUTING`, and beside it the known tokens and SOL/USD.

`current`, `previous`, `replaced` and `work` are JSON, `changedAt` is Unix ms, `version` counts, `setBackBecause` is
text. They are written by RouteMover, RouteGuard and RouteWorker. `health` is written by publishers at any time, and they may write nothing else
(components/routing/store.py), so the two are written separately.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from functions.glow.errors import Unavailable
from functions.glow.prices.attributes import Row, integer, text
from functions.glow.routing.policy import parse_policy
from functions.glow.routing.rate import SOL_USD, SOL_USD_KEY, rate_of
from functions.glow.routing.routes import (
    EdgeHealth,
    Routes,
    parse_health,
    parse_previous,
    previous_to_json,
)
from functions.glow.routing.work import Work, parse_work
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.usd import SolUsd

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, UpdateItemInputTypeDef

_ROUTING: Final = "ROUTING"
_KEY: Final[dict[str, AttributeValueTypeDef]] = {"id": {"S": _ROUTING}}
_PART: Final = "the routing table"
# Of the attributes whose names are, or may become, words of DynamoDB's own.
_NAMES: Final = {f"#{name}": name for name in ("current", "replaced", "version", "work")}


class RouteTable:
    """Reads and writes the item. Raises Unavailable when the table does not answer."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self) -> Routes | None:
        """The item as it is now; None before the first `pulumi up` has written it."""
        with unavailable_unless_answered(_PART):
            answer = self._client.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True)
        return _routes(answer.get("Item"))

    def read_with_rate(self) -> tuple[Routes | None, SolUsd | None]:
        """The item, and SOL/USD beside it, in one call. None for what is not there."""
        keys = [_KEY, SOL_USD_KEY]
        with unavailable_unless_answered(_PART):
            answer = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
        if answer.get("UnprocessedKeys"):  # too busy: then a row may be there that is not in it
            raise Unavailable(f"{_PART} did not answer in full; send it again")
        found = {text(row, "id"): row for row in answer["Responses"].get(self._table, [])}
        rate = found.get(SOL_USD)
        return _routes(found.get(_ROUTING)), None if rate is None else rate_of(rate)

    def replace(self, seen: Routes | None, routes: Routes) -> bool:
        """Write all but `health`, unless another process has replaced `seen` since; whether it was
        written."""
        values: dict[str, AttributeValueTypeDef] = {
            ":current": {"S": routes.current.to_json()},
            ":changed": {"N": str(routes.since_ms)},
            ":previous": {"S": previous_to_json(routes.previous)},
            ":next": {"N": str(1 if seen is None else seen.version + 1)},
        }
        condition = "attribute_not_exists(#version)"  # nor has one of an older release
        if seen is None:
            condition = "attribute_not_exists(changedAt)"
        elif seen.version:
            condition = "#version = :seen"
            values[":seen"] = {"N": str(seen.version)}
        optional = {
            "#work": None if routes.work is None else routes.work.to_json(),
            "#replaced": None if routes.replaced is None else routes.replaced.to_json(),
            "setBackBecause": routes.set_back_because,
        }
        sets = "#current = :current, changedAt = :changed, previous = :previous, #version = :next"
        for name, value in optional.items():
            if value is not None:
                values[f":{name.strip('#')}"] = {"S": value}
                sets += f", {name} = :{name.strip('#')}"
        absent = [name for name, value in optional.items() if value is None]
        removes = f" REMOVE {', '.join(absent)}" if absent else ""
        return self._update(f"SET {sets}{removes}", condition, values, _NAMES)

    def replace_health(self, seen: EdgeHealth, health: EdgeHealth) -> bool:
        """Write `health` unless another process has changed `seen` since; whether it was written."""
        return self._update(
            "SET health = :health",
            "health = :seen OR attribute_not_exists(health)",
            {":seen": {"S": seen.to_json()}, ":health": {"S": health.to_json()}},
        )

    def _update(
        self,
        change: str,
        condition: str,
        values: dict[str, AttributeValueTypeDef],
        names: Mapping[str, str] | None = None,
    ) -> bool:
        """Whether `condition` held, and `change` was written."""
        update: UpdateItemInputTypeDef = {
            "TableName": self._table,
            "Key": _KEY,
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        if names is not None:
            update["ExpressionAttributeNames"] = names
        with unavailable_unless_answered(_PART):
            try:
                self._client.update_item(**update)
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _routes(row: Row | None) -> Routes | None:
    if row is None or "current" not in row:
        return None
    return Routes(
        current=parse_policy(text(row, "current")),
        since_ms=integer(row, "changedAt"),
        previous=parse_previous(text(row, "previous")),
        health=_health(row),
        work=_work(row),
        replaced=parse_policy(text(row, "replaced")) if "replaced" in row else None,
        set_back_because=text(row, "setBackBecause") if "setBackBecause" in row else None,
        version=integer(row, "version") if "version" in row else 0,
    )


def _health(row: Row) -> EdgeHealth:
    return parse_health(text(row, "health")) if "health" in row else EdgeHealth()


def _work(row: Row) -> Work | None:
    return parse_work(text(row, "work")) if "work" in row else None
