"""Can the alarms ring, do they, and does somebody hear them?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.target import Target

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

_SHOWN: Final = 5


def check_alarms(target: Target) -> Iterator[Finding]:
    """All alarms of the stack, and the topic that they tell."""
    pages = target.cloudwatch.get_paginator("describe_alarms")
    prefix = f"glow-{target.name}-"
    alarms = [
        alarm
        for page in pages.paginate(AlarmNamePrefix=prefix)
        for alarm in page.get("MetricAlarms", [])
    ]
    if not alarms:
        yield failed(
            "alarms",
            "there are none",
            cause="they were deleted by hand",
            remedy=target.mend,
        )
        return
    yield _armed(alarms)
    yield _quiet(alarms)
    yield _heard(alarms, target)


def _armed(alarms: Sequence[MetricAlarmTypeDef]) -> Finding:
    mute = [
        alarm.get("AlarmName", "")
        for alarm in alarms
        if not (alarm.get("ActionsEnabled") and alarm.get("AlarmActions"))
    ]
    if not mute:
        return well("alarms armed", f"{len(alarms)} of {len(alarms)}")
    return failed(
        "alarms armed",
        f"{len(mute)} of {len(alarms)} tell nobody: {_named(mute)}",
        cause="somebody disabled their actions",
        remedy=f"aws cloudwatch enable-alarm-actions --alarm-names {' '.join(mute)}",
    )


def _quiet(alarms: Sequence[MetricAlarmTypeDef]) -> Finding:
    ringing = [alarm.get("AlarmName", "") for alarm in alarms if alarm.get("StateValue") == "ALARM"]
    if not ringing:
        return well("alarms quiet", "none rings")
    return failed(
        "alarms quiet",
        f"{len(ringing)} ring: {_named(ringing)}",
        cause="what their descriptions say",
        remedy=f"aws cloudwatch describe-alarms --alarm-names {' '.join(ringing)}",
    )


def _heard(alarms: Sequence[MetricAlarmTypeDef], target: Target) -> Finding:
    """An e-mail subscription without a real ARN waits for a click (SNS API, ListSubscriptionsByTopic)."""
    name = "alarm e-mail"
    if target.config.alarm_email is None:
        return skipped(
            name,
            "alarmEmail is not set: nobody hears an alarm",
            remedy=target.pulumi("config set --plaintext alarmEmail <address>"),
        )
    topics = {arn for alarm in alarms for arn in alarm.get("AlarmActions", [])}
    subscriptions = [
        each
        for topic in sorted(topics)
        for page in target.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
        for each in page.get("Subscriptions", [])
        if each.get("Protocol") == "email"
    ]
    if any(each.get("SubscriptionArn", "").startswith("arn:") for each in subscriptions):
        return well(name, "confirmed")
    return failed(
        name,
        "not confirmed: nobody hears an alarm"
        if subscriptions
        else "the topic has no subscription",
        cause="the link in AWS's e-mail was not clicked, or has expired (3 days)",
        remedy="click it; for a new one: "
        + target.pulumi("up --replace '**::glow-monitoring-email'"),
    )


def _named(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
