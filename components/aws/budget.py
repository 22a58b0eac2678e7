"""A budget: a mail when the account's bill grows."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

# Of what the month has cost so far; and of what it will have cost, as AWS foresees it.
THRESHOLDS: Final = (("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    budget_name: str
    monthly_usd: int
    email: str


def declare_budget(name: str, args: BudgetArgs, parent: pulumi.Resource) -> aws.budgets.Budget:
    """It is of the whole account: AWS tells costs of a stack apart only by tags that somebody has activated.

    Unlike the topic's, its mails need no confirmation.
    """
    return aws.budgets.Budget(
        name,
        name=args.budget_name,
        budget_type="COST",
        limit_amount=str(args.monthly_usd),
        limit_unit="USD",
        time_unit="MONTHLY",
        notifications=[
            aws.budgets.BudgetNotificationArgs(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=percent,
                threshold_type="PERCENTAGE",
                subscriber_email_addresses=[args.email],
            )
            for kind, percent in THRESHOLDS
        ],
        opts=pulumi.ResourceOptions(parent=parent),
    )
