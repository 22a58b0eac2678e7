"""Does anybody still use the previous secret? Asked of the metrics, the functions and Helius."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from functions import environment as env
from functions.glow.metrics import (
    ACCEPTED,
    DIMENSION,
    EDGE_PREVIOUS_SECRET,
    NAMESPACE,
    PREVIOUS_LISTENER_SECRET,
    PREVIOUS_SECRET,
    Metric,
    published,
)
from ops.rotate.admission import check_access_tokens
from ops.rotate.rotation import Name, Rotation
from ops.verify.endpoints import check_secrets
from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.helius import check_helius
from ops.verify.target import Target

# An answer has up to 1,440 points, and those of a minute are kept for 15 days (CloudWatch API,
# GetMetricStatistics).
_PERIOD_SECONDS: Final = 60
_LONG_PERIOD_SECONDS: Final = 3_600
_MOST_POINTS: Final = 1_440
_LINES: Final = {Name.WEBHOOK: "webhook secret", Name.EDGE: "edge secret"}
_VARIABLES: Final = {
    Name.WEBHOOK: env.HELIUS_WEBHOOK_SECRET,
    Name.EDGE: env.EDGE_BROADCAST_SECRET,
    Name.LISTENER: env.LISTENER_SECRET,
}
_UNUSED: Final = "the previous secret is not used"
_SOONER: Final = {
    Name.LISTENER: "; if the back end's tokens live shorter than that, with --quiet-minutes and the minutes"
    " of the longest of their lives"
}


@dataclass(frozen=True, kw_only=True)
class Window:
    """The last `minutes` up to `now`. With `counts_silence` no request at all proves enough."""

    now: datetime
    minutes: int
    counts_silence: bool = False

    @property
    def start(self) -> datetime:
        return self.now - timedelta(minutes=self.minutes)


def check_deployed(target: Target, rotation: Rotation) -> Iterator[Finding]:
    """Whether the secret of config is the one that is accepted, and the one that Helius sends."""
    if rotation.name is Name.LISTENER:
        yield from check_access_tokens(target)
        return
    yield from (each for each in check_secrets(target) if each.name == _LINES[rotation.name])
    if rotation.name is Name.WEBHOOK:
        yield check_helius(target)


def check_unused(target: Target, rotation: Rotation, window: Window) -> Iterator[Finding]:
    """The proofs that the previous secret may go. Reads AWS; what it raises is the caller's."""
    yield from check_deployed(target, rotation)
    yield from check_functions(target, rotation, window)
    match rotation.name:
        case Name.WEBHOOK:
            yield _requests(target, window)
        case Name.EDGE:
            yield _posts(target, window)
            yield _in_the_workers_log(target, "posts of other programs", "previous_secret_accepted")
        case Name.LISTENER:
            yield _access_tokens(target, window)
            yield _in_the_workers_log(
                target, "access tokens at the edge", "previous_listener_secret_accepted"
            )


