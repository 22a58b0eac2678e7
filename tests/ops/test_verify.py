"""What `python -m ops verify` makes of what it sees. The run on a stack is tests/local/verify/."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from io import StringIO

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from rich.console import Console
from websockets.asyncio.server import ServerConnection, serve

from components.settings.load import parse_settings
from functions.glow.paths import Path
from functions.glow.routing.policy import Policy
from ops.deployed import DeployedStack, budgets_of, cloudwatch_of, sns_of
from ops.verify.alarms import check_alarms
from ops.verify.budget import check_budget
from ops.verify.command import show
from ops.verify.config import Config, HeliusHook
from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.latency import Place, judge
from ops.verify.round_trip import Plan, check_round_trip, usual
from ops.verify.run import guarded
from ops.verify.storage import check_tables
from ops.verify.target import Target

QUEUE = "http://127.0.0.1:9/000000000000/later"
CONFIG = Config(
    webhook_secret="a-webhook-secret", edge_secret="an-edge-secret", sol_usd_max_age_seconds=180
)


def a_target(config: Config = CONFIG, **outputs: object) -> Target:
    return Target(deployed=DeployedStack("dev", {"LaterQueueUrl": QUEUE, **outputs}), config=config)


@pytest.mark.parametrize(
    ("path", "times_ms", "state", "seen"),
    [
        ("edge", [130.0] * 20, "ok", "p50 100 ms, p99 100 ms of 20 trades"),
        ("edge", [131.0] * 20, "failed", "latency over 100 ms: p50 101 ms"),
        ("edge", [530.0] * 20, "failed", "latency over 200 ms: p50 500 ms"),
        ("edge", [40.0] * 19 + [231.0], "failed", "latency over 200 ms: p50 10 ms, p99 201 ms"),
        ("edge", [5.0], "ok", "p50 0 ms"),
        ("aws", [131.0] * 20, "failed", "latency over the limit: p50 101 ms"),
    ],
)
def test_latency_is_judged_without_the_operators_own_way(
    path: Path, times_ms: Sequence[float], state: str, seen: str
) -> None:
    found = judge(path, times_ms, 100, Place(away_ms=30.0))

    assert (found.state, found.seen[: len(seen)]) == (state, seen)


@pytest.mark.parametrize(
    ("variables", "rooms"),
    [
        ({"LOCATION_HINT": "enam", "ROOM_GENERATION": "2"}, "rooms of generation 2 made near enam"),
        ({"ROOM_GENERATION": "0"}, "rooms of generation 0 made where they are first used"),
    ],
)
def test_slow_edge_names_the_data_centre_and_where_rooms_are_made(
    variables: Mapping[str, str], rooms: str
) -> None:
    target = a_target(EdgeVariables=variables)

    found = judge("edge", [500.0], 100, Place(away_ms=0, colo="SIN", rooms=target.rooms))

    assert f"data centre SIN, {rooms}" in found.seen
    assert "edge.region" in found.cause
    assert "edge.roomGeneration" in found.remedy


@pytest.mark.parametrize(
    ("config", "outputs", "origin"),
    [
        (("https://app.example", "https://b.example"), {}, "https://app.example"),
        (("null", "http://localhost:*"), {}, "http://localhost"),
        ((), {"EdgeUrl": "https://edge.example"}, "https://edge.example"),
    ],
)
def test_sockets_come_from_an_origin_that_is_let_in(
    config: tuple[str, ...], outputs: dict[str, str], origin: str
) -> None:
    target = a_target(replace(CONFIG, origins=config), **outputs)

    assert target.sends_origin == origin


@pytest.mark.parametrize(
    ("policy", "paths"),
    [
        (Policy(edge_is_on=False), {"aws"}),
        (Policy(edge_is_on=True, edge_percent=0), {"aws", "edge"}),
    ],
)
def test_every_path_that_is_on_is_tried(policy: Policy, paths: set[str]) -> None:
    assert a_target(Routing=policy.to_json()).paths == paths


def test_secrets_are_not_shown() -> None:
    hook = HeliusHook(origin="https://api.helius.xyz", key="a-helius-key")
    shown = repr(a_target(replace(CONFIG, access_token="an-access-token", helius=hook)))

    assert not any(
        each in shown for each in ("webhook-secret", "edge-secret", "access-token", "helius-key")
    )


SECRET = "a-secret-of-32-bytes-0123456789ab"


def config_of(**values: str) -> Config:
    own = {"HeliusWebhookSecret": SECRET, **values}
    secrets = {key for key in own if key[0].isupper() and key != "USE_EDGE_BROADCAST"}
    return Config.from_settings(parse_settings(own, secrets=secrets, stack="dev"))


def test_config_is_what_the_stack_has_by_default() -> None:
    assert config_of() == Config(
        webhook_secret=SECRET, edge_secret=None, sol_usd_max_age_seconds=180
    )


def test_webhook_expects_its_own_secret_before_the_api_key() -> None:
    key = "the-api-key-of-the-dashboard-0123456789"

    assert config_of(HeliusApiKey=key).webhook_secret == SECRET


def test_limits_are_those_of_config() -> None:
    config = config_of(alarms='{"edgeLatencyMs": 50}')

    assert usual(config).limits_ms == {"edge": 50, "aws": 500}


def test_config_that_differs_is_read() -> None:
    config = config_of(
        allowedOrigins='["https://app.example"]',
        jupiterRequestsPerMinute="0",
        solUsdMaxAgeSeconds="600",
        alarmEmail="me@app.example",
        alarms='{"monthlyBudgetUsd": 200}',
        HeliusApiKey="the-api-key-of-the-dashboard-0123456789",
        helius='{"manageWebhook": true, "addresses": ["So11111111111111111111111111111111111111112"]}',
    )

    assert (config.origins, config.has_dollars) == (("https://app.example",), False)
    assert (config.sol_usd_max_age_seconds, config.alarm_email) == (600, "me@app.example")
    assert config.monthly_budget_usd == 200
    assert config.helius is not None
    assert config.helius.origin == "https://api.helius.xyz"


def test_access_token_is_shown_where_the_edge_reads_it() -> None:
    config = replace(CONFIG, access_token="a.b.c")

    url = a_target(config, EdgeUrl="https://edge.example").socket_url("edge")

    assert url == "wss://edge.example/ws/glow-verify?access_token=a.b.c"


async def test_stack_whose_tokens_only_the_back_end_makes_is_not_listened_to() -> None:
    target = a_target(replace(CONFIG, listens=False), Routing=Policy(edge_is_on=True).to_json())

    trip = await check_round_trip(target, Plan(trades=1, limits_ms={}))

    assert [finding.state for finding in trip.findings] == ["skipped", "skipped"]
    assert trip.accepted == 0


TOPIC = "arn:aws:sns:us-east-1:123456789012:glow-dev-Alarms"
INTERNAL = {"message": "Internal server error", "connectionId": "x=", "requestId": "y="}


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        ([json.dumps(INTERNAL)], "no client can listen: Internal server error"),
        (["[]"], "no client can listen: what it says is no message"),
        (["not JSON"], "no client can listen: what it says is no message"),
        (
            [json.dumps({"type": "ERROR", "code": "BAD_REQUEST", "message": "why"})],
            "no client can listen: BAD_REQUEST: why",
        ),
        ([], "no client can listen: TimeoutError"),
    ],
)
async def test_socket_that_does_not_subscribe_is_a_red_line(
    answers: Sequence[str], seen: str
) -> None:
    """API Gateway's own answer has no type; a function that hangs says nothing."""

    async def answer(socket: ServerConnection) -> None:
        await socket.recv()
        for each in answers:
            await socket.send(each)
        await socket.wait_closed()

    async with serve(answer, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        target = a_target(
            Routing=Policy().to_json(),
            WebSocketUrl=f"ws://127.0.0.1:{port}",
            RestApiUrl="https://rest.example",
            WebhookUrl="http://127.0.0.1:9/webhook/price",
            FunctionNames={"connections": "glow-dev-PriceConnections"},
        )
        trip = await check_round_trip(
            target, Plan(trades=1, limits_ms={}, heard_within_seconds=0.5)
        )

    line, *_ = trip.findings
    assert (line.name, line.state, line.seen) == ("webhook → aws client", "failed", seen)
    assert "glow-dev-PriceConnections" in line.remedy


ALARM = {
    "AlarmName": "glow-dev-BroadcastLate",
    "ActionsEnabled": True,
    "AlarmActions": [TOPIC],
    "StateValue": "OK",
}


@pytest.mark.parametrize(
    ("subscription", "state", "seen"),
    [
        ("arn:aws:sns:us-east-1:123456789012:glow-dev-Alarms:1", "ok", "confirmed"),
        ("PendingConfirmation", "failed", "not confirmed: nobody hears an alarm"),
        ("Deleted", "failed", "not confirmed: nobody hears an alarm"),
        (None, "failed", "the topic has no subscription"),
    ],
)
def test_alarm_email_counts_once_it_is_confirmed(
    subscription: str | None, state: str, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator confirms by itself, so the answers of AWS are given here."""
    cloudwatch, sns = cloudwatch_of(QUEUE), sns_of(QUEUE)

    monkeypatch.setattr("ops.verify.target.cloudwatch_of", is_it(cloudwatch))
    monkeypatch.setattr("ops.verify.target.sns_of", is_it(sns))
    config = replace(CONFIG, alarm_email="me@app.example")
    found = [{"Protocol": "email", "SubscriptionArn": subscription}] if subscription else []
    with Stubber(cloudwatch) as alarms, Stubber(sns) as topic:
        alarms.add_response("describe_alarms", {"MetricAlarms": [ALARM]})
        topic.add_response("list_subscriptions_by_topic", {"Subscriptions": found})
        *_, line = check_alarms(a_target(config))

    assert (line.name, line.state, line.seen) == ("alarm e-mail", state, seen)


def test_alarms_of_a_stack_whose_name_begins_alike_are_not_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloudwatch, sns = cloudwatch_of(QUEUE), sns_of(QUEUE)
    monkeypatch.setattr("ops.verify.target.cloudwatch_of", is_it(cloudwatch))
    monkeypatch.setattr("ops.verify.target.sns_of", is_it(sns))
    others_topic = "arn:aws:sns:us-east-1:123456789012:glow-dev-eu-Alarms"
    other = {
        **ALARM,
        "AlarmName": "glow-dev-eu-BroadcastLate",
        "AlarmActions": [others_topic],
        "StateValue": "ALARM",
    }
    mute = {**other, "AlarmName": "glow-dev-eu-RouteLate", "ActionsEnabled": False}
    member = {**other, "AlarmName": "glow-dev-eu-WebhookErrors", "AlarmActions": []}
    group = {
        **ALARM,
        "AlarmName": "glow-dev-eu-Intake",
        "AlarmActions": [others_topic],
        "AlarmRule": 'ALARM("glow-dev-eu-WebhookErrors")',
    }
    pages = {"MetricAlarms": [ALARM, other, mute, member], "CompositeAlarms": [group]}
    unheard = {"Subscriptions": [{"Protocol": "email", "SubscriptionArn": "PendingConfirmation"}]}
    with Stubber(cloudwatch) as alarms, Stubber(sns) as topic:
        alarms.add_response("describe_alarms", pages)
        topic.add_response("list_subscriptions_by_topic", unheard, {"TopicArn": TOPIC})
        lines = list(check_alarms(a_target(replace(CONFIG, alarm_email="me@app.example"))))

    assert [(line.name, line.state, line.seen) for line in lines] == [
        ("alarms armed", "ok", "1 of 1"),
        ("alarms quiet", "ok", "none rings"),
        ("alarm e-mail", "failed", "not confirmed: nobody hears an alarm"),
    ]


def is_it(client: object) -> Callable[[str], object]:
    """In place of what makes a client."""
    return lambda _queue_url: client


def a_budget(usd: str) -> dict[str, object]:
    limit = {"Amount": usd, "Unit": "USD"}
    return {
        "BudgetName": "glow-dev",
        "BudgetType": "COST",
        "BudgetLimit": limit,
        "TimeUnit": "MONTHLY",
    }


@pytest.mark.parametrize(
    ("usd", "alerts", "state", "seen"),
    [
        ("200.0", [80.0, 100.0], "ok", "$200 a month; alarmEmail hears at 80, 100 %"),
        ("500", [80.0], "failed", "it is $500, not $200"),
        ("200", [], "failed", "alarmEmail hears nothing of it"),
        (None, [], "failed", "there is none"),
    ],
)
def test_budget_is_as_config_has_it_and_somebody_hears_of_it(
    usd: str | None, alerts: list[float], state: str, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets = budgets_of(QUEUE)
    monkeypatch.setattr("ops.verify.target.budgets_of", is_it(budgets))
    config = replace(CONFIG, alarm_email="me@app.example", monthly_budget_usd=200)
    told = {"Subscribers": [{"SubscriptionType": "EMAIL", "Address": "me@app.example"}]}
    listed = [
        {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": percent}
        for percent in alerts
    ]
    with Stubber(budgets) as account:
        named = {"AccountId": "000000000000", "BudgetName": "glow-dev"}
        if usd is None:
            account.add_client_error("describe_budget", "NotFoundException")
        else:
            account.add_response("describe_budget", {"Budget": a_budget(usd)}, named)
            account.add_response("describe_notifications_for_budget", {"Notifications": listed})
            for _ in alerts:
                account.add_response("describe_subscribers_for_notification", told)
        found = check_budget(a_target(config))

    assert (found.name, found.state, found.seen) == ("budget present", state, seen)
    assert state == "ok" or found.remedy == "pulumi up --refresh --stack dev"


def test_budget_that_nobody_set_is_no_fault() -> None:
    found = check_budget(a_target())

    assert found.state == "skipped"
    assert "config set --path alarms.monthlyBudgetUsd" in found.remedy


def test_what_aws_refuses_is_a_red_line() -> None:
    def refused() -> list[Finding]:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "DescribeAlarms")

    (line,) = guarded("alarms", refused, a_target())

    assert line.state == "failed"
    assert "AccessDenied" in line.seen
    assert "aws sts get-caller-identity" in line.remedy


def test_output_that_only_a_later_version_has_is_a_red_line() -> None:
    """`ops deploy` looks with its own checks at the version before."""
    target = a_target()

    (line,) = guarded("tables", lambda: check_tables(target), target)

    assert (line.name, line.state) == ("tables", "failed")
    assert "no output PriceTableName" in line.seen
    assert line.remedy == "pulumi up --stack dev"


def test_table_is_followed_by_causes_and_remedies() -> None:
    out = StringIO()
    lines = [
        well("AWS health", "9 ms"),
        skipped("alarm e-mail", "not set", remedy="pulumi config set alarmEmail"),
        failed("edge secret", "401 from the edge", cause="the secrets differ", remedy="pulumi up"),
    ]

    show(lines, Console(file=out, width=100))

    text = out.getvalue()
    assert "✓" in text
    assert "✗ edge secret: 401 from the edge" in text
    assert "Likely cause: the secrets differ\n  pulumi up" in text
    assert "pulumi config set alarmEmail" in text
    assert "1 of 3 are red." in text


def test_all_is_well_is_said() -> None:
    out = StringIO()

    show([well("AWS health", "9 ms")], Console(file=out, width=100))

    assert "All is well." in out.getvalue()
