"""`python -m ops verify` on a deployed stack: green where all is well, and red in the right line, with the
right remedy, for each fault."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from botocore.session import Session

from components.helius.api import HeliusApi
from functions.glow.token import PROBE_TOKEN
from local.cloud import LocalCloud
from local.stack import EDGE_SECRET, LocalStack
from ops.load.run import Plan as LoadPlan
from ops.load.run import run_load
from ops.logs.functions import FunctionLogs
from ops.replay.bodies import parse_recording
from ops.replay.delivery import Webhook, post_all
from ops.status.read import read_status
from ops.tail.access import cloudflare_access
from ops.tail.functions import FunctionTail
from ops.trace.evidence import Search, gather
from ops.trace.way import steps_of
from ops.verify.alarms import check_alarms
from ops.verify.budget import check_budget
from ops.verify.clocks import check_clock
from ops.verify.endpoints import check_health, check_secrets
from ops.verify.finding import Finding
from ops.verify.helius import check_helius
from ops.verify.market import Traded, check_candles, check_dollars
from ops.verify.origins import check_origins
from ops.verify.queues import check_dead_letters
from ops.verify.round_trip import Plan, check_round_trip
from ops.verify.run import run_checks
from ops.verify.sender import Sender, a_trade
from ops.verify.storage import check_mappings, check_tables
from ops.verify.target import Target
from tests.local.aws import Aws
from tests.local.helius import switch_off
from tests.local.wire import Wire, wait_for

# What is asked here is whether it arrives. How fast is for `judge`, whose tests have no clock.
PLAN = Plan(trades=3, limits_ms={"aws": 600_000, "edge": 600_000})
IMPATIENT = replace(PLAN, heard_within_seconds=5)
REAL_TOKEN = "LISTED"
EMAIL = "alarms@example.com"
BUDGET_USD = 200


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("verify"), aws_port=0, worker_port=0) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def stack(cloud: LocalCloud) -> LocalStack:
    """It streams one token and sends none to the edge: the reserved one goes everywhere all the same."""
    stack = LocalStack(cloud)
    stack.prepare()
    stack.config_set("USE_EDGE_BROADCAST", "true")
    stack.config_set("tokens", json.dumps({REAL_TOKEN: REAL_TOKEN}))
    stack.config_set("routing", json.dumps({"edgePercent": 0}))
    stack.config_set("requireOrigin", "true")
    stack.config_set("alarmEmail", EMAIL)
    stack.config_set("alarms", json.dumps({"monthlyBudgetUsd": BUDGET_USD}))
    stack.up()
    return stack


@pytest.fixture(scope="module")
def aws(cloud: LocalCloud) -> Aws:
    return Aws(Session(), cloud.aws_url)


@pytest.fixture(scope="module")
def target(stack: LocalStack) -> Target:
    return Target.of(stack.target)


@pytest.fixture(scope="module")
def dollars(aws: Aws, target: Target) -> None:
    """SOL/USD has been brought. The schedule, which test_usd.py waits for, would do it within a minute."""
    collector = target.deployed.function_names["quotes"]
    answer = aws.client("lambda").invoke(FunctionName=collector, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("dollars")
def test_stack_that_is_well_is_green(target: Target, stack: LocalStack) -> None:
    findings = list(run_checks(target, PLAN))

    assert [finding for finding in findings if finding.state != "ok"] == []
    assert {"webhook → aws client", "webhook → edge client", "edge latency", "aws latency"} < {
        finding.name for finding in findings
    }
    shown = json.dumps([finding.to_dict() for finding in findings]) + repr(target)
    assert stack.webhook_key() not in shown
    assert stack.config_get(EDGE_SECRET) not in shown


def test_reserved_token_is_in_no_list_of_tokens(target: Target, stack: LocalStack) -> None:
    wire = Wire(target.rest_url, target.deployed.text("WebSocketUrl"), stack.webhook_key())
    asyncio.run(check_round_trip(target, PLAN))

    page = wire.get("/tokens").json()

    assert PROBE_TOKEN not in json.dumps(page)
    assert REAL_TOKEN in json.dumps(page)
    rows = target.dynamodb.scan(TableName=target.deployed.text("RoutesTableName"))["Items"]
    assert [row for row in rows if PROBE_TOKEN in json.dumps(row)] == []


@pytest.mark.usefixtures("dollars")
def test_status_has_every_part_of_a_stack(target: Target) -> None:
    reading = read_status(target, most_tokens=5, now=time.time())

    assert reading.problems == []
    assert reading.routing is not None
    assert reading.routing.drift is None
    assert reading.versions is not None
    assert reading.versions.worker
    assert {each.name for each in reading.versions.functions} >= {"webhook", "broadcast"}
    assert reading.tokens is not None
    assert REAL_TOKEN in [each.token for each in reading.tokens.tokens]
    shown = json.dumps(reading.to_dict())
    assert target.config.webhook_secret not in shown
    assert str(target.config.edge_secret) not in shown


def test_load_reaches_every_client_of_both_paths(target: Target) -> None:
    told: list[str] = []

    outcome = asyncio.run(
        run_load(
            target,
            LoadPlan(clients=3, per_second=10, trades=5, paths=["aws", "edge"]),
            note=told.append,
        )
    )

    assert outcome.is_whole, outcome
    assert [(each.path, each.clients, each.trades) for each in outcome.paths] == [
        ("aws", 3, 5),
        ("edge", 3, 5),
    ]
    assert [(len(each.times_ms), each.doubles) for each in outcome.paths] == [(15, 0), (15, 0)]
    assert (told.count("live"), told.count("sent")) == (6, 5)


def test_trade_is_traced_from_the_webhook_to_both_paths(target: Target) -> None:
    async def send() -> str:
        async with httpx.AsyncClient(timeout=30) as http:
            trade = a_trade()
            assert await Sender(target, http).send(trade) is None
            return str(trade["txSignature"])

    signature = asyncio.run(send())

    def steps() -> dict[str, str]:
        search = Search(
            signature=signature, token=None, since=time.time() - 600, now=time.time() + 5
        )
        ways = [steps_of(each) for each in gather(target, search)]
        return {step.name: step.state for way in ways for step in way}

    way = wait_for(steps, lambda way: way.get("delivered on aws") == "done", "its way", seconds=60)
    assert set(way.values()) == {"done"}
    assert {"received", "stored", "published on edge", "delivered on edge"} < way.keys()


def test_recording_is_replayed(target: Target) -> None:
    trade = a_trade("replay")
    recording = parse_recording(f"{json.dumps(trade)}\n{{\n{json.dumps(trade)}\n".encode())
    webhook = Webhook(
        url=target.webhook_url, secret=target.config.webhook_secret, token=PROBE_TOKEN
    )

    tally = asyncio.run(post_all(recording.bodies, webhook, per_second=1, note=lambda: None))

    assert [fault.line for fault in recording.faults] == [2]
    assert (tally.accepted, tally.faults) == (2, [])
    assert tally.stored + tally.duplicates == 2


def test_tail_has_what_functions_log_and_opens_the_workers(
    target: Target, stack: LocalStack
) -> None:
    """What a Worker prints comes through tests/cloudflare/tails.test.mjs."""
    access = cloudflare_access(stack.target)
    logs = FunctionTail(FunctionLogs.of(target), since_ms=(time.time() - 600) * 1_000)

    assert access is not None
    assert access.script == "glow-broadcast-local"
    assert httpx.post(
        access.tails_url, headers={"authorization": f"Bearer {access.token}"}, json={}
    ).is_success
    assert "trade_stored" in {line.event for line in logs.look()}


@dataclass(frozen=True)
class Fault:
    """What is wrong, who looks, and what is to be seen of it."""

    name: str
    bring: Callable[[Target, Aws], AbstractContextManager[Target]]
    look: Callable[[Target], Iterable[Finding]]
    line: str
    seen: str
    remedy: str


def config_says(**values: object) -> Callable[[Target, Aws], AbstractContextManager[Target]]:
    @contextmanager
    def bring(target: Target, _aws: Aws) -> Generator[Target]:
        yield replace(target, config=replace(target.config, **values))  # type: ignore[arg-type]

    return bring


def outputs_say(**values: str) -> Callable[[Target, Aws], AbstractContextManager[Target]]:
    """As after what they name was deleted by hand."""

    @contextmanager
    def bring(target: Target, _aws: Aws) -> Generator[Target]:
        outputs = {**target.deployed.outputs, **values}
        yield replace(target, deployed=replace(target.deployed, outputs=outputs))

    return bring


@contextmanager
def origin_is_not_listed(target: Target, _aws: Aws) -> Generator[Target]:
    yield replace(target, origin="https://app.example.com")


@contextmanager
def nothing(target: Target, _aws: Aws) -> Generator[Target]:
    yield target


@contextmanager
def mapping_is_off(target: Target, aws: Aws) -> Generator[Target]:
    client = aws.client("lambda")
    name = target.deployed.function_names["broadcast"]
    (mapping,) = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield target
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


@contextmanager
def ttl_is_off(target: Target, aws: Aws) -> Generator[Target]:
    client = aws.client("dynamodb")

    def switch(enabled: bool) -> None:
        client.update_time_to_live(
            TableName=target.deployed.text("PriceTableName"),
            TimeToLiveSpecification={"Enabled": enabled, "AttributeName": "expiresAt"},
        )

    switch(False)
    yield target
    switch(True)


@contextmanager
def dead_letter(target: Target, aws: Aws) -> Generator[Target]:
    url = target.deployed.text("BroadcastDeadLetterQueueUrl")
    aws.client("sqs").send_message(
        QueueUrl=url, MessageBody="{}", MessageGroupId="a", MessageDeduplicationId="a"
    )
    yield target
    assert len(aws.take(url)) == 1


@contextmanager
def helius_is_off(target: Target, _aws: Aws) -> Generator[Target]:
    assert target.config.helius is not None
    api = HeliusApi(target.config.helius.origin, target.config.helius.key)
    (webhook,) = (each for each in api.all() if each.url == target.webhook_url)
    switch_off(target.config.helius.origin, {"webhookID": webhook.id})
    yield target
    api.switch_on(webhook.id)


def alarm_is_mute(name: str) -> Callable[[Target, Aws], AbstractContextManager[Target]]:
    @contextmanager
    def bring(target: Target, aws: Aws) -> Generator[Target]:
        client = aws.client("cloudwatch")
        client.disable_alarm_actions(AlarmNames=[f"glow-{target.name}-{name}"])
        yield target
        client.enable_alarm_actions(AlarmNames=[f"glow-{target.name}-{name}"])

    return bring


@contextmanager
def budget_is_gone(target: Target, aws: Aws) -> Generator[Target]:
    client = aws.client("budgets")
    named = {"AccountId": target.account, "BudgetName": f"glow-{target.name}"}
    budget = client.describe_budget(**named)["Budget"]
    alerts = [
        {
            "Notification": alert,
            "Subscribers": client.describe_subscribers_for_notification(
                **named, Notification=alert
            )["Subscribers"],
        }
        for alert in client.describe_notifications_for_budget(**named)["Notifications"]
    ]
    client.delete_budget(**named)
    yield target
    client.create_budget(
        AccountId=target.account, Budget=budget, NotificationsWithSubscribers=alerts
    )


@contextmanager
def alarm_rings(target: Target, aws: Aws) -> Generator[Target]:
    client, name = aws.client("cloudwatch"), f"glow-{target.name}-BroadcastLate"
    client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="tried")
    yield target
    client.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="tried")


@contextmanager
def functions_have_another_edge_secret(target: Target, aws: Aws) -> Generator[Target]:
    """All that post to the edge: the retry lane would bring what the webhook could not. The last fault:
    the stack finds its edge dead meanwhile, and sends its clients to AWS."""
    client = aws.client("lambda")
    names = [target.deployed.function_names[slug] for slug in ("webhook", "edge-retry")]
    own = {
        name: client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        for name in names
    }
    other = {"EDGE_BROADCAST_SECRET": "another-secret"}
    for name, variables in own.items():
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables | other}
        )
    yield target
    for name, variables in own.items():
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )


async def origins_of(target: Target) -> list[Finding]:
    return [finding async for finding in check_origins(target)]


def look_at_origins(target: Target) -> Iterable[Finding]:
    return asyncio.run(origins_of(target))


def look_at_round_trip(target: Target) -> Iterable[Finding]:
    return asyncio.run(check_round_trip(target, IMPATIENT)).findings


def look_at_dollars_an_hour_later(target: Target) -> Iterable[Finding]:
    return [check_dollars(target, now=time.time() + 3_600)]


def look_at_more_candles_than_trades(target: Target) -> Iterable[Finding]:
    traded = Traded(since=time.time(), trades=1_000_000)
    return [check_candles(target, traded, within_seconds=0)]


# Port 9 is for discarding what comes; nothing listens there.
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
    ),
    Fault(
        "Origin missing, AWS",
        origin_is_not_listed,
        look_at_origins,
        "Origin on aws",
        "Origin refused: https://app.example.com",
        "allowedOrigins[",
    ),
    Fault(
        "worker gone",
        outputs_say(EdgeUrl="http://127.0.0.1:9"),
        check_health,
        "edge health",
        "ConnectError",
        "bin/pulumi-local up --refresh",
    ),
    Fault(
        "worker gone, clients",
        outputs_say(EdgeUrl="http://127.0.0.1:9"),
        look_at_round_trip,
        "webhook → edge client",
        "no client can listen",
        "make up",
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
        "table missing",
        outputs_say(CandlesTableName="deleted-by-hand"),
        check_tables,
        "table candles",
        "deleted-by-hand does not exist",
        "bin/pulumi-local up --refresh",
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
        "functions have another edge secret",
        functions_have_another_edge_secret,
        look_at_round_trip,
        "webhook → edge client",
        "accepted but not delivered",
        "HeliusPriceWebhook",
    ),
)


@pytest.mark.timeout(200)
@pytest.mark.usefixtures("dollars")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_red_in_its_line_with_its_remedy(fault: Fault, target: Target, aws: Aws) -> None:
    with fault.bring(target, aws) as broken:
        findings = list(fault.look(broken))

    red = {finding.name: finding for finding in findings if finding.state == "failed"}
    assert fault.line in red, findings
    found: Any = red[fault.line]
    assert fault.seen in found.seen
    assert fault.remedy in found.remedy
    assert found.cause
    assert "another-secret" not in json.dumps([finding.to_dict() for finding in findings])
