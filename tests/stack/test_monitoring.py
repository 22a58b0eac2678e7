"""The alarms: somebody is told when updates are lost, late or refused. tests/functions/test_metrics.py
pushes the cause of each through the functions."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from functions.glow import metrics
from tests.stack.alarm_times import COMMAND, alarms_of, table, times_of
from tests.stack.recording import Deployment, deploy

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
RUNBOOK = Path(__file__).parent.parent.parent / "docs" / "runbook.md"
TOPIC = ["arn:Topic:glow-prod-Alarms"]
OF_EACH_GROUP = {
    "intake": {
        "ApiServerErrors", "WebhookRefused", "WebhookSlow", "WebhookThrottled", "WebhookRouteThrottled",
        "NoTrade", "HeliusPriceWebhook-Errors",
    },
    "aws-path": {
        "BroadcastLate", "BroadcastReturned", "RequestQuota", "BroadcastWorker-Errors",
        "LaterWorker-Errors", "PriceConnections-Errors", "AwsLatency",
    },
    "edge-path": {"EdgeFailing", "EdgeLatency", "EdgeRetryWorker-Errors"},
}  # fmt: skip


@pytest.fixture(scope="module")
def watched() -> Deployment:
    return deploy(config={"alarms": '{"noTradeMinutes": 10}', "routing": '{"autoRollback": true}'})


@pytest.mark.parametrize(
    ("child", "metric", "dimensions", "threshold"),
    [
        (
            "dead-letters",
            "AWS/SQS ApproximateNumberOfMessagesVisible",
            {"QueueName": "glow-prod-BroadcastDeadLetterQueue.fifo"},
            0,
        ),
        (
            "edge-retry-dead-letters",
            "AWS/SQS ApproximateNumberOfMessagesVisible",
            {"QueueName": "glow-prod-EdgeRetryDeadLetterQueue.fifo"},
            0,
        ),
        (
            "route-dead-letters",
            "AWS/SQS ApproximateNumberOfMessagesVisible",
            {"QueueName": "glow-prod-RouteDeadLetterQueue.fifo"},
            0,
        ),
        (
            "later-dead-letters",
            "AWS/SQS ApproximateNumberOfMessagesVisible",
            {"QueueName": "glow-prod-LaterDeadLetterQueue"},
            0,
        ),
        (
            "completion-dead-letters",
            "AWS/SQS ApproximateNumberOfMessagesVisible",
            {"QueueName": "glow-prod-CompletionDeadLetterQueue"},
            0,
        ),
        (
            "candle-failures",
            "AWS/SQS ApproximateNumberOfMessagesVisible",
            {"QueueName": "glow-prod-CandleFailuresQueue"},
            0,
        ),
        (
            "late",
            "AWS/SQS ApproximateAgeOfOldestMessage",
            {"QueueName": "glow-prod-BroadcastQueue.fifo"},
            60,
        ),
        (
            "webhook-errors",
            "AWS/Lambda Errors",
            {"FunctionName": "glow-prod-HeliusPriceWebhook"},
            0,
        ),
        ("broadcast-errors", "AWS/Lambda Errors", {"FunctionName": "glow-prod-BroadcastWorker"}, 0),
        (
            "connections-errors",
            "AWS/Lambda Errors",
            {"FunctionName": "glow-prod-PriceConnections"},
            0,
        ),
        (
            "edge-retry-errors",
            "AWS/Lambda Errors",
            {"FunctionName": "glow-prod-EdgeRetryWorker"},
            0,
        ),
        ("prices-errors", "AWS/Lambda Errors", {"FunctionName": "glow-prod-PriceApi"}, 0),
        ("candles-errors", "AWS/Lambda Errors", {"FunctionName": "glow-prod-CandleApi"}, 0),
        (
            "candle-roller-errors",
            "AWS/Lambda Errors",
            {"FunctionName": "glow-prod-CandleRoller"},
            0,
        ),
        ("later-errors", "AWS/Lambda Errors", {"FunctionName": "glow-prod-LaterWorker"}, 0),
        ("quotes-errors", "AWS/Lambda Errors", {"FunctionName": "glow-prod-QuoteCollector"}, 0),
        ("api-5xx", "AWS/ApiGateway 5xx", {"ApiId": "glow-rest-api-id"}, 0),
        ("refused", "Glow Refused", {"Stack": "glow-prod"}, 0),
        ("slow", "Glow WebhookTime", {"Stack": "glow-prod"}, 800),
        (
            "throttled",
            "AWS/Lambda Throttles",
            {"FunctionName": "glow-prod-HeliusPriceWebhook"},
            0,
        ),
        ("route-throttled", "Glow RouteThrottled", {"Stack": "glow-prod"}, 0),
        ("returned", "Glow Returned", {"Stack": "glow-prod"}, 0),
        ("quota", "AWS/ApiGateway MessageCount", {"ApiId": "glow-websocket-api-id"}, 480_000),
        ("discovery-errors", "AWS/Lambda Errors", {"FunctionName": "glow-prod-Discovery"}, 0),
        (
            "completion-errors",
            "AWS/Lambda Errors",
            {"FunctionName": "glow-prod-CompletionWorker"},
            0,
        ),
        ("holes-errors", "AWS/Lambda Errors", {"FunctionName": "glow-prod-HoleWatch"}, 0),
        ("route-mover-errors", "AWS/Lambda Errors", {"FunctionName": "glow-prod-RouteMover"}, 0),
        ("route-worker-errors", "AWS/Lambda Errors", {"FunctionName": "glow-prod-RouteWorker"}, 0),
    ],
)
def test_alarm_rings_within_a_minute(
    prod: Deployment, child: str, metric: str, dimensions: dict[str, str], threshold: int
) -> None:
    alarm = prod.named(f"glow-monitoring-{child}").inputs

    assert f"{alarm['namespace']} {alarm['metricName']}" == metric
    assert alarm["dimensions"] == dimensions
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanThreshold", threshold)
    assert (alarm["period"], alarm["evaluationPeriods"]) == (60, 1)
    assert alarm["treatMissingData"] == "notBreaching"


def test_one_in_a_hundred_slow_answers_is_what_the_webhook_is_judged_by(prod: Deployment) -> None:
    alarm = prod.named("glow-monitoring-slow").inputs

    assert alarm["extendedStatistic"] == "p99"
    assert "statistic" not in alarm


def test_alarms_of_a_path_ring_as_one_and_all_others_by_themselves(watched: Deployment) -> None:
    silent = {alarm.inputs["name"] for alarm in watched.of_type(ALARM) if not _rings(alarm.inputs)}
    groups = {
        each.name.removeprefix("glow-monitoring-"): each.inputs
        for each in watched.of_type(COMPOSITE)
    }

    assert {
        group: {name.removeprefix("glow-prod-") for name in _members(inputs)}
        for group, inputs in groups.items()
    } == OF_EACH_GROUP
    assert silent == {name for inputs in groups.values() for name in _members(inputs)}
    for inputs in groups.values():
        assert inputs["alarmActions"] == inputs["okActions"] == TOPIC


def test_what_lasts_until_somebody_acts_silences_no_path(watched: Deployment) -> None:
    for slug in ("dead-letters", "edge-retry-dead-letters", "later-dead-letters"):
        assert _rings(watched.named(f"glow-monitoring-{slug}").inputs)


def test_silence_is_an_alarm_only_where_config_says_so(
    prod: Deployment, watched: Deployment
) -> None:
    alarm = watched.named("glow-monitoring-no-trade").inputs

    assert "glow-monitoring-no-trade" not in {each.name for each in prod.of_type(ALARM)}
    assert (alarm["period"], alarm["evaluationPeriods"]) == (60, 10)
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("LessThanOrEqualToThreshold", 0)
    assert alarm["treatMissingData"] == "breaching"


def test_age_of_sol_usd_is_watched_where_it_is_asked_for() -> None:
    off = deploy(config={"jupiterRequestsPerMinute": "0"})
    on = deploy(config={"solUsdMaxAgeSeconds": "600"})

    assert "glow-monitoring-sol-usd" not in {each.name for each in off.of_type(ALARM)}
    assert on.named("glow-monitoring-sol-usd").inputs["threshold"] == 600


def test_hole_rings_as_long_as_its_token_has_one_at_each_turn() -> None:
    mints = {f"T{number:02}": f"{'m' * 42}{number + 11}" for number in range(25)}
    deployment = deploy(config={"tokens": json.dumps(mints)})
    alarm = deployment.named("glow-monitoring-holes").inputs

    assert f"{alarm['namespace']} {alarm['metricName']}" == "Glow Holes"
    assert (alarm["statistic"], alarm["threshold"], alarm["evaluationPeriods"]) == ("Sum", 0, 1)
    assert alarm["period"] == 2 * 3 * 300  # three runs of ten tokens
    assert "python -m ops backfill --since 3h" in alarm["alarmDescription"]
    assert _rings(alarm)


def test_holes_are_looked_for_where_there_is_a_node_to_ask() -> None:
    without = deploy(config={"RpcUrl": ""})
    names = {each.name for each in without.resources}

    assert not {"glow-holes-function", "glow-holes-schedule", "glow-monitoring-holes"} & names


@pytest.mark.parametrize(
    ("config", "aws_ms", "edge_ms"),
    [
        ({}, 1_000, 200),
        ({"alarms": '{"awsLatencyMs": 2000, "edgeLatencyMs": 40}'}, 4_000, 80),
        # Longer than that the webhook waits for no post.
        ({"alarms": '{"edgeLatencyMs": 300}'}, 1_000, 200),
    ],
)
def test_latency_is_judged_by_the_limits_that_ops_verify_has(
    config: Mapping[str, str], aws_ms: int, edge_ms: int
) -> None:
    stack = deploy(config=config)
    path_over_aws = stack.named("glow-monitoring-aws-latency").inputs
    edge = stack.named("glow-monitoring-edge-latency").inputs

    assert (path_over_aws["metricName"], path_over_aws["threshold"]) == ("DeliveryTime", aws_ms)
    assert (edge["metricName"], edge["threshold"]) == ("EdgePostTime", edge_ms)
    for alarm in (path_over_aws, edge):
        assert alarm["extendedStatistic"] == "p99"
        assert (alarm["period"], alarm["evaluationPeriods"]) == (300, 2)


def test_share_of_the_quota_follows_the_account() -> None:
    small = deploy(config={"accountRequestsPerSecond": "2500", "webhookRateLimit": "250",
                           "restRateLimit": "125", "websocketRateLimit": "125"})  # fmt: skip

    assert small.named("glow-monitoring-quota").inputs["threshold"] == 2_500 * 60 * 0.8


def test_every_alarm_has_a_section_of_the_runbook_and_every_section_an_alarm(
    watched: Deployment,
) -> None:
    linked = {
        _section(alarm.inputs) for kind in (ALARM, COMPOSITE) for alarm in watched.of_type(kind)
    }

    assert linked == set(_sections())


def test_mail_links_to_the_section_where_config_says_the_runbook_is_read(
    watched: Deployment,
) -> None:
    url = "https://git.example.com/glow/blob/main/docs/runbook.md"
    linking = deploy(config={"alarms": json.dumps({"runbookUrl": url})})

    for kind in (ALARM, COMPOSITE):
        for alarm in linking.of_type(kind):
            was = str(watched.named(alarm.name).inputs["alarmDescription"])
            said = was.replace("docs/runbook.md#", f"{url}#")
            assert (alarm.inputs["alarmDescription"], said != was) == (said, True)


def test_every_section_says_what_it_means_how_to_check_and_what_to_do() -> None:
    for name, text in _sections().items():
        found = re.findall(r"\*\*(Means|Check|Do)\.\*\*", text)
        assert found == ["Means", "Check", "Do"], name


def test_every_alarm_rings_for_its_cause_and_is_over_without_it(watched: Deployment) -> None:
    for alarm in alarms_of(watched):
        rings, ends = times_of(alarm)
        assert rings == alarm["period"] * alarm["evaluationPeriods"], alarm["name"]
        assert ends == alarm["period"], alarm["name"]


def test_runbook_tells_how_soon_each_alarm_rings(watched: Deployment) -> None:
    assert table(alarms_of(watched)) in RUNBOOK.read_text(), (
        f"Put there what this prints: {COMMAND}"
    )


def test_runbook_names_every_metric() -> None:
    named = set(re.findall(r"`([A-Z]\w+)[`.]", RUNBOOK.read_text()))
    own = {each.name for each in vars(metrics).values() if isinstance(each, metrics.Metric)}

    assert own <= named


def test_metrics_of_a_function_are_of_its_stack(prod: Deployment) -> None:
    publishing = ("webhook", "broadcast", "later", "edge-retry", "quotes", "holes")
    for function in (*publishing, "connections", "prices", "discovery", "candles"):
        told = prod.named(f"glow-{function}-function").inputs["environment"]
        assert told["variables"]["STACK"] == "glow-prod", function


def test_alarms_are_mailed_to_the_address_of_config(prod: Deployment) -> None:
    mailed = deploy(config={"alarmEmail": "oncall@example.com"})

    assert not prod.of_type("aws:sns/topicSubscription:TopicSubscription")
    assert mailed.named("glow-monitoring-email").inputs == {
        "topic": "arn:Topic:glow-prod-Alarms",
        "protocol": "email",
        "endpoint": "oncall@example.com",
    }


def test_budget_mails_before_it_is_used_up() -> None:
    config = {"alarms": '{"monthlyBudgetUsd": 200}', "alarmEmail": "oncall@example.com"}

    budget = deploy(config=config).named("glow-monitoring-budget").inputs

    assert (budget["name"], budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == (
        *("glow-prod", "200", "USD", "MONTHLY"),
    )
    assert [
        (each["notificationType"], each["comparisonOperator"], each["threshold"])
        for each in budget["notifications"]
    ] == [
        ("ACTUAL", "GREATER_THAN", 50),
        ("ACTUAL", "GREATER_THAN", 80),
        ("ACTUAL", "GREATER_THAN", 100),
        ("FORECASTED", "GREATER_THAN", 100),
    ]
    for each in budget["notifications"]:
        assert each["subscriberEmailAddresses"] == ["oncall@example.com"]
        assert each["thresholdType"] == "PERCENTAGE"


def test_stack_has_a_budget_only_where_config_says_how_much(prod: Deployment) -> None:
    assert not prod.of_type("aws:budgets/budget:Budget")


def _rings(inputs: Mapping[str, object]) -> bool:
    assert inputs["alarmActions"] == inputs["okActions"]
    return inputs["alarmActions"] == TOPIC


def _members(inputs: Mapping[str, object]) -> Iterator[str]:
    return iter(re.findall(r'ALARM\("([^"]+)"\)', str(inputs["alarmRule"])))


def _section(inputs: Mapping[str, object]) -> str:
    found = re.search(r"docs/runbook\.md#([\w-]+)$", str(inputs["alarmDescription"]))
    assert found is not None, inputs
    return found[1]


def _sections() -> Mapping[str, str]:
    """The text of each section by its heading."""
    _, *parts = re.split(r"^### (.+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))
