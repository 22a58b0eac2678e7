"""What is read of a stack at one moment. None: it is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from functions.glow import metrics
from functions.glow.errors import GlowError
from functions.glow.paths import Path
from ops.errors import OpsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReading:
    """`oldest_seconds` is CloudWatch's, which is a minute or two behind."""

    name: str
    waiting: int
    in_flight: int
    delayed: int
    oldest_seconds: float | None
    dead_letters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReading:
    """`connections` by path; `last_trade_seconds` is the age of the newest price that is a trade's."""

    token: str
    connections: Mapping[Path, int | None]
    last_trade_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensReading:
    """Those with the most connections on AWS come first. `left_out` are not shown."""

    tokens: Sequence[TokenReading]
    left_out: int
    aws_connections: int
    """Of all tokens. Who listens to two counts twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingReading:
    """`under_way` says what is left to do of a change, `replaced` how many policies still serve clients.

    `drift` is what the routing item has otherwise than the last `up` left it.
    """

    summary: str
    edge_health: str
    health_seconds: float | None
    under_way: str | None
    replaced: int
    drift: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesReading:
    """Sums of the last `minutes` by their names in CloudWatch, and 99th percentiles in ms."""

    minutes: int
    counts: Mapping[str, float]
    p99_ms: Mapping[str, float]
    function_errors: Mapping[str, float]

    @property
    def refused_percent(self) -> float | None:
        """Of what Helius sent: answers that were neither 200 nor 401."""
        failed = sum(map(self._count, (metrics.REFUSED, metrics.UNAVAILABLE, metrics.FAILED)))
        return _percent(failed, failed + self._count(metrics.ACCEPTED))

    @property
    def edge_failed_percent(self) -> float | None:
        """Of the updates that were published on the edge."""
        return _percent(self._count(metrics.EDGE_FAILURES), self._count(metrics.published("edge")))

    def _count(self, metric: metrics.Metric) -> float:
        return self.counts.get(metric.name, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionReading:
    """`code` begins the SHA-256 of its archive. `updated` is as Lambda writes it."""

    name: str
    code: str
    updated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsReading:
    functions: Sequence[FunctionReading]
    worker: str | None
    """The Worker's version that the last `up` made; None without an edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All of it. A part that could not be read is None, and named in `problems`."""

    stack: str
    at: float
    queues: Sequence[QueueReading] | None
    tokens: TokensReading | None
    routing: RoutingReading | None
    rates: RatesReading | None
    versions: VersionsReading | None
    problems: Sequence[str]

    def to_dict(self) -> Mapping[str, object]:
        """As JSON has it."""
        return {
            "stack": self.stack,
            "at": round(self.at, 3),
            "queues": None if self.queues is None else [_plain(each) for each in self.queues],
            "tokens": _plain(self.tokens),
            "routing": _plain(self.routing),
            "rates": _rates(self.rates),
            "versions": _plain(self.versions),
            "problems": self.problems,
        }


class Problems:
    """Reads parts; what could not be read is noted, and the others are read all the same."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def read(self, name: str, part: Callable[[], Part]) -> Part | None:
        try:
            return part()
        except (BotoCoreError, ClientError, GlowError, OpsError) as error:
            self.told.append(f"{name} could not be read: {error.__cause__ or error}")
            return None


def _rates(rates: RatesReading | None) -> object:
    if rates is None:
        return None
    own = {"refusedPercent": rates.refused_percent, "edgeFailedPercent": rates.edge_failed_percent}
    return {
        "minutes": rates.minutes,
        "counts": rates.counts,
        "p99Ms": rates.p99_ms,
        "functionErrors": rates.function_errors,
        **own,
    }


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def _plain(part: DataclassInstance | None) -> object:
    """Its keys as JSON has them, and those of what it holds."""
    if part is None:
        return None
    return asdict(part, dict_factory=lambda pairs: {_camel(key): value for key, value in pairs})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
