"""Tables with what they need, and queues and streams that reach their functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ops.verify.finding import Finding, failed, well
from ops.verify.target import Target

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TABLE_OUTPUTS: Final = (
    "PriceTableName",
    "ConnectionsTableName",
    "RoutesTableName",
    "CandlesTableName",
)
_WITH_STREAM: Final = "PriceTableName"
FED: Final = ("broadcast", "edge-retry", "route-worker", "later", "candle-roller")
"""The functions that a queue or a stream calls, by their names in the outputs."""
_FED_IF_THERE: Final = frozenset({"completion"})
_ON: Final = ("Enabled", "Enabling", "Creating", "Updating")


def check_tables(target: Target) -> Iterator[Finding]:
    """Each table exists, its rows end, and changes of prices are told."""
    client = target.dynamodb
    for output in TABLE_OUTPUTS:
        yield _table(client, output, target)


def check_mappings(target: Target) -> Iterator[Finding]:
    """What a queue or stream holds reaches its function."""
    client = target.lambdas
    names = target.deployed.function_names
    for slug in (*FED, *_FED_IF_THERE.intersection(names)):
        function = names.get(slug)
        name = f"queue of {slug}" if slug != "candle-roller" else "stream to candle-roller"
        if function is None:
            yield failed(
                name,
                "the stack has no such function",
                cause="another version of the stack is deployed",
                remedy=target.up,
            )
            continue
        try:
            found = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        except client.exceptions.ResourceNotFoundException:
            found = []
        off = [each for each in found if each.get("State", "") not in _ON]
        if not found:
            yield failed(
                name,
                "nothing calls it",
                cause="the event source mapping was deleted by hand",
                remedy=target.mend,
            )
        elif off:
            yield failed(
                name,
                f"{off[0].get('State')}: what comes waits there",
                cause="somebody disabled the event source mapping",
                remedy="aws lambda update-event-source-mapping --enabled --uuid "
                + off[0].get("UUID", ""),
            )
        else:
            yield well(name, "on")


def _table(client: DynamoDBClient, output: str, target: Target) -> Finding:
    table = target.deployed.text(output)
    name = f"table {output.removesuffix('TableName').lower()}"
    try:
        described = client.describe_table(TableName=table)["Table"]
        ttl = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    except client.exceptions.ResourceNotFoundException:
        return failed(
            name,
            f"{table} does not exist",
            cause="it was deleted by hand; its rows are gone, unless a backup has them",
            remedy=target.mend,
        )
    seen: list[str] = [described.get("TableStatus", "")]
    if ttl.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
        return failed(
            name,
            f"TTL of {table} is off",
            cause="it was switched off by hand: rows never end",
            remedy=f"aws dynamodb update-time-to-live --table-name {table}"
            " --time-to-live-specification Enabled=true,AttributeName=expiresAt",
        )
    seen.append("TTL on")
    if output == _WITH_STREAM:
        if not described.get("StreamSpecification", {}).get("StreamEnabled"):
            return failed(
                name,
                f"the stream of {table} is off",
                cause="it was switched off by hand: candles hear of no trade",
                remedy=target.mend,
            )
        seen.append("stream on")
    return well(name, ", ".join(seen))
