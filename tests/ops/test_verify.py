"""What `python -m ops verify` makes of what it sees. The run on a stack is tests/local/test_verify.py."""

import json
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from rich.console import Console

from functions.glow.paths import Path
from functions.glow.routing.policy import Policy
from ops.deployed import DeployedStack, cloudwatch_of, sns_of
from ops.errors import OpsError
from ops.verify.alarms import check_alarms
from ops.verify.command import show
from ops.verify.config import Config
from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.latency import Place, judge
from ops.verify.run import guarded
from ops.verify.target import Target

QUEUE = "http://127.0.0.1:9/000000000000/later"
CONFIG = Config(webhook_secret="a-webhook-secret", edge_secret="an-edge-secret")


def a_target(config: Config = CONFIG, **outputs: object) -> Target:
    return Target(deployed=DeployedStack("dev", {"LaterQueueUrl": QUEUE, **outputs}), config=config)


@pytest.mark.parametrize(
    ("path", "times_ms", "state", "seen"),
    [
        ("edge", [130.0] * 20, "ok", "p50 100 ms, p99 100 ms of 20 trades"),
        ("edge", [131.0] * 20, "failed", "latency over 100 ms: p50 101 ms"),
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


def test_slow_edge_names_the_data_centre_and_where_rooms_are_made() -> None:
    found = judge("edge", [500.0], 100, Place(away_ms=0, colo="SIN"))

    assert "data centre SIN" in found.seen
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
    target = a_target(Config(webhook_secret="a", edge_secret=None, origins=config), **outputs)

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
    shown = repr(
        a_target(
            Config(
                webhook_secret="a-webhook-secret",
                edge_secret="an-edge-secret",
                access_token="an-access-token",
            )
        )
    )

    assert not any(each in shown for each in ("webhook-secret", "edge-secret", "access-token"))


class _Stack:
    """A stack of which only the config is asked for."""

    name = "dev"
    launcher = "pulumi"

    def __init__(self, config: dict[str, Any]) -> None:
        self.asked: list[str] = []
        self._config = {f"glow:{key}": value for key, value in config.items()}

    def run(self, *arguments: str) -> str:
        if arguments == ("config", "--json"):
            hidden = {"secret": True}
            return json.dumps(
                {k: hidden if k[5].isupper() else {"value": v} for k, v in self._config.items()}
            )
        self.asked.append(arguments[-1])
        return f"{self._config[arguments[-1]]}\n"


def config_of(**config: Any) -> Config:
    return Config.of(_Stack(config))  # type: ignore[arg-type]  what it asks of one


def test_config_of_a_plain_stack_is_its_defaults() -> None:
    assert config_of(HeliusApiKey="k") == Config(webhook_secret="k", edge_secret=None)


def test_webhook_expects_its_own_secret_before_the_api_key() -> None:
    config = config_of(HeliusApiKey="k", HeliusWebhookSecret="s", EdgeBroadcastSecret="e")

    assert (config.webhook_secret, config.edge_secret) == ("s", "e")


def test_config_that_differs_is_read() -> None:
    config = config_of(
        HeliusApiKey="k",
        allowedOrigins='["https://app.example"]',
        jupiterRequestsPerMinute="0",
        solUsdMaxAgeSeconds="600",
        alarmEmail="me@app.example",
    )

    assert config == Config(
        webhook_secret="k",
        edge_secret=None,
        origins=("https://app.example",),
        has_dollars=False,
        sol_usd_max_age_seconds=600,
        alarm_email="me@app.example",
    )


def test_stack_without_a_secret_is_answered_with_what_sets_it() -> None:
    with pytest.raises(OpsError, match="pulumi config set --secret HeliusApiKey --stack dev"):
        config_of()


def test_stack_of_listeners_is_verified_with_a_token_of_its_own() -> None:
    config = config_of(HeliusApiKey="k", listeners="token", ListenerSecret="s" * 32)

    assert config.listens
    assert config.access_token is not None
    url = a_target(config, EdgeUrl="https://edge.example").socket_url("edge")
    assert url == f"wss://edge.example/ws/glow-verify?access_token={config.access_token}"


def test_stack_whose_tokens_only_the_back_end_makes_is_not_listened_to() -> None:
    config = config_of(HeliusApiKey="k", listeners="token", listenerPublicKey="pem")

    assert (config.listens, config.access_token) == (False, None)


ALARM = {
    "AlarmName": "glow-dev-BroadcastLate",
    "ActionsEnabled": True,
    "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:glow-dev-Alarms"],
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

    def is_it(client: object) -> Callable[[str], object]:
        return lambda _queue_url: client

    monkeypatch.setattr("ops.verify.target.cloudwatch_of", is_it(cloudwatch))
    monkeypatch.setattr("ops.verify.target.sns_of", is_it(sns))
    config = Config(webhook_secret="a", edge_secret=None, alarm_email="me@app.example")
    found = [{"Protocol": "email", "SubscriptionArn": subscription}] if subscription else []
    with Stubber(cloudwatch) as alarms, Stubber(sns) as topic:
        alarms.add_response("describe_alarms", {"MetricAlarms": [ALARM]})
        topic.add_response("list_subscriptions_by_topic", {"Subscriptions": found})
        *_, line = check_alarms(a_target(config))

    assert (line.name, line.state, line.seen) == ("alarm e-mail", state, seen)


def test_what_aws_refuses_is_a_red_line() -> None:
    def refused() -> list[Finding]:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "DescribeAlarms")

    (line,) = guarded("alarms", refused)

    assert line.state == "failed"
    assert "AccessDenied" in line.seen
    assert "aws sts get-caller-identity" in line.remedy


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
