"""The dashboard: what a person looks at first, with both paths side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.alarm import Alarm, Metric
from components.aws.alarm_table import Watched
from components.aws.dashboard_table import Band, Panel, bands
from functions.glow import metrics

# CloudWatch's grid (its API reference, "Dashboard body structure and syntax").
_WIDTH: Final = 24
_HEIGHT: Final = 6
_STATUS_HEIGHT: Final = 5
_HEADING_HEIGHT: Final = 1
# Of a panel without an alarm, and of metrics beside one.
_PERIOD_SECONDS: Final = 60

Widget = Mapping[str, object]
"""One of the body's. Texts in it may be outputs."""


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    watched: Watched
    alarms: Sequence[Alarm]
    alarm_arns: Sequence[pulumi.Input[str]]
    region: pulumi.Input[str]


def declare_dashboard(
    name: str, args: DashboardArgs, parent: pulumi.Resource
) -> aws.cloudwatch.Dashboard:
    widgets = list(_widgets(args))
    return aws.cloudwatch.Dashboard(
        name,
        dashboard_name=args.watched.prefix,
        dashboard_body=pulumi.Output.json_dumps({"widgets": widgets}),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _widgets(args: DashboardArgs) -> Iterator[Widget]:
    status = {"title": "Alarms", "alarms": args.alarm_arns}
    yield _widget("alarm", status, x=0, y=0, width=_WIDTH, height=_STATUS_HEIGHT)
    top = _STATUS_HEIGHT
    for band in bands(args.watched, args.alarms):
        yield from _headings(band, y=top)
        yield from _panels(band, args, y=top + _HEADING_HEIGHT)
        top += _HEADING_HEIGHT + _HEIGHT * -(-len(band.panels) // band.columns)


def _headings(band: Band, *, y: int) -> Iterator[Widget]:
    width = _WIDTH // len(band.headings)
    for column, heading in enumerate(band.headings):
        text = {"markdown": f"## {heading}", "background": "transparent"}
        yield _widget("text", text, x=column * width, y=y, width=width, height=_HEADING_HEIGHT)


def _panels(band: Band, args: DashboardArgs, *, y: int) -> Iterator[Widget]:
    width = _WIDTH // band.columns
    for number, panel in enumerate(band.panels):
        row, column = divmod(number, band.columns)
        yield _widget(
            "metric",
            _graph(panel, args),
            x=column * width,
            y=y + row * _HEIGHT,
            width=width,
            height=_HEIGHT,
        )


def _graph(panel: Panel, args: DashboardArgs) -> Widget:
    watched = [alarm.metric for alarm in panel.alarms]
    others = [metric for metric in panel.metrics if metric not in watched]
    lines = [
        *(_line(alarm.metric, _short(alarm, args), alarm.period_seconds) for alarm in panel.alarms),
        *(_line(metric, metric.name, _PERIOD_SECONDS) for metric in others),
    ]
    return {
        "title": panel.title,
        "view": "timeSeries",
        "region": args.region,
        "metrics": lines,
        "annotations": {"horizontal": [_limit(alarm, args) for alarm in panel.alarms]},
        "yAxis": {"left": {"min": 0}},
    }


def _line(metric: Metric, name: str, period_seconds: int) -> list[object]:
    """Our own metrics say what they are; of AWS's, `name` says more than theirs does."""
    dimension, resource = metric.dimension
    is_own = metric.namespace == metrics.NAMESPACE
    label = f"{metric.name} {metric.statistic}" if is_own else name
    shown = {"label": label, "period": period_seconds, "stat": metric.statistic}
    return [metric.namespace, metric.name, dimension, resource, shown]


def _limit(alarm: Alarm, args: DashboardArgs) -> Widget:
    rings = "at most" if alarm.is_silence else "above"
    return {"label": f"{_short(alarm, args)} {rings} {alarm.above:,g}", "value": alarm.above}


def _short(alarm: Alarm, args: DashboardArgs) -> str:
    return alarm.name.removeprefix(f"{args.watched.prefix}-")


def _widget(kind: str, properties: Widget, *, x: int, y: int, width: int, height: int) -> Widget:
    return {
        "type": kind,
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "properties": properties,
    }
