"""A table's stream and the mapping that reads it: switched on in place, refused without rights, read back."""

import json
from collections.abc import Mapping

import pytest

from local.provider.aws import Aws
from local.provider.aws.session import Session
from local.provider.resource import Resource, State
from local.provider.values import ARCHIVE, SIGNATURE, Properties, text

pytestmark = pytest.mark.cloud

TABLE: Properties = {
    "name": "streams",
    "billingMode": "PAY_PER_REQUEST",
    "hashKey": "token",
    "attributes": [{"name": "token", "type": "S"}],
}
WITH_STREAM: Properties = {**TABLE, "streamEnabled": True, "streamViewType": "NEW_IMAGE"}
TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"},
    }],
})  # fmt: skip
READING = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Allow",
        "Action": [
            "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ],
        "Resource": "arn:aws:dynamodb:*:*:table/streams/stream/*",
    }],
})  # fmt: skip
CODE: Properties = {
    SIGNATURE: ARCHIVE,
    "hash": "streams",
    "assets": {
        "main.py": {
            SIGNATURE: "c44067f5952c0a294b673a41bacd8c17",
            "hash": "main.py",
            "text": "handler = lambda event, context: {}",
        }
    },
}


@pytest.fixture(scope="module")
def kinds(aws_config: Properties) -> Mapping[str, Resource]:
    return Aws().connect(aws_config).resources


def test_stream_of_a_table_that_holds_rows_is_switched_on_and_off_in_place(
    kinds: Mapping[str, Resource], aws_config: Properties
) -> None:
    table = kinds["aws:dynamodb/table:Table"]
    dynamodb = Session.of(aws_config).dynamodb
    made = State(table.create({**TABLE, "name": "grown"}), {**TABLE, "name": "grown"})
    dynamodb.put_item(TableName="grown", Item={"token": {"S": "SOL"}})

    grown: Properties = {**WITH_STREAM, "name": "grown"}
    table.update(made, grown)
    on = table.read(made)
    table.update(State(made.id, grown), {**TABLE, "name": "grown"})
    off = table.read(made)

    assert (on["streamEnabled"], on["streamViewType"]) == (True, "NEW_IMAGE")
    assert ":table/grown/stream/" in text(on, "streamArn")
    assert not off["streamEnabled"]
    assert dynamodb.scan(TableName="grown")["Count"] == 1


def test_mapping_of_a_stream_wants_its_rights_and_is_read_back_as_it_was_made(
    kinds: Mapping[str, Resource],
) -> None:
    table = kinds["aws:dynamodb/table:Table"]
    stream = table.read(State(table.create(WITH_STREAM), WITH_STREAM))["streamArn"]
    role_kind = kinds["aws:iam/role:Role"]
    role_inputs: Properties = {"name": "reads-streams", "assumeRolePolicy": TRUST}
    role = State(role_kind.create(role_inputs), role_inputs)
    function = kinds["aws:lambda/function:Function"].create(
        {
            "name": "reads-streams",
            "role": role_kind.read(role)["arn"],
            "handler": "main.handler",
            "runtime": "python3.11",
            "code": CODE,
        }
    )
    mapping: Properties = {
        "eventSourceArn": stream,
        "functionName": function,
        "startingPosition": "TRIM_HORIZON",
        "batchSize": 500,
        "bisectBatchOnFunctionError": True,
        "destinationConfig": {
            "onFailure": {"destinationArn": "arn:aws:sqs:us-east-1:000000000000:failures"}
        },
        "filterCriteria": {"filters": [{"pattern": '{"eventName":["INSERT"]}'}]},
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "maximumBatchingWindowInSeconds": 1,
        "maximumRetryAttempts": 3,
        "parallelizationFactor": 2,
    }
    kind = kinds["aws:lambda/eventSourceMapping:EventSourceMapping"]

    with pytest.raises(ValueError, match=r"may not .*dynamodb:GetRecords"):
        kind.create(mapping)
    kinds["aws:iam/rolePolicy:RolePolicy"].create(
        {"name": "reads", "role": "reads-streams", "policy": READING}
    )
    made = State(kind.create(mapping), mapping)
    first = kind.read(made)
    kind.update(made, {**mapping, "maximumRetryAttempts": 4, "parallelizationFactor": 1})
    changed = kind.read(made)
    kind.delete(made)

    assert {name: first[name] for name in mapping} == mapping
    assert (changed["maximumRetryAttempts"], changed["parallelizationFactor"]) == (4, 1)
