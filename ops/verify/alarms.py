"""Can the alarms ring, do they, and does somebody hear them?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.target import Target

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import (
        CompositeAlarmTypeDef,
        MetricAlarmTypeDef,
    )

_SHOWN: Final = 5
_MEMBER: Final = re.compile(r'ALARM\("([^"]+)"\)')
"""In the rule of an alarm that rings for a group of others."""


@dataclass(frozen=True)
class _Alarm:
    name: str
    rings: bool
    actions: Sequence[str]
    actions_are_on: bool
    members: Sequence[str] = ()
    """Alarms that it rings for. They have no topic of their own."""

    @property
    def topics(self) -> Sequence[str]:
        """Empty: nobody is told."""
        return self.actions if self.actions_are_on else ()


def check_alarms(target: Target) -> Iterator[Finding]:
    """All alarms of the stack, and the topic that they tell."""
    alarms = _own(list(_alarms(target)), target.name)
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


def _alarms(target: Target) -> Iterator[_Alarm]:
    # Without its types AWS names no alarm of a group.
    pages = target.cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=f"glow-{target.name}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    for page in pages:
        for alarm in page.get("MetricAlarms", []):
            yield _alarm(alarm)
        for group in page.get("CompositeAlarms", []):
            yield _alarm(group, members=_MEMBER.findall(group.get("AlarmRule", "")))


def _own(alarms: Sequence[_Alarm], stack: str) -> Sequence[_Alarm]:
    """Those of `stack`: the names of prod's begin as those of prod-eu do, and each tells its stack's topic."""
    other_topic = re.compile(rf":glow-{re.escape(stack)}-.+-Alarms")
    others = [alarm for alarm in alarms if any(map(other_topic.search, alarm.actions))]
    foreign = {name for alarm in others for name in (alarm.name, *alarm.members)}
    return [alarm for alarm in alarms if alarm.name not in foreign]


def _alarm(
    found: MetricAlarmTypeDef | CompositeAlarmTypeDef, members: Sequence[str] = ()
) -> _Alarm:
    return _Alarm(
        name=found.get("AlarmName", ""),
        rings=found.get("StateValue") == "ALARM",
        actions=found.get("AlarmActions", []),
        actions_are_on=found.get("ActionsEnabled", False),
        members=members,
    )


def _armed(alarms: Sequence[_Alarm]) -> Finding:
    members = {member for alarm in alarms for member in alarm.members}
    mute = [alarm.name for alarm in alarms if not alarm.topics and alarm.name not in members]
    if not mute:
        return well("alarms armed", f"{len(alarms)} of {len(alarms)}")
    return failed(
        "alarms armed",
        f"{len(mute)} of {len(alarms)} tell nobody: {_named(mute)}",
        cause="somebody disabled their actions",
        remedy=f"aws cloudwatch enable-alarm-actions --alarm-names {' '.join(mute)}",
    )


def _quiet(alarms: Sequence[_Alarm]) -> Finding:
    ringing = [alarm.name for alarm in alarms if alarm.rings]
    if not ringing:
        return well("alarms quiet", "none rings")
    return failed(
        "alarms quiet",
        f"{len(ringing)} ring: {_named(ringing)}",
        cause="what their descriptions say",
        remedy=f"aws cloudwatch describe-alarms --alarm-names {' '.join(ringing)}",
    )


def _heard(alarms: Sequence[_Alarm], target: Target) -> Finding:
    """An e-mail subscription without a real ARN waits for a click (SNS API, ListSubscriptionsByTopic)."""
    name = "alarm e-mail"
    if target.config.alarm_email is None:
        return skipped(
            name,
            "alarmEmail is not set: nobody hears an alarm",
            remedy=target.pulumi("config set --plaintext alarmEmail <address>"),
        )
    topics = {topic for alarm in alarms for topic in alarm.topics}
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
