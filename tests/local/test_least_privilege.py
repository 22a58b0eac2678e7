"""Each function's role allows what the function does, and nothing that it never does.

The emulator evaluates every call against the caller's role (AUTH=true), so a missing right breaks
the stream. Here the other half: each right that a role grants was used while the stack ran. The
webhook uses all of its own only where the edge is on and does not answer, those that carry out a
change of route only where clients have to move.
"""

import json
import time
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session

from functions.glow.prices.row import Details
from functions.glow.prices.table import PriceTable
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import EdgeHealth
from functions.glow.routing.table import RouteTable
from functions.glow.update import Update
from local.cloud import LocalCloud
from local.stack import LocalStack
from tests.functions.chain import Chain
from tests.functions.node import KEY, a_swap, a_trimmed_swap
from tests.local.aws import Aws
from tests.local.rights import allowed_actions, role_of, statements, used_actions
from tests.local.wire import Listeners, Wire, a_trade, wait_for
from tests.serving import serving

BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"  # the stand-in for Jupiter knows it
RECORDED_MINT = "DgWA3F1w6fzhf4jtphvBAcSqbK9iXHqmMRH6Sr1Gpump"  # of the swap that came trimmed
HELD = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"  # traded, so that it may have a hole
# Done by the Lambda service with the function's role, never by the function's own code.
BY_LAMBDA_ITSELF = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
# It tells a queue, with the function's role too, what of a stream the function did not take.
REPORTED_BY_LAMBDA = {"candle-roller": {"sqs:SendMessage"}}
# The emulator's CloudTrail does not record these: a message that arrived, a socket that closed.
BY_POST_TO_CONNECTION = {"execute-api:ManageConnections"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    root = tmp_path_factory.mktemp("rights")
    with LocalCloud(root, aws_port=0, worker_port=0, records_calls=True) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with serving(Chain([], is_plain=True)) as chain:
        yield chain


@pytest.fixture(scope="module")
def stack(cloud: LocalCloud, chain: Chain) -> LocalStack:
    stack = LocalStack(cloud)
    stack.prepare()
    stack.config_set("RpcUrl", chain.url, secret=True)  # or nobody would ask the chain
    stack.up()
    return stack


@pytest.fixture(scope="module")
def outputs(stack: LocalStack) -> dict[str, Any]:
    return stack.outputs()


@pytest.fixture(scope="module")
def aws(cloud: LocalCloud) -> Aws:
    return Aws(Session(), cloud.aws_url)


@pytest.fixture
async def listeners(wire: Wire) -> AsyncIterator[Listeners]:
    async with Listeners(wire) as opened:
        yield opened


@pytest.fixture(scope="module")
def wire(stack: LocalStack, outputs: dict[str, Any]) -> Wire:
    return Wire(outputs["RestApiUrl"], outputs["WebSocketUrl"], stack.webhook_key())


@pytest.fixture(scope="module")
def completed(wire: Wire, aws: Aws, outputs: dict[str, Any], chain: Chain) -> None:
    """A trade that came trimmed was asked for at the chain, which failed at first. It agrees with a
    suspect that nobody else looks at, and releases it. Beside it a poison record."""
    now = int(time.time())
    signature, before = f"Completed{now}", f"Before{now}"
    usual, suspect = (
        Update(RECORDED_MINT, Decimal(price), now, slot, f"{before}{slot}")
        for slot, price in enumerate(("0.0025", "5.5e-8"))
    )
    prices = PriceTable(aws.client("dynamodb"), str(outputs["PriceTableName"]))
    details = [Details(), Details(jumped_from=usual.price)]
    prices.append_all([usual, suspect], details, now=now, retention_seconds=3_600)
    chain.history = [a_swap(signature, now=now)]
    chain.faults = [None, (503, b"")]

    answer = wire.post([a_trimmed_swap(signature, now=now)])
    assert [skip["reason"] for skip in answer.json()["skipped"]] == ["trimmed"]
    aws.client("sqs").send_message(
        QueueUrl=str(outputs["CompletionQueueUrl"]), MessageBody="poison"
    )

    wait_for(
        lambda: wire.get(f"/tokens/{RECORDED_MINT}/price").json(),
        lambda price: price.get("txSignature") == signature,
        "the trade that came trimmed",
    )
    dead = str(outputs["CompletionDeadLetterQueueUrl"])
    wait_for(lambda: aws.queued(dead), bool, "the poison record")


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("completed")
async def test_every_right_of_every_role_is_used(
    cloud: LocalCloud,
    stack: LocalStack,
    wire: Wire,
    aws: Aws,
    outputs: dict[str, Any],
    chain: Chain,
    listeners: Listeners,
) -> None:
    _ask_for_tokens_that_are_not_listed(wire)
    _list_tokens(stack)
    _look_for_holes(wire, aws, outputs["FunctionNames"]["holes"], chain)
    cloud.stop_cloudflare()  # so that the webhook falls back to both queues
    await _use_everything(wire, aws, outputs, listeners)
    await _hear_a_quote(aws, outputs, listeners)
    await _fall_behind_and_catch_up(wire, aws, outputs, listeners)
    _have_the_edge_marked_down_and_well_again(cloud, wire, aws, outputs)
    await _move_everybody(aws, outputs, listeners)
    unused: dict[str, set[str]] = {}
    posted: set[str] = set()

    for child, name in outputs["FunctionNames"].items():
        function = aws.client("lambda").get_function_configuration(FunctionName=name)
        allowed = allowed_actions(aws, function["Role"])
        assert {"logs:CreateLogStream", "logs:PutLogEvents"} <= allowed, name
        if allowed & BY_POST_TO_CONNECTION:
            posted.add(name)
        used = used_actions(aws, function["FunctionArn"], function["Role"])
        by_lambda = BY_LAMBDA_ITSELF | REPORTED_BY_LAMBDA.get(child, set())
        unused[name] = allowed - used - by_lambda - BY_POST_TO_CONNECTION

    assert {name: actions for name, actions in unused.items() if actions} == {}
    names = outputs["FunctionNames"]
    posting = ("broadcast", "connections", "later", "route-worker")
    assert posted == {names[name] for name in posting}
    for consumer in ("broadcast", "completion", "edge-retry", "later", "route-worker"):
        assert {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
        } <= allowed_actions(aws, role_of(aws, names[consumer]))


@pytest.mark.usefixtures("completed")
def test_key_of_the_node_is_in_no_log_no_state_and_no_output(
    cloud: LocalCloud, stack: LocalStack, wire: Wire, aws: Aws, outputs: dict[str, Any]
) -> None:
    """Nor is the webhook's. Both are in the environment of functions, which have logged by now."""
    functions = _logs_of_functions(aws)
    assert "completion_postponed" in "".join(functions.values())
    logs = {path.name: path.read_text() for path in cloud.root.rglob("*.log")}
    state = {"state": stack.run("stack", "export"), "outputs": json.dumps(outputs)}

    tells = {
        where
        for where, text in (functions | logs | state).items()
        if KEY in text or wire.key in text
    }

    assert tells == set()


def test_no_role_allows_a_wildcard(aws: Aws, outputs: dict[str, Any]) -> None:
    for name in outputs["FunctionNames"].values():
        for statement in statements(aws, role_of(aws, name)):
            for resource in statement["Resource"]:
                assert resource.startswith("arn:aws:"), (name, resource)
                assert resource.split(":", 5)[5] != "*", (name, resource)
            assert not any("*" in action for action in statement["Action"]), name


def test_webhook_may_write_the_health_and_tokens_and_nothing_else_of_the_routes(
    cloud: LocalCloud, aws: Aws, outputs: dict[str, Any]
) -> None:
    table = str(outputs["RoutesTableName"])
    webhook = _client_with_rights_of(aws, cloud.aws_url, outputs["FunctionNames"]["webhook"])
    policy = RouteTable(aws.client("dynamodb"), table).read()

    def set_attribute(name: str, key: str = "ROUTING", **options: str) -> None:
        webhook.update_item(
            TableName=table,
            Key={"id": {"S": key}},
            UpdateExpression="SET #name = :value",
            ConditionExpression="attribute_exists(#name) OR attribute_not_exists(#name)",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": EdgeHealth().to_json()}},
            **options,
        )

    def put_row(key: str) -> None:
        row = {"id": {"S": key}, "expiresAt": {"N": "1"}}
        webhook.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": row}}]})

    set_attribute("health")
    put_row("TOKEN#RIGHTS")
    for refused in (
        lambda: set_attribute("current"),
        lambda: set_attribute("health", ReturnValues="ALL_OLD"),
        lambda: set_attribute("health", key="TOKEN#RIGHTS"),
        lambda: put_row("ROUTING"),
        lambda: webhook.delete_item(TableName=table, Key={"id": {"S": "ROUTING"}}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()

    after = RouteTable(aws.client("dynamodb"), table).read()
    assert policy is not None
    assert after is not None
    assert after.current == policy.current


def _ask_for_tokens_that_are_not_listed(wire: Wire) -> None:
    """Which there are, and which clients are surely told, stands in the table only then."""
    assert wire.get("/tokens").status_code == 200
    assert wire.get("/connect?tokens=RIGHTS,OTHER").status_code == 200


def _list_tokens(stack: LocalStack) -> None:
    """Only listed tokens are quoted, and compared with the chain."""
    names = ("RIGHTS", "SUSPECT", "BEHIND", BONK, HELD)
    stack.config_set("tokens", json.dumps({f"T{index}": name for index, name in enumerate(names)}))
    stack.up()


def _look_for_holes(wire: Wire, aws: Aws, function: str, chain: Chain) -> None:
    wire.send(a_trade(), token=HELD)
    chain.asked.clear()

    done = aws.client("lambda").invoke(FunctionName=function, Payload="{}")

    assert "FunctionError" not in done, done["Payload"].read()
    assert [request["method"] for request in chain.asked] == ["getSignaturesForAddress"]


async def _use_everything(
    wire: Wire, aws: Aws, outputs: dict[str, Any], listeners: Listeners
) -> None:
    """Every path of every function once: also a poison record, `latest`, a gone connection."""
    trade = a_trade()
    listener = await listeners.subscribed("RIGHTS")
    newest_only = await listeners.subscribed("RIGHTS", delivery="latest")
    table = str(outputs["ConnectionsTableName"])
    aws.client("dynamodb").put_item(
        TableName=table,
        Item={
            "pk": {"S": "TOKEN#RIGHTS"},
            "sk": {"S": "gone0123456789ab"},
            "expiresAt": {"N": "9999999999"},
        },
    )
    wire.send(trade, token="RIGHTS")
    wire.send(trade, token="RIGHTS")
    await listener.hear_trade(trade)
    await newest_only.hear_trade(trade)
    await _release_a_suspect(wire, listeners)
    aws.client("sqs").send_message(
        QueueUrl=str(outputs["BroadcastQueueUrl"]),
        MessageBody="poison",
        MessageGroupId="RIGHTS",
        MessageDeduplicationId="rights-poison",
    )
    aws.client("sqs").send_message(
        QueueUrl=str(outputs["EdgeRetryQueueUrl"]),
        MessageBody="poison",
        MessageGroupId="RIGHTS2",
        MessageDeduplicationId="rights-poison",
    )
    aws.client("sqs").send_message(
        QueueUrl=str(outputs["RouteQueueUrl"]),
        MessageBody="poison",
        MessageGroupId="RIGHTS3",
        MessageDeduplicationId="rights-poison",
    )
    aws.client("sqs").send_message(QueueUrl=str(outputs["LaterQueueUrl"]), MessageBody="poison")
    lanes = ("Broadcast", "EdgeRetry", "Later", "Route")
    dead = [outputs[f"{lane}DeadLetterQueueUrl"] for lane in lanes]
    wait_for(lambda: [aws.queued(url) for url in dead], all, "every poison record")
    await listener.say({"action": "unsubscribePrice", "token": "RIGHTS"})
    await listener.hear_type("UNSUBSCRIBED")
    assert wire.get("/tokens/RIGHTS/price").status_code == 200
    assert wire.get("/tokens/RIGHTS/candles?interval=1d").json()["candles"]
    rolled = {
        "series": {"S": "RIGHTS#1d"},
        "time": {"S": f"{trade['timestamp'] // 86_400 * 86_400}"},
    }
    candles = str(outputs["CandlesTableName"])
    wait_for(
        lambda: aws.client("dynamodb").get_item(TableName=candles, Key=rolled).get("Item"),
        bool,
        "the roll-up",
    )
    assert wire.get("/tokens").status_code == 200
    assert wire.get("/connect/RIGHTS").status_code == 200
    assert wire.get("/connect?tokens=RIGHTS,OTHER").status_code == 200
    async with Listeners(wire) as leaving:
        await leaving.subscribed("RIGHTS")
    wait_for(
        lambda: [row["sk"]["S"] for row in aws.connection_rows(table) if "RIGHTS" in str(row)],
        lambda rows: "gone0123456789ab" not in rows and len(rows) <= 2,
        "the connection that left to be forgotten",
    )


async def _hear_a_quote(aws: Aws, outputs: dict[str, Any], listeners: Listeners) -> None:
    listener = await listeners.subscribed(BONK)
    aws.client("lambda").invoke(FunctionName=outputs["FunctionNames"]["quotes"], Payload="{}")
    await listener.hear(lambda heard: bool(heard.updates), "the quote")


async def _release_a_suspect(wire: Wire, listeners: Listeners) -> None:
    """A price that nothing contradicts is heard after 10 s; one that the next agrees with, then."""
    listener = await listeners.subscribed("SUSPECT")
    usual, far, agrees, farther = (
        a_trade(lamports=lamports)
        for lamports in (2_500_000_000, 250_000_000_000, 260_000_000_000, 26_000_000_000_000)
    )
    wire.send(usual, token="SUSPECT")
    await listener.hear_trade(usual)
    answer = wire.send(far, token="SUSPECT")
    assert [skip["reason"] for skip in answer["skipped"]] == ["suspect"]
    wire.send(agrees, token="SUSPECT")
    await listener.hear_trade(agrees)
    wire.send(farther, token="SUSPECT")
    await listener.hear_trade(farther)
    trades = (usual, far, agrees, farther)
    assert listener.signatures() == [trade["txSignature"] for trade in trades]


async def _fall_behind_and_catch_up(
    wire: Wire, aws: Aws, outputs: dict[str, Any], listeners: Listeners
) -> None:
    """A listener misses a trade, and one that left too. Both workers fail once before they mend it."""
    functions, table = outputs["FunctionNames"], str(outputs["ConnectionsTableName"])
    listener = await listeners.subscribed("BEHIND")
    trade = a_trade()
    with _postponing(aws, functions["broadcast"], "fan-out"):
        wire.send(trade, token="BEHIND")
    await listener.hear_trade(trade)

    [row] = [row for row in aws.connection_rows(table) if row["pk"]["S"] == "TOKEN#BEHIND"]
    behind = {"behind": {"S": "1750000000-000000000001-a"}, "failingSinceMs": {"N": "1"}}
    gone = {**row, "sk": {"S": "gone0123456789ab"}}
    for each in (row, gone):
        aws.client("dynamodb").put_item(TableName=table, Item={**each, **behind})
    ids = [row["sk"]["S"], gone["sk"]["S"]]
    message = {"kind": "catch_up", "token": "BEHIND", "connections": ids}
    with _postponing(aws, functions["later"], "catch-up"):
        aws.client("sqs").send_message(
            QueueUrl=str(outputs["LaterQueueUrl"]), MessageBody=json.dumps(message)
        )
    await listener.hear_type("GAP")
    wait_for(
        lambda: [row for row in aws.connection_rows(table) if row["pk"]["S"] == "TOKEN#BEHIND"],
        lambda rows: rows == [row],
        "the mark to go, and the connection that left to be forgotten",
    )


@contextmanager
def _postponing(aws: Aws, function: str, grant: str) -> Generator[None]:
    """Take a right away until the function has postponed what it cannot do without it."""
    iam, role = aws.client("iam"), role_of(aws, function).rsplit("/", 1)[-1]
    document = iam.get_role_policy(RoleName=role, PolicyName=grant)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=grant)
    yield
    configuration = aws.client("lambda").get_function_configuration(FunctionName=function)
    wait_for(
        lambda: used_actions(aws, configuration["FunctionArn"], configuration["Role"]),
        lambda used: "sqs:ChangeMessageVisibility" in used,
        f"{function} to postpone a message",
    )
    text = document if isinstance(document, str) else json.dumps(document)
    iam.put_role_policy(RoleName=role, PolicyName=grant, PolicyDocument=text)


def _have_the_edge_marked_down_and_well_again(
    cloud: LocalCloud, wire: Wire, aws: Aws, outputs: dict[str, Any]
) -> None:
    def health() -> str:
        wire.send(a_trade(), token="RIGHTS")
        row = aws.client("dynamodb").get_item(
            TableName=outputs["RoutesTableName"], Key={"id": {"S": "ROUTING"}}
        )["Item"]
        return json.loads(row.get("health", {"S": "{}"})["S"]).get("edge", "well")

    wait_for(health, lambda state: state == "down", "the edge to be marked as down")
    cloud.start_cloudflare()
    wait_for(health, lambda state: state == "recovering", "the edge to be marked as well")


async def _move_everybody(aws: Aws, outputs: dict[str, Any], listeners: Listeners) -> None:
    """Take the region from AWS: who listens there is told, and let go when the grace is over."""
    listener = await listeners.subscribed("RIGHTS")
    policy = Policy(edge_is_on=True).to_json()
    aws.client("lambda").invoke(
        FunctionName=outputs["FunctionNames"]["route-mover"],
        Payload=json.dumps({"policy": policy}),
    )
    assert (await listener.hear_type("MOVED"))["path"] == "edge"
    wait_for(
        lambda: list(aws.connection_rows(outputs["ConnectionsTableName"])),
        lambda rows: "TOKEN#RIGHTS" not in str(rows),
        "the subscriptions to end",
    )


def _client_with_rights_of(aws: Aws, url: str, function: str) -> Any:
    """DynamoDB as somebody else sees it who has the rights of `function`."""
    iam, role = aws.client("iam"), role_of(aws, function).rsplit("/", 1)[-1]
    iam.create_user(UserName="somebody")
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        text = document if isinstance(document, str) else json.dumps(document)
        iam.put_user_policy(UserName="somebody", PolicyName=policy, PolicyDocument=text)
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    return aws.session.create_client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def _logs_of_functions(aws: Aws) -> dict[str, str]:
    """All that each of them has logged, by its log group."""
    logs = aws.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    return {
        group: "".join(
            event["message"]
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            for event in page["events"]
        )
        for group in groups
    }
