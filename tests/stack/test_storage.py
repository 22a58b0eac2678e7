"""Tables and queues: what keeps trades from being lost."""

import json

import pytest

from functions.glow.queues.delays import retry_delay_seconds
from ops.redrive import LANES
from tests.stack.recording import Deployment, deploy

TABLE = "aws:dynamodb/table:Table"


@pytest.mark.parametrize(
    ("child", "name", "key"),
    [
        (
            "store-prices",
            "PriceTimeSeriesTable",
            {
                "hashKey": "token",
                "rangeKey": "id",
                "attributes": [{"name": "token", "type": "S"}, {"name": "id", "type": "S"}],
                "streamEnabled": True,
                "streamViewType": "NEW_IMAGE",
            },
        ),
        (
            "candles-table",
            "CandlesTable",
            {
                "hashKey": "series",
                "rangeKey": "time",
                "attributes": [{"name": "series", "type": "S"}, {"name": "time", "type": "S"}],
            },
        ),
        (
            "store-connections",
            "PriceConnectionsTable",
            {
                "hashKey": "pk",
                "rangeKey": "sk",
                "attributes": [{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}],
            },
        ),
        (
            "routing-routes",
            "RoutesTable",
            {"hashKey": "id", "attributes": [{"name": "id", "type": "S"}]},
        ),
    ],
)
def test_table_in_prod_is_guarded(
    prod: Deployment, child: str, name: str, key: dict[str, object]
) -> None:
    table = prod.named(f"glow-{child}")

    assert table.protect
    assert table.inputs == {
        "name": f"glow-prod-{name}",
        "billingMode": "PAY_PER_REQUEST",
        **key,
        "ttl": {"attributeName": "expiresAt", "enabled": True},
        "pointInTimeRecovery": {"enabled": True},
        "deletionProtectionEnabled": True,
    }


def test_tables_of_other_stacks_can_be_destroyed() -> None:
    for table in deploy("dev").of_type(TABLE):
        assert not table.protect
        assert table.inputs["deletionProtectionEnabled"] is False
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True}


def test_updates_are_in_order_within_a_token_and_fast_across_tokens(prod: Deployment) -> None:
    for queue in prod.of_type("aws:sqs/queue:Queue"):
        if any(name in queue.inputs["name"] for name in ("Later", "Completion", "Candle")):
            continue
        assert queue.inputs["fifoQueue"] is True
        assert queue.inputs["deduplicationScope"] == "messageGroup"
        assert queue.inputs["fifoThroughputLimit"] == "perMessageGroupId"
    assert prod.named("glow-queue-updates").inputs["contentBasedDeduplication"] is False


def test_queue_keeps_messages_for_as_long_as_sqs_can_and_encrypted(prod: Deployment) -> None:
    for queue in prod.of_type("aws:sqs/queue:Queue"):
        assert queue.inputs["messageRetentionSeconds"] == 14 * 24 * 60 * 60
        assert queue.inputs["sqsManagedSseEnabled"] is True


def test_message_for_later_has_a_delay_of_its_own_and_a_dead_letter_queue(
    prod: Deployment,
) -> None:
    later = prod.named("glow-later-queue-later").inputs
    dead = prod.named("glow-later-queue-dead-letters").inputs

    assert (later["name"], dead["name"]) == (
        "glow-prod-LaterQueue",
        "glow-prod-LaterDeadLetterQueue",
    )
    assert "fifoQueue" not in later  # a FIFO queue delays all of its messages or none
    assert later["visibilityTimeoutSeconds"] == 360
    assert json.loads(later["redrivePolicy"]) == {
        "deadLetterTargetArn": "arn:Queue:glow-prod-LaterDeadLetterQueue",
        "maxReceiveCount": 10,
    }
    feed = prod.named("glow-later-queue-to-worker").inputs
    assert feed["functionName"] == "arn:Function:glow-prod-LaterWorker"
    assert feed["functionResponseTypes"] == ["ReportBatchItemFailures"]


def test_order_of_a_completion_is_tried_for_ten_minutes(prod: Deployment) -> None:
    orders = prod.named("glow-completion-queue-completions").inputs

    assert orders["name"] == "glow-prod-CompletionQueue"
    assert "fifoQueue" not in orders
    tries = json.loads(orders["redrivePolicy"])["maxReceiveCount"]
    delays = [
        retry_delay_seconds(number, base_seconds=1, max_tries=tries) for number in range(1, tries)
    ]
    assert 540 <= sum(delays) <= 660
    feed = prod.named("glow-completion-queue-to-worker").inputs
    assert feed["functionName"] == "arn:Function:glow-prod-CompletionWorker"
    assert feed["scalingConfig"] == {"maximumConcurrency": 2}


