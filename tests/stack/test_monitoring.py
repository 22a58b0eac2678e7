"""The alarms: somebody is told when updates are lost, late or refused."""

import pytest

from tests.stack.recording import Deployment, deploy

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


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
        ("discovery-errors", "AWS/Lambda Errors", {"FunctionName": "glow-prod-Discovery"}, 0),
        (
            "completion-errors",
            "AWS/Lambda Errors",
            {"FunctionName": "glow-prod-CompletionWorker"},
            0,
        ),
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
    assert alarm["alarmActions"] == alarm["okActions"] == ["arn:Topic:glow-prod-Alarms"]


def test_alarms_are_mailed_to_the_address_of_config(prod: Deployment) -> None:
    mailed = deploy(config={"alarmEmail": "oncall@example.com"})

    assert not prod.of_type("aws:sns/topicSubscription:TopicSubscription")
    assert mailed.named("glow-monitoring-email").inputs == {
        "topic": "arn:Topic:glow-prod-Alarms",
        "protocol": "email",
        "endpoint": "oncall@example.com",
    }
