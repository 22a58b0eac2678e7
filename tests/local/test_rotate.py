"""What `ops rotate-secret` finds before it drops a previous secret, on a deployed stack. Both steps by the
command are in edge/.

CloudWatch makes metrics of the functions' logs, and the local one does not: here they are reported by hand.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from functions.glow.metrics import (
    ACCEPTED,
    DIMENSION,
    EDGE_PREVIOUS_SECRET,
    NAMESPACE,
    PREVIOUS_SECRET,
    Metric,
)
from local.cloud import LocalCloud
from local.stack import LocalStack
from ops.deployed import DeployedStack
from ops.rotate.rotation import Name, Rotation
from ops.rotate.usage import Window, check_unused
from ops.settings import settings_of
from ops.verify.config import Config
from ops.verify.finding import Finding
from ops.verify.target import Target
from tests.local.aws import Aws
from tests.local.helius import change, registered

OLD: Final = "the-secret-of-before"
MINUTES: Final = 15
# Access tokens are not asked for on this stack: edge/test_listeners.py.
NAMES: Final = (Name.WEBHOOK, Name.EDGE)

Report = Callable[[Metric, int], None]


@pytest.fixture(scope="module")
def target(stack: LocalStack, outputs: dict[str, object]) -> Target:
    return Target(deployed=DeployedStack("local", outputs), config=Config.of(stack.target))


@pytest.fixture(scope="module")
def rotations(stack: LocalStack) -> Mapping[Name, Rotation]:
    settings = settings_of(stack.target)
    return {name: replace(Rotation.of(settings, name), previous=OLD) for name in NAMES}


@pytest.fixture(scope="module")
def hours() -> Iterator[datetime]:
    """Each test has a window of its own, long after the deployment."""
    now = datetime.now(UTC)
    return (now + timedelta(hours=number) for number in range(1, 100))


@pytest.fixture
def window(hours: Iterator[datetime]) -> Window:
    return Window(now=next(hours), minutes=MINUTES)


@pytest.fixture
def report(aws: Aws, window: Window) -> Report:
    def report(metric: Metric, value: int) -> None:
        datum: Any = {
            "MetricName": metric.name,
            "Dimensions": [{"Name": DIMENSION, "Value": "glow-local"}],
            "Timestamp": window.now - timedelta(minutes=MINUTES / 2),
            "Value": value,
        }
        aws.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=[datum])

    return report


def red(target: Target, rotation: Rotation, window: Window) -> dict[str, Finding]:
    found = list(check_unused(target, rotation, window))
    assert OLD not in repr(found)
    assert rotation.current not in repr((found, rotation))
    return {finding.name: finding for finding in found if finding.state == "failed"}


def test_webhook_secret_that_nobody_sends_may_go(
    target: Target, rotations: Mapping[Name, Rotation], window: Window, report: Report
) -> None:
    report(ACCEPTED, 120)

    assert red(target, rotations[Name.WEBHOOK], window) == {}


def test_webhook_secret_that_somebody_sends_stays(
    target: Target, rotations: Mapping[Name, Rotation], window: Window, report: Report
) -> None:
    report(ACCEPTED, 120)
    report(PREVIOUS_SECRET, 3)

    (found,) = red(target, rotations[Name.WEBHOOK], window).values()

    assert found.seen == "3 requests of the last 15 min came with it"
    assert "bin/pulumi-local config get HeliusWebhookSecret" in found.remedy


def test_silence_proves_nothing_unless_the_operator_says_so(
    target: Target, rotations: Mapping[Name, Rotation], window: Window
) -> None:
    (found,) = red(target, rotations[Name.WEBHOOK], window).values()

    assert "--even-if-silent" in found.remedy
    assert red(target, rotations[Name.WEBHOOK], replace(window, counts_silence=True)) == {}


def test_webhook_secret_that_helius_still_sends_stays(
    target: Target,
    rotations: Mapping[Name, Rotation],
    window: Window,
    report: Report,
    cloud: LocalCloud,
) -> None:
    report(ACCEPTED, 120)
    (webhook,) = registered(cloud.helius_url)
    change(cloud.helius_url, webhook, authHeader=f"Bearer {OLD}")
    try:
        found = red(target, rotations[Name.WEBHOOK], window)
    finally:
        change(cloud.helius_url, webhook)

    assert found.keys() == {"Helius's webhook"}


def test_edge_secret_that_the_worker_takes_only_from_before_stays(
    target: Target, rotations: Mapping[Name, Rotation], window: Window, report: Report
) -> None:
    assert red(target, rotations[Name.EDGE], window) == {}
    report(EDGE_PREVIOUS_SECRET, 2)

    (found,) = red(target, rotations[Name.EDGE], window).values()

    assert "the edge refused the new one in 2 posts" in found.seen


@pytest.mark.parametrize("name", NAMES)
def test_secret_stays_for_a_while_after_the_first_step(
    target: Target, rotations: Mapping[Name, Rotation], window: Window, name: Name
) -> None:
    # As long as a window, so that the stack was surely deployed within it.
    soon = replace(window, now=datetime.now(UTC), minutes=1_440, counts_silence=True)

    (found,) = red(target, rotations[name], soon).values()

    assert found.name == "both secrets deployed"
    assert "run this again in" in found.remedy


@pytest.mark.parametrize("name", NAMES)
def test_secret_that_functions_do_not_know_yet_is_no_reason_to_drop_the_old_one(
    target: Target, rotations: Mapping[Name, Rotation], window: Window, report: Report, name: Name
) -> None:
    report(ACCEPTED, 120)
    not_deployed = replace(rotations[name], current="a-secret-that-was-set-without-an-up")

    found = red(target, not_deployed, window)

    assert found.keys() == {"functions"}
    assert "HeliusPriceWebhook" in found["functions"].seen
    assert found["functions"].remedy == "make up"
