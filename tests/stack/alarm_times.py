"""How soon each alarm rings, by its own definition: a cause is pushed period by period, then taken away.

`python -m tests.stack.alarm_times` prints the table of docs/runbook.md.
"""

import re
import sys
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from tests.functions.cloudwatch import Points, State, state_of
from tests.stack.recording import Deployment, deploy

COMMAND: Final = "python -m tests.stack.alarm_times"
NO_TRADE_MINUTES: Final = 10
_HOUR: Final = 60
_HEAD: Final = (
    "| section | rings when | seconds until ALARM | and back to OK |",
    "|---|---|---|---|",
)

Alarm = Mapping[str, Any]


def declared_alarms() -> list[Alarm]:
    """All that a stack can have."""
    stack = deploy(
        config={
            "alarms": f'{{"noTradeMinutes": {NO_TRADE_MINUTES}}}',
            "routing": '{"autoRollback": true}',
        }
    )
    return alarms_of(stack)


def alarms_of(deployment: Deployment) -> list[Alarm]:
    kind = "aws:cloudwatch/metricAlarm:MetricAlarm"
    return [each.inputs for each in deployment.of_type(kind)]


def seconds_until(alarm: Alarm, state: State, *, value: float, after: float) -> int:
    """How long the metric has to be `value`, after an hour of `after`."""
    before = [_points(alarm, after)] * _HOUR
    for periods in count(1):
        if state_of(alarm, [*before, *[_points(alarm, value)] * periods]) == state:
            return periods * int(alarm["period"])
        assert periods < _HOUR, f"{alarm['name']} never comes to {state}"
    raise AssertionError


def times_of(alarm: Alarm) -> tuple[int, int]:
    """Seconds until it rings, and until it is over."""
    limit = float(alarm["threshold"])
    is_silence = alarm["comparisonOperator"] == "LessThanOrEqualToThreshold"
    bad, good = (limit, limit + 1) if is_silence else (limit + 1, limit)
    return (
        seconds_until(alarm, "ALARM", value=bad, after=good),
        seconds_until(alarm, "OK", value=good, after=bad),
    )


def table(alarms: list[Alarm]) -> str:
    """A row for each section of the runbook, by name: the engine is asked in no fixed order."""
    rows = sorted({_row(alarm) for alarm in alarms})
    return "\n".join([*_HEAD, *rows])


def _row(alarm: Alarm) -> str:
    found = re.search(r"#([\w-]+)$", str(alarm["alarmDescription"]))
    assert found is not None
    statistic = alarm.get("statistic") or alarm["extendedStatistic"]
    sign = "≤" if alarm["comparisonOperator"] == "LessThanOrEqualToThreshold" else ">"
    rings, ends = times_of(alarm)
    return (
        f"| [{found[1]}](#{found[1]}) | {statistic} of `{alarm['metricName']}` {sign}"
        f" {alarm['threshold']:,g} | {rings} | {ends} |"
    )


def _points(alarm: Alarm, value: float) -> list[Points]:
    return [Points(alarm["namespace"], alarm["metricName"], alarm["dimensions"], [value])]


if __name__ == "__main__":
    sys.stdout.write(f"{table(declared_alarms())}\n")
