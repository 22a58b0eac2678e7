"""The table of the routing item, and of the tokens that somebody may listen to."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.function_role import FunctionRole
from components.aws.table import TableArgs, declare_table
from functions.glow.quotes.runs import QUOTES
from functions.glow.routing.rate import SOL_USD

# The key of the routing item (functions/glow/routing/table.py).
_ITEM: Final = "ROUTING"


@dataclass(frozen=True, kw_only=True)
class RouteStoreArgs:
    prefix: str
    protected: bool


class RouteStore(pulumi.ComponentResource):
    """The table, and the rights functions need on it."""

    table: aws.dynamodb.Table

    def __init__(
        self, name: str, args: RouteStoreArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:RouteStore", name, None, opts)
        self.table = declare_table(
            f"{name}-routes",
            TableArgs(
                table_name=f"{args.prefix}-RoutesTable", key=["id"], protected=args.protected
            ),
            self,
        )
        self.register_outputs({"table": self.table.name})

    def allow_follow(self, role: FunctionRole) -> None:
        role.allow("follow-routes", actions=["dynamodb:GetItem"], on=[self.table.arn])

    def allow_follow_with_rate(self, role: FunctionRole) -> None:
        """Let the function read the routing item together with SOL/USD."""
        role.allow("follow-routes", actions=["dynamodb:BatchGetItem"], on=[self.table.arn])

    def allow_collect_quotes(self, role: FunctionRole) -> None:
        """Let the function write SOL/USD and its own runs, and nothing else."""
        role.allow(
            "collect-quotes",
            actions=["dynamodb:UpdateItem"],
            on=[self.table.arn],
            only={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [QUOTES, SOL_USD]}},
        )

    def allow_look_up_tokens(self, role: FunctionRole) -> None:
        role.allow("look-up-tokens", actions=["dynamodb:BatchGetItem"], on=[self.table.arn])

    def allow_note_tokens(self, role: FunctionRole) -> None:
        """Let the function write rows of tokens, and no other."""
        role.allow(
            "note-tokens",
            actions=["dynamodb:BatchWriteItem"],
            on=[self.table.arn],
            only={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["TOKEN#*"]}},
        )

    def allow_report_health(self, role: FunctionRole) -> None:
        """Let the function change what the routing item says of the edge's health, and nothing else
        of it: publishers take bodies from the internet.

        The attributes of a request are those of its expressions and of its key (DynamoDB developer
        guide, "Using IAM policy conditions for fine-grained access control"). An answer with the
        whole item would hold others.
        """
        role.allow(
            "report-health",
            actions=["dynamodb:UpdateItem"],
            on=[self.table.arn],
            only={
                "ForAllValues:StringEquals": {
                    "dynamodb:LeadingKeys": [_ITEM],
                    "dynamodb:Attributes": ["id", "health"],
                },
                "StringEqualsIfExists": {
                    "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]
                },
            },
        )

    def allow_change(self, role: FunctionRole) -> None:
        """Let the function change the whole routing item."""
        role.allow(
            "change-routes",
            actions=["dynamodb:UpdateItem"],
            on=[self.table.arn],
            only={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [_ITEM]}},
        )

    def allow_list_tokens(self, role: FunctionRole) -> None:
        role.allow("list-tokens", actions=["dynamodb:Scan"], on=[self.table.arn])