def test_update_that_fails_ten_times_becomes_a_dead_letter_of_its_queue(
    prod: Deployment,
) -> None:
    updates, dead = prod.named("glow-queue-updates"), prod.named("glow-queue-dead-letters")
    allowed = prod.named("glow-queue-dead-letters-source").inputs

    assert json.loads(updates.inputs["redrivePolicy"]) == {
        "deadLetterTargetArn": f"arn:Queue:{dead.inputs['name']}",
        "maxReceiveCount": 10,
    }
    assert json.loads(allowed["redriveAllowPolicy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [f"arn:Queue:{updates.inputs['name']}"],
    }
    assert (updates.inputs["name"], dead.inputs["name"]) == (
        "glow-prod-BroadcastQueue.fifo",
        "glow-prod-BroadcastDeadLetterQueue.fifo",
    )


def test_update_that_the_edge_never_takes_becomes_a_dead_letter_of_its_queue() -> None:
    deployment = deploy(config={"edgeRetryTries": "4"})
    undelivered = deployment.named("glow-edge-retry-queue-debts").inputs
    dead = deployment.named("glow-edge-retry-queue-dead-letters").inputs

    assert json.loads(undelivered["redrivePolicy"]) == {
        "deadLetterTargetArn": "arn:Queue:glow-prod-EdgeRetryDeadLetterQueue.fifo",
        "maxReceiveCount": 4,
    }
    assert (undelivered["name"], dead["name"]) == (
        "glow-prod-EdgeRetryQueue.fifo",
        "glow-prod-EdgeRetryDeadLetterQueue.fifo",
    )


def test_task_of_a_change_of_route_outlasts_an_edge_that_is_away(prod: Deployment) -> None:
    tasks = prod.named("glow-route-queue-route-tasks").inputs
    dead = prod.named("glow-route-queue-dead-letters").inputs

    assert json.loads(tasks["redrivePolicy"]) == {
        "deadLetterTargetArn": "arn:Queue:glow-prod-RouteDeadLetterQueue.fifo",
        "maxReceiveCount": 20,
    }
    assert (tasks["name"], dead["name"]) == (
        "glow-prod-RouteQueue.fifo",
        "glow-prod-RouteDeadLetterQueue.fifo",
    )


def test_whatever_became_a_dead_letter_can_be_brought_back(prod: Deployment) -> None:
    dead = {name for name in prod.outputs if name.endswith("DeadLetterQueueUrl")}

    assert {lane.dead_letters_output for lane in LANES} == dead
    assert {lane.queue_output for lane in LANES} <= prod.outputs.keys()


@pytest.mark.parametrize(
    ("worker", "queue"),
    [
        ("broadcast", "queue-updates"),
        ("edge-retry", "edge-retry-queue-debts"),
        ("route-worker", "route-queue-route-tasks"),
    ],
)
def test_queue_hides_updates_six_times_as_long_as_the_worker_runs(
    prod: Deployment, worker: str, queue: str
) -> None:
    worker_timeout = prod.named(f"glow-{worker}-function").inputs["timeout"]

    visibility = prod.named(f"glow-{queue}").inputs["visibilityTimeoutSeconds"]

    assert visibility >= 6 * worker_timeout


def test_worker_takes_batches_and_returns_only_what_failed() -> None:
    deployment = deploy(config={"broadcastConcurrency": "7"})

    assert deployment.named("glow-queue-to-worker").inputs == {
        "eventSourceArn": "arn:Queue:glow-prod-BroadcastQueue.fifo",
        "functionName": "arn:Function:glow-prod-BroadcastWorker",
        "batchSize": 10,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "scalingConfig": {"maximumConcurrency": 7},
    }


def test_candles_are_told_of_each_price_and_what_fails_holds_nothing_up(prod: Deployment) -> None:
    feed = prod.named("glow-candles-to-roller").inputs

    (pattern,) = [json.loads(each["pattern"]) for each in feed.pop("filterCriteria")["filters"]]
    assert pattern == {"dynamodb": {"NewImage": {"price": {"N": [{"exists": True}]}}}}
    assert feed == {
        "eventSourceArn": "arn:stream:glow-prod-PriceTimeSeriesTable",
        "functionName": "arn:Function:glow-prod-CandleRoller",
        "startingPosition": "TRIM_HORIZON",
        "batchSize": 2_000,
        "maximumBatchingWindowInSeconds": 5,
        "parallelizationFactor": 1,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "bisectBatchOnFunctionError": True,
        "maximumRetryAttempts": 20,
        "destinationConfig": {
            "onFailure": {"destinationArn": "arn:Queue:glow-prod-CandleFailuresQueue"}
        },
    }
