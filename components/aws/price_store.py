"""The tables of prices, and of the clients that listen to them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws.function_role import FunctionRole
from components.aws.table import TableArgs, declare_table


@dataclass(frozen=True, kw_only=True)
class PriceStoreArgs:
    prefix: str
    protected: bool


class PriceStore(pulumi.ComponentResource):
    """DynamoDB tables of prices and connections, and the rights functions need on them."""

    prices: aws.dynamodb.Table
    connections: aws.dynamodb.Table

    def __init__(
        self, name: str, args: PriceStoreArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:PriceStore", name, None, opts)
        self._name = name
        self.prices = self._table(
            "prices", "PriceTimeSeriesTable", ("token", "id"), args, tells_changes=True
        )
        self.connections = self._table("connections", "PriceConnectionsTable", ("pk", "sk"), args)
        self.register_outputs({"prices": self.prices.name, "connections": self.connections.name})

    def allow_append_prices(self, role: FunctionRole) -> None:
        role.allow("append-prices", actions=["dynamodb:PutItem"], on=[self.prices.arn])

    def allow_read_prices(self, role: FunctionRole) -> None:
        role.allow("read-prices", actions=["dynamodb:Query"], on=[self.prices.arn])

    def allow_hear_changes(self, role: FunctionRole) -> None:
        """Let Lambda's poller, which has the rights of the function, read the stream of prices."""
        role.allow(
            "hear-changes",
            actions=[
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
            ],
            on=[pulumi.Output.concat(self.prices.arn, "/stream/*")],
        )

    def allow_release_suspects(self, role: FunctionRole) -> None:
        role.allow("release-suspects", actions=["dynamodb:UpdateItem"], on=[self.prices.arn])

    def allow_subscribe(self, role: FunctionRole) -> None:
        """Let the function add and remove connections and their subscriptions."""
        role.allow(
            "subscribe",
            actions=[
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            ],
            on=[self.connections.arn],
        )

    def allow_read_authorizations(self, role: FunctionRole) -> None:
        """Let the function read what a connection may listen to."""
        role.allow("read-authorizations", actions=["dynamodb:GetItem"], on=[self.connections.arn])

    def allow_fan_out(self, role: FunctionRole) -> None:
        """Let the function list a token's connections, mark those that are behind, and remove dead
        ones."""
        role.allow(
            "fan-out",
            actions=[
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
            ],
            on=[self.connections.arn],
        )

    def allow_catch_up(self, role: FunctionRole) -> None:
        """Let the function look up connections that are behind, settle that, and remove dead ones."""
        role.allow(
            "catch-up",
            actions=[
                "dynamodb:BatchGetItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem",
                "dynamodb:UpdateItem",
            ],
            on=[self.connections.arn],
        )

    def allow_lease_posts(self, role: FunctionRole) -> None:
        """Let the function lease posts from the row of a second."""
        role.allow("lease-posts", actions=["dynamodb:UpdateItem"], on=[self.connections.arn])

    def allow_find_everybody(self, role: FunctionRole) -> None:
        """Let the function read all subscriptions to all tokens."""
        role.allow("find-everybody", actions=["dynamodb:Scan"], on=[self.connections.arn])

    def allow_unsubscribe(self, role: FunctionRole) -> None:
        role.allow(
            "unsubscribe",
            actions=["dynamodb:BatchWriteItem", "dynamodb:UpdateItem"],
            on=[self.connections.arn],
        )

    def _table(
        self,
        child: str,
        table: str,
        key: Sequence[str],
        args: PriceStoreArgs,
        *,
        tells_changes: bool = False,
    ) -> aws.dynamodb.Table:
        return declare_table(
            f"{self._name}-{child}",
            TableArgs(
                table_name=f"{args.prefix}-{table}",
                key=key,
                protected=args.protected,
                tells_changes=tells_changes,
            ),
            self,
        )
