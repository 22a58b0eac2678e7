"""DynamoDB tables."""

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar, Final, cast

from pulumi_aws import dynamodb

from local.provider.aws.base import AwsResource
from local.provider.aws.session import Session
from local.provider.resource import OWN, Block, Inputs, State
from local.provider.values import Properties, Value, block, text

if TYPE_CHECKING:  # the stubs are installed for the type checker only
    from types_boto3_dynamodb.literals import StreamViewTypeType
    from types_boto3_dynamodb.type_defs import KeySchemaElementTypeDef

# UpdateTable changes these, and the stream in a call of its own; TTL and backups have separate calls.
IN_TABLE: Final = ("attributes", "billingMode", "deletionProtectionEnabled")
STREAM: Final = ("streamEnabled", "streamViewType")


class Table(AwsResource):
    """aws.dynamodb.Table."""

    args = dynamodb.TableArgs
    inputs: ClassVar[Inputs] = {
        "attributes": Block(
            "AttributeDefinitions", {"name": "AttributeName", "type": "AttributeType"}
        ),
        "billingMode": "BillingMode",
        "deletionProtectionEnabled": "DeletionProtectionEnabled",
        "hashKey": OWN,
        "name": "TableName",
        "pointInTimeRecovery": Block(
            "PointInTimeRecoverySpecification", {"enabled": "PointInTimeRecoveryEnabled"}
        ),
        "rangeKey": OWN,
        "streamEnabled": OWN,
        "streamViewType": OWN,
        "ttl": Block(
            "TimeToLiveSpecification", {"attributeName": "AttributeName", "enabled": "Enabled"}
        ),
    }
    replaced_by = frozenset({"hashKey", "name", "rangeKey"})
    defaults: ClassVar[Properties] = {
        "billingMode": "PROVISIONED",
        "deletionProtectionEnabled": False,
        "pointInTimeRecovery": {"enabled": False},
        "streamEnabled": False,
        "streamViewType": None,
        "ttl": {"attributeName": None, "enabled": False},
    }
    changing = frozenset({"streamArn", "streamLabel"})
    outputs = changing | {"arn"}
    autoname = "name"
    importable = True

    def create(self, inputs: Properties) -> str:
        name = text(inputs, "name")
        table = self.request({key: inputs[key] for key in ("name", *IN_TABLE) if key in inputs})
        self.aws.dynamodb.create_table(**table, KeySchema=_key_schema(inputs))
        created = State(name, {key: inputs[key] for key in IN_TABLE if key in inputs})
        with ExitStack() as undoing:
            # Else the table would exist, and the next attempt would fail.
            undoing.callback(self.delete, created)
            self.update(created, inputs)
            undoing.pop_all()
        return name

    def read(self, state: State) -> Properties:
        table = self.aws.dynamodb.describe_table(TableName=state.id)["Table"]
        keys = {key["KeyType"]: key["AttributeName"] for key in table.get("KeySchema", [])}
        billing = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
        return {
            **self.response({**table, "BillingMode": billing}),
            "arn": table.get("TableArn"),
            "hashKey": keys.get("HASH"),
            "rangeKey": keys.get("RANGE"),
            "streamArn": table.get("LatestStreamArn", ""),
            "streamEnabled": table.get("StreamSpecification", {}).get("StreamEnabled", False),
            "streamLabel": table.get("LatestStreamLabel", ""),
            "streamViewType": table.get("StreamSpecification", {}).get("StreamViewType"),
            "pointInTimeRecovery": {"enabled": self._is_backed_up(state.id)},
            "ttl": self._ttl(state),
        }

    def update(self, state: State, news: Properties) -> None:
        if any(state.properties.get(key) != news.get(key) for key in IN_TABLE):
            full = {"deletionProtectionEnabled": False, **news}
            table = self.request({key: full[key] for key in IN_TABLE if key in full})
            self.aws.dynamodb.update_table(TableName=state.id, **table)
        if any(state.properties.get(key) != news.get(key) for key in STREAM):
            self._switch_stream(state, news)
        if state.properties.get("ttl") != news.get("ttl"):
            ttl = news.get("ttl") or _switched_off(state.properties.get("ttl"))
            self.aws.dynamodb.update_time_to_live(TableName=state.id, **self.request({"ttl": ttl}))
        if state.properties.get("pointInTimeRecovery") != news.get("pointInTimeRecovery"):
            backups = news.get("pointInTimeRecovery") or {"enabled": False}
            self.aws.dynamodb.update_continuous_backups(
                TableName=state.id, **self.request({"pointInTimeRecovery": backups})
            )

    def delete(self, state: State) -> None:
        self.aws.dynamodb.delete_table(TableName=state.id)

    def _switch_stream(self, state: State, news: Properties) -> None:
        """On, off, or to another view, for which DynamoDB wants it off first."""
        if state.properties.get("streamEnabled"):
            self.aws.dynamodb.update_table(
                TableName=state.id, StreamSpecification={"StreamEnabled": False}
            )
        if news.get("streamEnabled"):
            view = cast("StreamViewTypeType", text(news, "streamViewType"))
            self.aws.dynamodb.update_table(
                TableName=state.id,
                StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
            )

    def _is_backed_up(self, name: str) -> bool:
        answer = self.aws.dynamodb.describe_continuous_backups(TableName=name)
        recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        return recovery.get("PointInTimeRecoveryStatus") == "ENABLED"

    def _ttl(self, state: State) -> Properties:
        answer = self.aws.dynamodb.describe_time_to_live(TableName=state.id)
        ttl = answer["TimeToLiveDescription"]
        if ttl.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}:
            return {"attributeName": ttl.get("AttributeName"), "enabled": True}
        # AWS forgets the attribute's name then.
        return {**block(state.properties.get("ttl")), "enabled": False}


class TableItem:
    """aws.dynamodb.get_table_item: the row with the `key`, which is JSON with types, as the row is."""

    def __init__(self, session: Session) -> None:
        self._dynamodb = session.dynamodb

    def __call__(self, arguments: Properties) -> Properties:
        unknown = sorted(arguments.keys() - {"key", "tableName"})
        if unknown:
            raise ValueError(f"the local getTableItem does not handle {', '.join(unknown)}")
        table, key = text(arguments, "tableName"), text(arguments, "key")
        row = self._dynamodb.get_item(TableName=table, Key=json.loads(key)).get("Item")
        if row is None:
            raise ValueError(f"table {table} has no row {key}")
        return {
            **arguments,
            "id": f"{table}|{key}",
            "item": json.dumps(row),
            "region": self._dynamodb.meta.region_name,
        }


def _key_schema(inputs: Properties) -> "list[KeySchemaElementTypeDef]":
    """The table's keys in CreateTable's form."""
    schema: list[KeySchemaElementTypeDef] = [
        {"AttributeName": text(inputs, "hashKey"), "KeyType": "HASH"}
    ]
    if "rangeKey" in inputs:
        schema.append({"AttributeName": text(inputs, "rangeKey"), "KeyType": "RANGE"})
    return schema


def _switched_off(ttl: Value) -> Value:
    """The same TTL, disabled. DynamoDB requires the attribute's name for that, too."""
    return {**ttl, "enabled": False} if isinstance(ttl, dict) else None
