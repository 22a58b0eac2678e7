"""What the dashboard shows. Metrics and limits are those of the alarms, so none can be forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from components.aws.alarm import Alarm, Metric, Statistic
from components.aws.alarm_table import Watched, of_queue
from functions.glow import metrics

_TYPICAL_AND_WORST: Final[Sequence[Statistic]] = ("p50", "p99")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Some metrics over time: those of `alarms`, each with its limit, and others."""

    title: str
    alarms: Sequence[Alarm]
    metrics: Sequence[Metric]


@dataclass(frozen=True, kw_only=True)
class Band:
    """Panels in rows of so many `columns`, under headings that share the width."""

    headings: Sequence[str]
    columns: int
    panels: Sequence[Panel]


def bands(watched: Watched, alarms: Sequence[Alarm]) -> list[Band]:
    """From top to bottom. Every alarm is in one of the panels: what no other has is in the last."""
    table = _Table(watched, alarms)
    sides = [panel for both in _paths(table) for panel in both]
    return [
        Band(headings=["Intake"], columns=4, panels=_intake(table)),
        Band(headings=["Path over AWS", "Path over the edge"], columns=2, panels=sides),
        Band(headings=["The rest"], columns=4, panels=_rest(table)),
    ]


class _Table:
    """Makes panels, and knows which alarms are not in one yet."""

    def __init__(self, watched: Watched, alarms: Sequence[Alarm]) -> None:
        self.watched = watched
        self._left = {alarm.slug: alarm for alarm in alarms}

    def panel(self, title: str, *slugs: str, metrics: Sequence[Metric] = ()) -> Panel:
        """Of the alarms `slugs`, those that the stack has."""
        alarms = [self._left.pop(slug) for slug in slugs if slug in self._left]
        return Panel(title=title, alarms=alarms, metrics=metrics)

    def left(self, title: str) -> Panel:
        return self.panel(title, *list(self._left))

    def sums(self, *own: metrics.Metric) -> list[Metric]:
        return [Metric.own(metric, self.watched.prefix, "Sum") for metric in own]

    def times(self, *own: metrics.Metric) -> list[Metric]:
        return [
            Metric.own(metric, self.watched.prefix, statistic)
            for metric in own
            for statistic in _TYPICAL_AND_WORST
        ]


def _intake(table: _Table) -> list[Panel]:
    return [
        table.panel(
            "Requests of Helius, by answer",
            "refused",
            metrics=table.sums(
                metrics.ACCEPTED, metrics.UNAUTHORIZED, metrics.UNAVAILABLE, metrics.FAILED
            ),
        ),
        table.panel("Trades", "no-trade", metrics=table.sums(metrics.STORED, metrics.DUPLICATES)),
        table.panel("Webhook's answer, ms", "slow", metrics=table.times(metrics.WEBHOOK_MS)),
        table.panel(
            "Failures of the intake", "api-5xx", "throttled", "route-throttled", "webhook-errors"
        ),
    ]


def _paths(table: _Table) -> list[tuple[Panel, Panel]]:
    """What is the same on both, side by side: AWS first."""
    waiting = of_queue(table.watched.undelivered.queue, "ApproximateAgeOfOldestMessage")
    offered = (metrics.EDGE_RETRY_DELIVERED, metrics.EDGE_RETRY_RETURNED)
    return [
        (
            table.panel("Updates", metrics=table.sums(metrics.published("aws"), metrics.POSTS)),
            table.panel(
                "Updates", "routing-set-back", metrics=table.sums(metrics.published("edge"))
            ),
        ),
        (
            table.panel("Updates that failed", "returned"),
            table.panel(
                "Updates that failed, and their share in %",
                "edge-failing",
                metrics=table.sums(metrics.EDGE_FAILURES),
            ),
        ),
        (
            table.panel(
                "Latency, ms",
                "aws-latency",
                metrics=table.times(metrics.DELIVERY_MS, metrics.FAN_OUT_MS),
            ),
            table.panel("Latency, ms", "edge-latency", metrics=table.times(metrics.EDGE_POST_MS)),
        ),
        (
            table.panel("Age of what waits, s", "late"),
            table.panel("Age of what waits, s", metrics=[waiting]),
        ),
        (
            table.panel("Messages of API Gateway a minute", "quota"),
            table.panel("Updates offered again", metrics=table.sums(*offered)),
        ),
        (
            table.panel(
                "Errors of functions", "broadcast-errors", "later-errors", "connections-errors"
            ),
            table.panel("Errors of functions", "edge-retry-errors"),
        ),
        (
            table.panel("Dead letters", "dead-letters", "later-dead-letters"),
            table.panel("Dead letters", "edge-retry-dead-letters"),
        ),
    ]


def _rest(table: _Table) -> list[Panel]:
    age = Metric.own(metrics.SOL_USD_AGE, table.watched.prefix, "Maximum")
    share = Metric.own(metrics.QUOTA_PERCENT, table.watched.prefix, "Maximum")
    return [
        table.panel("Age of SOL/USD, s", "sol-usd", metrics=[age]),
        table.panel("Share of the posts' quota, %", metrics=[share]),
        table.panel(
            "Other dead letters",
            "route-dead-letters",
            "completion-dead-letters",
            "candle-failures",
        ),
        table.left("Errors of other functions"),
    ]
