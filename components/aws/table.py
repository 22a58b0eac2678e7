"""The one kind of DynamoDB table here: on demand, with TTL and point-in-time recovery."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class TableArgs:
    table_name: str
    key: Sequence[str]
    """The hash key, then the range key if there is one; both are texts."""
    protected: bool
    tells_changes: bool = False
    """Whether it has a stream of its rows as they are after each change."""


def declare_table(name: str, args: TableArgs, parent: pulumi.Resource) -> aws.dynamodb.Table:
    """The table; rows end at their `expiresAt`, Unix seconds."""
    return aws.dynamodb.Table(
        name,
        name=args.table_name,
        billing_mode="PAY_PER_REQUEST",
        hash_key=args.key[0],
        range_key=args.key[1] if len(args.key) > 1 else None,
        attributes=[
            aws.dynamodb.TableAttributeArgs(name=attribute, type="S") for attribute in args.key
        ],
        ttl=aws.dynamodb.TableTtlArgs(attribute_name="expiresAt", enabled=True),
        point_in_time_recovery=aws.dynamodb.TablePointInTimeRecoveryArgs(enabled=True),
        deletion_protection_enabled=args.protected,
        stream_enabled=True if args.tells_changes else None,
        stream_view_type="NEW_IMAGE" if args.tells_changes else None,
        opts=pulumi.ResourceOptions(parent=parent, protect=args.protected),
    )
