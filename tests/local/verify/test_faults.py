"""`python -m ops verify` on a broken stack: red in the right line alone, with the right remedy."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pytest

from local.cloud import LocalCloud
from ops.verify.alarms import check_alarms
from ops.verify.budget import check_budget
from ops.verify.clocks import check_clock
from ops.verify.endpoints import check_health, check_secrets
from ops.verify.finding import Finding
from ops.verify.helius import check_helius
from ops.verify.market import Traded, check_candles, check_dollars
from ops.verify.origins import check_origins
from ops.verify.queues import check_dead_letters
from ops.verify.round_trip import check_round_trip
from ops.verify.storage import check_mappings, check_tables
from ops.verify.target import Target
from tests.local.aws import Aws
from tests.local.verify.breaking import (
    EDGE_LIMIT_MS,
    Bring,
    Stage,
    alarm_is_mute,
    alarm_rings,
    budget_is_gone,
    config_says,
    dead_letter,
    edge_is_far_away,
    functions_have_another_edge_secret,
    helius_is_off,
    mapping_is_off,
    nothing,
    origin_is_not_listed,
    outputs_say,
    table_is_deleted,
    ttl_is_off,
    worker_is_gone,
)
from tests.local.verify.conftest import PLAN

IMPATIENT = replace(PLAN, heard_within_seconds=5)


@dataclass(frozen=True)
class Fault:
    """What is wrong, who looks, and what is to be seen of it. `also` are the other lines that are red."""

    name: str
    bring: Bring
    look: Callable[[Target], Iterable[Finding]]
    line: str
    seen: str
    remedy: str
    also: tuple[str, ...] = ()


async def origins_of(target: Target) -> list[Finding]:
    return [finding async for finding in check_origins(target)]


def look_at_origins(target: Target) -> Iterable[Finding]:
    return asyncio.run(origins_of(target))


def look_at_round_trip(target: Target) -> Iterable[Finding]:
    return asyncio.run(check_round_trip(target, IMPATIENT)).findings


def look_at_edge_latency(target: Target) -> Iterable[Finding]:
    """On AWS it may take as long as it likes."""
    plan = replace(PLAN, limits_ms={**PLAN.limits_ms, "edge": EDGE_LIMIT_MS})
    return asyncio.run(check_round_trip(target, plan)).findings


def look_at_dollars_an_hour_later(target: Target) -> Iterable[Finding]:
    return [check_dollars(target, now=lambda: time.time() + 3_600)]


def look_at_more_candles_than_trades(target: Target) -> Iterable[Finding]:
    traded = Traded(since=time.time(), trades=1_000_000)
    return [check_candles(target, traded, within_seconds=0)]


# The last ones leave their traces in the stack.
FAULTS = (
    Fault(
        "edge secret differs",
        config_says(edge_secret="another-secret"),
        check_secrets,
        "edge secret",
        "401 from the edge",
        "bin/pulumi-local up --refresh",
    ),
    Fault(
        "webhook secret differs",
        config_says(webhook_secret="another-secret"),
        check_secrets,
        "webhook secret",
        "401 with the secret of config",
        "bin/pulumi-local up --refresh",
    ),
    Fault(
        "webhook secret differs, trade",
        config_says(webhook_secret="another-secret"),
        look_at_round_trip,
        "webhook → clients",
        "the webhook answers 401",
        "HeliusPriceWebhook",
    ),
    Fault(
        "Origin missing",
        origin_is_not_listed,
        look_at_origins,
        "Origin on edge",
        "Origin refused: https://app.example.com",
        "allowedOrigins[",
        also=("Origin on aws",),
    ),
    Fault(
        "Origin missing, AWS",
        origin_is_not_listed,
        look_at_origins,
        "Origin on aws",
        "Origin refused: https://app.example.com",
        "allowedOrigins[",
        also=("Origin on edge",),
    ),
    Fault(
        "mapping disabled",
        mapping_is_off,
        check_mappings,
        "queue of broadcast",
        "what comes waits there",
        "update-event-source-mapping --enabled --uuid",
    ),
    Fault(
        "mapping disabled, clients",
        mapping_is_off,
        look_at_round_trip,
        "webhook → aws client",
        "accepted but not delivered",
        "BroadcastWorker",
    ),
    Fault(
        "TTL off",
        ttl_is_off,
        check_tables,
        "table price",
        "TTL of",
        "update-time-to-live",
    ),
    Fault(
        "dead letter",
        dead_letter,
        check_dead_letters,
        "dead letters of broadcast",
        "1 lie there",
        "python -m ops redrive",
    ),
    Fault(
        "stale SOL/USD",
        nothing,
        look_at_dollars_an_hour_later,
        "SOL/USD",
        "trades have no price in US dollars",
        "QuoteCollector",
    ),
    Fault(
        "candles stand still",
        nothing,
        look_at_more_candles_than_trades,
        "candles",
        "of 1000000 trades",
        "ops candles rebuild",
    ),
    Fault(
        "webhook switched off",
        helius_is_off,
        lambda target: [check_helius(target)],
        "Helius's webhook",
        "switched off",
        "bin/pulumi-local up --refresh",
    ),
    Fault(
        "webhook at another URL",
        outputs_say(WebhookUrl="https://another.example/webhook/price"),
        lambda target: [check_helius(target)],
        "Helius's webhook",
        "none with this URL",
        "bin/pulumi-local up --refresh",
    ),
    Fault(
        "webhook with another secret",
        config_says(webhook_secret="another-secret"),
        lambda target: [check_helius(target)],
        "Helius's webhook",
        "another secret than config has",
        "bin/pulumi-local up --refresh",
    ),
    Fault(
        "clock skew",
        config_says(),
        lambda target: [check_clock(target, now=lambda: time.time() + 60)],
        "clock",
        "s ahead of AWS",
        "timedatectl set-ntp true",
    ),
    Fault(
        "clock skew, behind",
        config_says(),
        lambda target: [check_clock(target, now=lambda: time.time() - 60)],
        "clock",
        "s behind AWS",
        "timedatectl set-ntp true",
    ),
    Fault(
        "alarm mute",
        alarm_is_mute("BroadcastDeadLetters"),
        check_alarms,
        "alarms armed",
        "tell nobody: glow-local-BroadcastDeadLetters",
        "enable-alarm-actions",
    ),
    Fault(
        "alarm of a group mute",
        alarm_is_mute("AwsPath"),
        check_alarms,
        "alarms armed",
        " tell nobody: glow-local-AwsPath",
        "enable-alarm-actions",
    ),
    Fault(
        "alarm rings",
        alarm_rings,
        check_alarms,
        "alarms quiet",
        "ring: glow-local-BroadcastLate",
        "describe-alarms",
    ),
    Fault(
        "budget gone",
        budget_is_gone,
        lambda target: [check_budget(target)],
        "budget present",
        "there is none",
        "up --refresh",
    ),
    Fault(
        "edge far away",
        edge_is_far_away,
        look_at_edge_latency,
        "edge latency",
        "latency over ",
        "edge.roomGeneration",
    ),
    Fault(
        "functions have another edge secret",
        functions_have_another_edge_secret,
        look_at_round_trip,
        "webhook → edge client",
        "accepted but not delivered",
        "HeliusPriceWebhook",
    ),
    Fault(
        "worker gone",
        worker_is_gone,
        check_health,
        "edge health",
        "ConnectError",
        "bin/pulumi-local up --refresh",
    ),
    Fault(
        "worker gone, clients",
        worker_is_gone,
        look_at_round_trip,
        "webhook → edge client",
        "no client can listen",
        "make up",
    ),
    Fault(
        "table deleted",
        table_is_deleted,
        check_tables,
        "table candles",
        "does not exist",
        "bin/pulumi-local up --refresh",
    ),
)


@pytest.mark.timeout(200)
@pytest.mark.usefixtures("dollars")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_red_in_its_line_alone_with_its_remedy(
    fault: Fault, target: Target, aws: Aws, cloud: LocalCloud
) -> None:
    with fault.bring(Stage(target, aws, cloud)) as broken:
        findings = list(fault.look(broken))

    red = {finding.name: finding for finding in findings if finding.state == "failed"}
    assert red.keys() == {fault.line, *fault.also}, findings
    found = red[fault.line]
    assert fault.seen in found.seen
    assert fault.remedy in found.remedy
    assert found.cause
    assert "another-secret" not in json.dumps([finding.to_dict() for finding in findings])
