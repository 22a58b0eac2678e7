"""The emulator's mappings of streams: what fails is halved, tried again, and set aside alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

from local.cloud import LocalCloud
from tests.bootstrap.lambdas import archive, create_function
from tests.local.aws import Aws
from tests.local.wire import wait_for

pytestmark = pytest.mark.cloud

# Notes each batch in a file of its own, and reports the record "poison" as failed.
CODE = """
import json, os, pathlib, time

def handler(event, context):
    records = [record["dynamodb"] for record in event["Records"]]
    ids = [record["Keys"]["id"]["S"] for record in records]
    path = pathlib.Path(os.environ["FOLDER"]) / str(time.monotonic_ns())
    path.with_suffix(".new").write_text(json.dumps(ids))
    path.with_suffix(".new").rename(path.with_suffix(".json"))
    failed = [record["SequenceNumber"] for record, id in zip(records, ids) if id == "poison"]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
"""


@dataclass(frozen=True)
class Stage(Aws):
    """A table whose changes a function hears, and the queue of what it did not take."""

    folder: Path

    def put(self, *ids: str) -> None:
        for each in ids:
            item = {"id": {"S": each}, "price": {"N": "1"}}
            self.client("dynamodb").put_item(TableName="changes", Item=item)

    def batches(self) -> list[list[str]]:
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]

    def failures(self, queue: str) -> list[dict[str, Any]]:
        received = self.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    folder = tmp_path / "batches"
    folder.mkdir()
    with LocalCloud(tmp_path / "cloud", aws_port=0, worker_port=0, stand_ins=()) as cloud:
        stage = Stage(Session(), cloud.aws_url, folder)
        stage.client("dynamodb").create_table(
            TableName="changes",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        create_function(stage, "hears", archive(CODE), variables={"FOLDER": str(folder)})
        yield stage


def test_record_that_always_fails_is_set_aside_alone_and_the_others_are_taken(
    stage: Stage,
) -> None:
    queue = stage.client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    arn = stage.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    stream = stage.client("dynamodb").describe_table(TableName="changes")["Table"]
    others = [f"id{number}" for number in range(6)]
    stage.put(*others[:3], "poison", *others[3:])
    stage.client("dynamodb").delete_item(TableName="changes", Key={"id": {"S": "id0"}})

    stage.client("lambda").create_event_source_mapping(
        EventSourceArn=stream["LatestStreamArn"],
        FunctionName="hears",
        StartingPosition="TRIM_HORIZON",
        BatchSize=100,
        MaximumBatchingWindowInSeconds=1,
        MaximumRetryAttempts=2,
        BisectBatchOnFunctionError=True,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={
            "Filters": [{"Pattern": '{"dynamodb":{"NewImage":{"price":{"N":[{"exists":true}]}}}}'}]
        },
        DestinationConfig={"OnFailure": {"Destination": arn["Attributes"]["QueueArn"]}},
    )

    (failure,) = wait_for(lambda: stage.failures(queue), bool, "what failed to be set aside")
    stage.put("after")
    batches = wait_for(stage.batches, lambda all_: ["after"] in all_, "the next change")
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert failure["DDBStreamBatchInfo"]["batchSize"] == 1
    assert batches[0] == [*others[:3], "poison", *others[3:]]  # the removal is no price
    assert batches.count(["poison"]) == 3
    assert {each for batch in batches for each in batch} == {*others, "poison", "after"}
