"""Who is told when updates do not arrive."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.alarm import Group, declare_alarm, declare_group
from components.aws.alarm_table import Watched, alarms
from components.aws.budget import BudgetArgs, declare_budget
from components.aws.dashboard import DashboardArgs, declare_dashboard

_GROUPS: Final[Mapping[Group, tuple[str, str]]] = {
    "intake": ("Intake", "Trades of Helius are lost, late or refused."),
    "aws-path": ("AwsPath", "Clients on AWS do not get their updates, or get them late."),
    "edge-path": (
        "EdgePath",
        "Clients at the edge do not get their updates, or get them from AWS.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    watched: Watched
    email: str | None
    runbook_url: str
    """What to do about each alarm; a mail of it ends with a link to its section there."""
    monthly_budget_usd: int | None
    """Needs `email`. None: there is no budget."""


class Monitoring(pulumi.ComponentResource):
    """A topic, the alarms that ring there (each by itself, or those of a path as one), a dashboard of what they
    watch, and a budget."""

    def __init__(
        self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:Monitoring", name, None, opts)
        self._name = name
        self._topic = self._alarm_topic(args)
        self._ring(args)
        if args.monthly_budget_usd is not None and args.email is not None:
            declare_budget(
                f"{name}-budget",
                BudgetArgs(
                    budget_name=args.watched.prefix,
                    monthly_usd=args.monthly_budget_usd,
                    email=args.email,
                ),
                self,
            )
        self.register_outputs({"topic": self._topic.arn})

    def _alarm_topic(self, args: MonitoringArgs) -> aws.sns.Topic:
        # Not encrypted with alias/aws/sns: that key's policy refuses CloudWatch, and nobody is told. Nor with
        # the key of glow:kms: whose policy lets CloudWatch in we cannot know, and a mail is plain text anyway.
        topic = aws.sns.Topic(
            f"{self._name}-topic",
            name=f"{args.watched.prefix}-Alarms",
            opts=pulumi.ResourceOptions(parent=self),
        )
        if args.email:
            aws.sns.TopicSubscription(
                f"{self._name}-email",
                topic=topic.arn,
                protocol="email",
                endpoint=args.email,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return topic

    def _ring(self, args: MonitoringArgs) -> None:
        watched = args.watched
        listed = list(alarms(watched))
        declared = [
            declare_alarm(
                f"{self._name}-{alarm.slug}", alarm, self._topic, self, runbook=args.runbook_url
            )
            for alarm in listed
        ]
        members: defaultdict[Group, list[aws.cloudwatch.MetricAlarm]] = defaultdict(list)
        for alarm, resource in zip(listed, declared, strict=True):
            if alarm.group is not None:
                members[alarm.group].append(resource)
        for group, (name, description) in _GROUPS.items():
            declare_group(
                f"{self._name}-{group}",
                alarm_name=f"{watched.prefix}-{name}",
                description=f"{description} Which alarm of it rings: {args.runbook_url}#{group}",
                members=members[group],
                topic=self._topic,
                parent=self,
            )
        declare_dashboard(
            f"{self._name}-dashboard",
            DashboardArgs(
                watched=watched,
                alarms=listed,
                alarm_arns=[resource.arn for resource in declared],
                region=self._topic.arn.apply(_region_of),
            ),
            self,
        )


def _region_of(arn: str) -> str:
    """Config need not name the region: it may come from a profile."""
    return "".join(arn.split(":")[3:4])