def check_functions(target: Target, rotation: Rotation, window: Window) -> Iterator[Finding]:
    """Each function that has the secret has the new one first, and has had it for the whole window."""
    variable = _VARIABLES[rotation.name]
    stale: list[str] = []
    closed: list[str] = []
    deployed_at: list[datetime] = []
    for name in target.deployed.function_names.values():
        found = target.lambdas.get_function_configuration(FunctionName=name)
        environment = found.get("Environment", {})
        # It comes in place of the variables (Lambda API, EnvironmentResponse).
        if error := environment.get("Error"):
            closed.append(f"{name}: {error.get('ErrorCode')}: {error.get('Message')}")
        known = environment.get("Variables", {}).get(variable)
        if known is None:
            continue
        deployed_at.append(datetime.fromisoformat(found.get("LastModified", "")))
        if known != rotation.current:
            stale.append(name)
    if closed:
        yield failed(
            "functions",
            f"{len(closed)} did not show their environment. {closed[0]}",
            cause="with glow:kms it shows only to who may decrypt with that key, while the key is enabled",
            remedy="allow yourself kms:Decrypt on the key (docs/operations.md), and run this again",
        )
        return
    if stale or not deployed_at:
        yield failed(
            "functions",
            f"deployed with another secret than config has: {', '.join(stale) or 'all of them'}",
            cause="config was changed without an up, or the up failed",
            remedy=target.up,
        )
        return
    yield well("functions", f"{len(deployed_at)} know the secret of config")
    age_minutes = int((window.now - max(deployed_at)).total_seconds() // 60)
    if age_minutes >= window.minutes:
        yield well("both secrets deployed", f"for {age_minutes} min")
    else:
        yield failed(
            "both secrets deployed",
            f"for {age_minutes} min, and {window.minutes} are asked for",
            cause="the last up is too recent: rooms keep an older Worker for five minutes, and nobody"
            " can tell yet who uses the previous secret",
            remedy=f"run this again in {window.minutes - age_minutes} min{_SOONER.get(rotation.name, '')}",
        )


def _requests(target: Target, window: Window) -> Finding:
    """Those of the webhook."""
    accepted, by_previous = _sum(target, ACCEPTED, window), _sum(target, PREVIOUS_SECRET, window)
    if by_previous:
        return failed(
            _UNUSED,
            f"{by_previous} requests of the last {window.minutes} min came with it",
            cause="a webhook at Helius, or a relay, was not given the new one",
            remedy=f"set its authHeader to `Bearer <HeliusWebhookSecret>`: {_get(target, Name.WEBHOOK)}",
        )
    if accepted == 0 and not window.counts_silence:
        return failed(
            _UNUSED,
            f"no request came in the last {window.minutes} min, so nothing tells",
            cause="Helius posts nothing, or the metrics are not there: on stack local they never are",
            remedy="wait for trades; or, if nobody else can have it, add --even-if-silent",
        )
    return well(_UNUSED, f"in {accepted} requests of the last {window.minutes} min")


def _posts(target: Target, window: Window) -> Finding:
    """Those of the functions to the edge. They try the previous secret only where the new one fails."""
    by_previous = _sum(target, EDGE_PREVIOUS_SECRET, window)
    if by_previous:
        return failed(
            _UNUSED,
            f"the edge refused the new one in {by_previous} posts of the last {window.minutes} min",
            cause="the Worker that serves there is an older one, or its secret was changed by hand",
            remedy=target.mend,
        )
    posted = _sum(target, published("edge"), window)
    return well(_UNUSED, f"by what published {posted} updates in the last {window.minutes} min")


def _access_tokens(target: Target, window: Window) -> Finding:
    """Those that were shown to AWS."""
    by_previous = _sum(target, PREVIOUS_LISTENER_SECRET, window)
    if by_previous:
        return failed(
            _UNUSED,
            f"{by_previous} access tokens of the last {window.minutes} min were signed by it",
            cause="the back end still signs by it, or clients show tokens that it signed before",
            remedy=f"have the back end sign by `{_get(target, Name.LISTENER)}`, and let its old tokens end",
        )
    return well(_UNUSED, f"by no access token that AWS was shown in the last {window.minutes} min")


def _in_the_workers_log(target: Target, name: str, event: str) -> Finding:
    return skipped(
        name,
        f"only the Worker's log tells: {event}, at most once a minute",
        remedy=f"python -m ops tail --stack {target.name} | grep {event}",
    )


def _sum(target: Target, metric: Metric, window: Window) -> int:
    answer = target.cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=metric.name,
        Dimensions=[{"Name": DIMENSION, "Value": f"glow-{target.name}"}],
        StartTime=window.start.astimezone(UTC),
        EndTime=window.now.astimezone(UTC),
        Period=_period_seconds(window),
        Statistics=["Sum"],
    )
    return round(sum(point.get("Sum", 0) for point in answer.get("Datapoints", [])))


def _period_seconds(window: Window) -> int:
    is_short = window.minutes * 60 <= _MOST_POINTS * _PERIOD_SECONDS
    return _PERIOD_SECONDS if is_short else _LONG_PERIOD_SECONDS


def _get(target: Target, name: Name) -> str:
    return target.pulumi(f"config get {name}")
