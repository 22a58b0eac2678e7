"""Who is told when updates do not arrive."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.alarm import RUNBOOK, Group, declare_alarm, declare_group
from components.aws.alarm_table import Watched, alarms

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


class Monitoring(pulumi.ComponentResource):
    """A topic, and the alarms that ring there: each by itself, or those of a path as one."""

    def __init__(
        self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:Monitoring", name, None, opts)
        self._name = name
        self._topic = self._alarm_topic(args)
        self._ring(args.watched)
        self.register_outputs({"topic": self._topic.arn})

    def _alarm_topic(self, args: MonitoringArgs) -> aws.sns.Topic:
        # Not encrypted with alias/aws/sns: that key's policy refuses CloudWatch, and nobody is told.
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

    def _ring(self, watched: Watched) -> None:
        members: defaultdict[Group, list[aws.cloudwatch.MetricAlarm]] = defaultdict(list)
        for alarm in alarms(watched):
            declared = declare_alarm(f"{self._name}-{alarm.slug}", alarm, self._topic, self)
            if alarm.group is not None:
                members[alarm.group].append(declared)
        for group, (name, description) in _GROUPS.items():
            declare_group(
                f"{self._name}-{group}",
                alarm_name=f"{watched.prefix}-{name}",
                description=f"{description} Which alarm of it rings: {RUNBOOK}#{group}",
                members=members[group],
                topic=self._topic,
                parent=self,
            )
