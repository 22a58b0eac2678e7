"""What is remembered: prices, and who listens to them."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.function_role import FunctionRole


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
        self.prices = self._table("prices", "PriceTimeSeriesTable", ("token", "id"), args)
        self.connections = self._table("connections", "PriceConnectionsTable", ("pk", "sk"), args)
        self.register_outputs({"prices": self.prices.name, "connections": self.connections.name})

    def allow_append_prices(self, role: FunctionRole) -> None:
        role.allow("append-prices", actions=["dynamodb:PutItem"], on=[self.prices.arn])

    def allow_read_prices(self, role: FunctionRole) -> None:
        role.allow("read-prices", actions=["dynamodb:Query"], on=[self.prices.arn])

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

    def allow_fan_out(self, role: FunctionRole) -> None:
        """Let the function list a token's connections and remove dead ones."""
        role.allow(
            "fan-out",
            actions=["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Query"],
            on=[self.connections.arn],
        )

    def _table(
        self, child: str, table: str, key: tuple[str, str], args: PriceStoreArgs
    ) -> aws.dynamodb.Table:
        hash_key, range_key = key
        return aws.dynamodb.Table(
            f"{self._name}-{child}",
            name=f"{args.prefix}-{table}",
            billing_mode="PAY_PER_REQUEST",
            hash_key=hash_key,
            range_key=range_key,
            attributes=[
                aws.dynamodb.TableAttributeArgs(name=attribute, type="S") for attribute in key
            ],
            ttl=aws.dynamodb.TableTtlArgs(attribute_name="expiresAt", enabled=True),
            point_in_time_recovery=aws.dynamodb.TablePointInTimeRecoveryArgs(enabled=True),
            deletion_protection_enabled=args.protected,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protected),
        )
