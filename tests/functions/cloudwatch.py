"""CloudWatch as alarms see it: metrics out of log lines, and an alarm's state by its own definition."""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, Literal, cast

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

_PLAIN: Final = logging.LogRecord("", 0, "", 0, "", None, None).__dict__.keys() | {"message"}
# "Specification: Embedded metric format" in CloudWatch's User Guide.
_UNITS: Final = {"Count", "Milliseconds", "Percent", "Seconds"}
_MOST_METRICS: Final = 100
_MOST_VALUES: Final = 100
_MOST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Points:
    """Values of one metric that were reported in one period."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    values: Sequence[float]


def line_of(record: logging.LogRecord) -> str:
    """`record` as Lambda's JSON log format prints it: its `extra` fields beside the message."""
    extra = {name: value for name, value in record.__dict__.items() if name not in _PLAIN}
    return json.dumps({"level": record.levelname, "message": record.getMessage(), **extra})


def points_of(line: str) -> list[Points]:
    """What CloudWatch takes out of a line; none if it is a plain one. Asserts the format."""
    assert len(line.encode()) <= _MOST_BYTES
    root: dict[str, Any] = json.loads(line)
    if "_aws" not in root:
        return []
    assert isinstance(root["_aws"]["Timestamp"], int)
    [directive] = root["_aws"]["CloudWatchMetrics"]
    [names] = directive["Dimensions"]
    dimensions = {name: root[name] for name in names}
    assert all(isinstance(value, str) and value for value in dimensions.values())
    assert 0 < len(directive["Metrics"]) <= _MOST_METRICS
    return [
        Points(directive["Namespace"], metric["Name"], dimensions, _values(root, metric))
        for metric in directive["Metrics"]
    ]


def filtered(metric_filter: Mapping[str, Any], line: str) -> list[Points]:
    """What a metric filter takes out of a line of JSON; none if the line does not match."""
    pattern = str(metric_filter["pattern"])
    terms = re.findall(r'\(\$\.(\w+) = "([^"]*)"\)', pattern)
    read = " && ".join(f'($.{field} = "{value}")' for field, value in terms)
    assert pattern == f"{{ {read} }}"
    row: dict[str, str] = json.loads(line)
    if any(row.get(field) != value for field, value in terms):
        return []
    made: Mapping[str, Any] = metric_filter["metricTransformation"]
    dimensions = {name: row[field.removeprefix("$.")] for name, field in made["dimensions"].items()}
    return [Points(made["namespace"], made["name"], dimensions, [float(made["value"])])]


def state_of(alarm: Mapping[str, Any], periods: Sequence[Sequence[Points]]) -> State:
    """The state after `periods`, which are as long as the alarm's own; the last one is the newest."""
    evaluated = [
        _statistic(alarm, points) for points in periods[-int(alarm["evaluationPeriods"]) :]
    ]
    if all(value is None for value in evaluated):
        return _WITHOUT_DATA[alarm["treatMissingData"]]
    breaching = [
        _WITHOUT_DATA[alarm["treatMissingData"]] == "ALARM"
        if value is None
        else _is_over(alarm, value)
        for value in evaluated
    ]
    return "ALARM" if all(breaching) else "OK"


_WITHOUT_DATA: Final[Mapping[str, State]] = {
    "breaching": "ALARM",
    "notBreaching": "OK",
    "missing": "INSUFFICIENT_DATA",
}


def _is_over(alarm: Mapping[str, Any], value: float) -> bool:
    match alarm["comparisonOperator"]:
        case "GreaterThanThreshold":
            return value > alarm["threshold"]
        case "LessThanOrEqualToThreshold":
            return value <= alarm["threshold"]
        case other:
            raise NotImplementedError(other)


def _statistic(alarm: Mapping[str, Any], reported: Sequence[Points]) -> float | None:
    key = (alarm["namespace"], alarm["metricName"], alarm["dimensions"])
    values = [
        value
        for points in reported
        if (points.namespace, points.name, points.dimensions) == key
        for value in points.values
    ]
    if not values:
        return None
    match alarm.get("statistic") or alarm["extendedStatistic"]:
        case "Sum":
            return sum(values)
        case "Maximum":
            return max(values)
        case "Average":
            return sum(values) / len(values)
        case "p99":
            return sorted(values)[ceil(0.99 * len(values)) - 1]
        case other:
            raise NotImplementedError(other)


def _values(root: Mapping[str, Any], metric: Mapping[str, str]) -> list[float]:
    assert metric["Unit"] in _UNITS
    target = root[metric["Name"]]
    values = cast("list[float]", target if isinstance(target, list) else [target])
    assert 0 < len(values) <= _MOST_VALUES
    assert all(isinstance(value, int | float) for value in values)
    return values
