"""An alarm as the table says it, and the resources that it becomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from functions.glow import metrics

Group = Literal["intake", "aws-path", "edge-path"]
"""Alarms that one cause sets off together. They ring as one."""

Statistic = Literal["Average", "Maximum", "Sum", "p50", "p99"]
"""How a period of a metric becomes one number."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A CloudWatch metric of one resource."""

    namespace: str
    name: str
    dimension: tuple[str, pulumi.Input[str]]
    statistic: Statistic

    @classmethod
    def own(cls, metric: metrics.Metric, stack: str, statistic: Statistic) -> "Metric":
        """One that the functions write into their logs."""
        return cls(
            namespace=metrics.NAMESPACE,
            name=metric.name,
            dimension=(metrics.DIMENSION, stack),
            statistic=statistic,
        )


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """It rings when the metric was over the limit in each of the last `periods`.

    The section of the runbook that says what to do has the slug's name, unless several alarms share one.
    `rings_without_data`: also when the metric stops.
    """

    slug: str
    name: str
    """As AWS knows it."""
    description: str
    metric: Metric
    shared_section: str | None = None
    above: float = 0
    period_seconds: int = 60
    periods: int = 1
    group: Group | None = None
    is_silence: bool = False
    """It rings when there was nothing, instead of too much."""
    rings_without_data: bool = False

    @property
    def is_percentile(self) -> bool:
        return self.metric.statistic == "p99"

    @property
    def missing_data(self) -> str:
        if self.is_silence:
            return "breaching"
        # Then its state is "insufficient data", for which it has an action of its own. As breaching it
        # would ring at every first deployment.
        return "missing" if self.rings_without_data else "notBreaching"


def alarm_arn(name: str, sibling_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """That of the alarm `name`, before it is made. `sibling_arn` tells region and account."""

    def named(arn: str) -> str:
        partition, _, region, account = (arn.split(":") + [""] * 4)[1:5]
        return f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"

    return sibling_arn.apply(named)


def declare_alarm(
    name: str, alarm: Alarm, topic: aws.sns.Topic, parent: pulumi.Resource, *, runbook: str
) -> aws.cloudwatch.MetricAlarm:
    """One of a group has no action: the group's has. `runbook` is where its sections are, without the `#`."""
    dimension, resource = alarm.metric.dimension
    actions = [topic.arn] if alarm.group is None else []
    return aws.cloudwatch.MetricAlarm(
        name,
        name=alarm.name,
        alarm_description=f"{alarm.description} {runbook}#{alarm.shared_section or alarm.slug}",
        namespace=alarm.metric.namespace,
        metric_name=alarm.metric.name,
        dimensions={dimension: resource},
        statistic=None if alarm.is_percentile else alarm.metric.statistic,
        extended_statistic=alarm.metric.statistic if alarm.is_percentile else None,
        period=alarm.period_seconds,
        evaluation_periods=alarm.periods,
        comparison_operator="LessThanOrEqualToThreshold"
        if alarm.is_silence
        else "GreaterThanThreshold",
        threshold=alarm.above,
        treat_missing_data=alarm.missing_data,
        alarm_actions=actions,
        ok_actions=actions,
        insufficient_data_actions=actions if alarm.rings_without_data else [],
        opts=pulumi.ResourceOptions(parent=parent),
    )


def declare_group(
    name: str,
    *,
    alarm_name: str,
    description: str,
    members: Sequence[aws.cloudwatch.MetricAlarm],
    topic: aws.sns.Topic,
    parent: pulumi.Resource,
) -> aws.cloudwatch.CompositeAlarm:
    """It rings with the first of `members`, and is over with the last."""
    rule = pulumi.Output.all(*(member.name for member in members)).apply(
        lambda names: " OR ".join(f'ALARM("{each}")' for each in names)
    )
    return aws.cloudwatch.CompositeAlarm(
        name,
        alarm_name=alarm_name,
        alarm_description=description,
        alarm_rule=rule,
        alarm_actions=[topic.arn],
        ok_actions=[topic.arn],
        opts=pulumi.ResourceOptions(parent=parent),
    )
