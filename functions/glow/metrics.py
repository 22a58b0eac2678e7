"""Metrics of an invocation, in one line of its log: CloudWatch's embedded metric format (EMF).

`metered` opens the line around a handler. `record` adds to it from anywhere below, in threads and in
the loop too, because it belongs to the context, as the deadline does. In a function that is not metered
it does nothing.

Lambda's JSON log format prints the fields of the line as they are, so there is nothing to import for
this: Powertools' metrics would take 85 ms of a cold start. Each name is billed as a metric of its own
for each value of its dimension, so that is the stack alone, never a token or a client.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Final, Literal, ParamSpec, TypeVar

from functions.glow import log

NAMESPACE: Final = "Glow"
DIMENSION: Final = "Stack"
# Of one metric in a line (Amazon CloudWatch User Guide, "Specification: Embedded metric format").
MAX_VALUES: Final = 100

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Metric:
    """Counts of one invocation are added up. Of the other units each value stays, for percentiles."""

    name: str
    unit: Literal["Count", "Milliseconds", "Percent", "Seconds"] = "Count"


# The webhook.
ACCEPTED: Final = Metric("Accepted")  # answered 200
UNAUTHORIZED: Final = Metric("Unauthorized")  # 401
REFUSED: Final = Metric("Refused")  # any other 4xx
UNAVAILABLE: Final = Metric("Unavailable")  # 503
FAILED: Final = Metric("Failed")  # 500
STORED: Final = Metric("Stored")
DUPLICATES: Final = Metric("Duplicates")
WEBHOOK_MS: Final = Metric("WebhookTime", "Milliseconds")
PREVIOUS_SECRET: Final = Metric("PreviousSecret")  # let in by the one that is being rotated out
# Whoever verifies access tokens. There `metered` covers no more than that: refused reads are not the
# webhook's, posts of openings not BroadcastWorker's.
PREVIOUS_LISTENER_SECRET: Final = Metric("PreviousListenerSecret")  # signed by the one before
# Every publisher.
EDGE_FAILURES: Final = Metric("EdgeFailures")  # updates that the edge did not take
EDGE_FAILURE_PERCENT: Final = Metric("EdgeFailureShare", "Percent")  # of those of a publish
EDGE_PREVIOUS_SECRET: Final = Metric("EdgePreviousSecret")  # posts that the edge took by it
EDGE_POST_MS: Final = Metric("EdgePostTime", "Milliseconds")
# BroadcastWorker.
POSTS: Final = Metric("Posts")
FAN_OUT_MS: Final = Metric("FanOutTime", "Milliseconds")
QUOTA_PERCENT: Final = Metric("PostQuotaShare", "Percent")  # while a batch is posted
DELIVERY_MS: Final = Metric("DeliveryTime", "Milliseconds")  # from the webhook's send to the posts
RETURNED: Final = Metric("Returned")  # updates that come again
# EdgeRetryWorker.
EDGE_RETRY_DELIVERED: Final = Metric("EdgeRetryDelivered")
EDGE_RETRY_RETURNED: Final = Metric("EdgeRetryReturned")
# QuoteCollector.
SOL_USD_AGE: Final = Metric("SolUsdAge", "Seconds")
# RouteGuard.
ROUTING_SET_BACK: Final = Metric("RoutingSetBack")

# API Gateway, out of the access log of the HTTP API (components/aws/rest_api.py).
ROUTE_THROTTLED: Final = Metric("RouteThrottled")  # 429 before the webhook is called

# HoleWatch.
HOLES: Final = Metric("Holes")  # tokens that trade on the chain, with a trade that is not stored


def skipped(reason: str) -> Metric:
    """Trades that yielded no update, by a reason of trades/skip.py."""
    return Metric(f"Skipped.{reason}")


def refused(status: int) -> Metric:
    return Metric(f"Refused.{status}")


def published(path: str) -> Metric:
    """Updates that were handed to a path, whatever became of them there."""
    return Metric(f"Published.{path}")


@dataclass(slots=True)
class _Line:
    """What is known so far. Threads add to it."""

    values: defaultdict[Metric, list[float]] = field(
        default_factory=lambda: defaultdict[Metric, list[float]](list)
    )
    fields: dict[str, object] = field(default_factory=dict[str, object])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, metric: Metric, value: float) -> None:
        with self.lock:
            values = self.values[metric]
            if metric.unit == "Count" and values:
                values[0] += value
            else:
                values.append(value)

    def to_fields(self, dimension: str, *, now: float) -> Mapping[str, object]:
        with self.lock:
            values = {metric: list(found) for metric, found in self.values.items()}
        directive = {
            "Namespace": NAMESPACE,
            "Dimensions": [[DIMENSION]],
            "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in values],
        }
        return {
            **self.fields,
            **{metric.name: _target(found) for metric, found in values.items()},
            DIMENSION: dimension,
            "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [directive]},
        }


_line: Final[ContextVar[_Line | None]] = ContextVar("line", default=None)


def record(metric: Metric, value: float = 1) -> None:
    """Add `value` to the line of this invocation. A count of nothing is left out."""
    line = _line.get()
    if line is not None and (value or metric.unit != "Count"):
        line.add(metric, value)


def note(**fields: object) -> None:
    """Put `fields` beside the metrics: for who reads the log. They are no metrics."""
    line = _line.get()
    if line is not None:
        line.fields.update(fields)


def metered(
    event: str, *, stack: str, duration: Metric | None = None
) -> Callable[[Callable[Parameters, Answer]], Callable[Parameters, Answer]]:
    """Have a handler log `event` with its metrics once it has ended, however it did."""

    def decorate(handler: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
        @wraps(handler)
        def answer(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            line = _Line()
            token = _line.set(line)
            started = time.monotonic()
            try:
                return handler(*args, **kwargs)
            finally:
                if duration is not None:
                    record(duration, milliseconds_since(started))
                _line.reset(token)
                if line.values:
                    log.info(event, **line.to_fields(stack, now=time.time()))

        return answer

    return decorate


def milliseconds_since(started: float) -> float:
    """`started` is of `time.monotonic`."""
    return round((time.monotonic() - started) * 1000, 1)


def _target(values: list[float]) -> float | list[float]:
    """What EMF takes. Where there are too many, the largest say how bad it was."""
    return values[0] if len(values) == 1 else sorted(values)[-MAX_VALUES:]
