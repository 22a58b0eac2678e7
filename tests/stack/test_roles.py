"""Each function has the rights that it uses, on what it uses, and no others."""

import json

import pytest

from components.aws.schedule import trust_of
from tests.stack.recording import Deployment, deploy

PRICES = "arn:Table:glow-prod-PriceTimeSeriesTable"
CHANGES = "arn:Table:glow-prod-PriceTimeSeriesTable/stream/*"
CANDLES = "arn:Table:glow-prod-CandlesTable"
CANDLE_FAILURES = "arn:Queue:glow-prod-CandleFailuresQueue"
CONNECTIONS = "arn:Table:glow-prod-PriceConnectionsTable"
QUEUE = "arn:Queue:glow-prod-BroadcastQueue.fifo"
DEAD_LETTERS = "arn:Queue:glow-prod-BroadcastDeadLetterQueue.fifo"
UNDELIVERED = "arn:Queue:glow-prod-EdgeRetryQueue.fifo"
UNDELIVERABLE = "arn:Queue:glow-prod-EdgeRetryDeadLetterQueue.fifo"
ROUTES = "arn:Table:glow-prod-RoutesTable"
ROUTE_TASKS = "arn:Queue:glow-prod-RouteQueue.fifo"
DEAD_ROUTE_TASKS = "arn:Queue:glow-prod-RouteDeadLetterQueue.fifo"
POST = "arn:execute-api:glow-prod-WebSocketApi/live/POST/@connections/*"
ASK = "arn:execute-api:glow-prod-WebSocketApi/live/GET/@connections/*"
LATER = "arn:Queue:glow-prod-LaterQueue"
DEAD_LATER = "arn:Queue:glow-prod-LaterDeadLetterQueue"
COMPLETIONS = "arn:Queue:glow-prod-CompletionQueue"
DEAD_COMPLETIONS = "arn:Queue:glow-prod-CompletionDeadLetterQueue"
SCHEDULES = {"QuoteSchedule": "QuoteCollector", "HoleSchedule": "HoleWatch"}
DISCONNECT = "arn:execute-api:glow-prod-WebSocketApi/live/DELETE/@connections/*"


def logs(function: str) -> dict[str, set[str]]:
    stream = f"arn:LogGroup:/aws/lambda/glow-prod-{function}:*"
    return {stream: {"logs:CreateLogStream", "logs:PutLogEvents"}}


RIGHTS = {
    "HeliusPriceWebhook": {
        PRICES: {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        QUEUE: {"sqs:SendMessage"},
        LATER: {"sqs:SendMessage"},
        COMPLETIONS: {"sqs:SendMessage"},
        UNDELIVERED: {"sqs:SendMessage"},
        ROUTES: {"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:UpdateItem"},
        ROUTE_TASKS: {"sqs:SendMessage"},
    },
    "CompletionWorker": {
        COMPLETIONS: {
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        },
        DEAD_COMPLETIONS: {"sqs:SendMessage"},
        PRICES: {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        QUEUE: {"sqs:SendMessage"},
        LATER: {"sqs:SendMessage"},
        UNDELIVERED: {"sqs:SendMessage"},
        ROUTES: {"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:UpdateItem"},
        ROUTE_TASKS: {"sqs:SendMessage"},
    },
    "EdgeRetryWorker": {
        UNDELIVERED: {
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        },
        UNDELIVERABLE: {"sqs:SendMessage"},
    },
    "BroadcastWorker": {
        QUEUE: {
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        },
        DEAD_LETTERS: {"sqs:SendMessage"},
        LATER: {"sqs:SendMessage"},
        PRICES: {"dynamodb:Query"},
        CONNECTIONS: {
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        },
        POST: {"execute-api:ManageConnections"},
        ASK: {"execute-api:ManageConnections"},
    },
    "LaterWorker": {
        LATER: {
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        },
        DEAD_LATER: {"sqs:SendMessage"},
        PRICES: {"dynamodb:Query", "dynamodb:UpdateItem"},
        QUEUE: {"sqs:SendMessage"},
        UNDELIVERED: {"sqs:SendMessage"},
        ROUTES: {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        ROUTE_TASKS: {"sqs:SendMessage"},
        CONNECTIONS: {
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:UpdateItem",
        },
        POST: {"execute-api:ManageConnections"},
        ASK: {"execute-api:ManageConnections"},
        DISCONNECT: {"execute-api:ManageConnections"},
    },
    "QuoteCollector": {
        PRICES: {"dynamodb:PutItem", "dynamodb:Query"},
        QUEUE: {"sqs:SendMessage"},
        UNDELIVERED: {"sqs:SendMessage"},
        ROUTES: {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        ROUTE_TASKS: {"sqs:SendMessage"},
    },
    "PriceConnections": {
        CONNECTIONS: {
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        },
        PRICES: {"dynamodb:Query"},
        ROUTES: {"dynamodb:GetItem"},
        POST: {"execute-api:ManageConnections"},
        DISCONNECT: {"execute-api:ManageConnections"},
    },
    "HoleWatch": {PRICES: {"dynamodb:Query"}},
    "PriceApi": {PRICES: {"dynamodb:Query"}},
    "CandleApi": {
        PRICES: {"dynamodb:Query"},
        CANDLES: {"dynamodb:Query"},
        ROUTES: {"dynamodb:Scan"},
    },
    "CandleRoller": {
        CHANGES: {
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        },
        PRICES: {"dynamodb:Query"},
        CANDLES: {"dynamodb:PutItem", "dynamodb:Query"},
        CANDLE_FAILURES: {"sqs:SendMessage"},
    },
    "Discovery": {ROUTES: {"dynamodb:BatchGetItem", "dynamodb:GetItem"}},
    "RouteMover": {
        ROUTES: {"dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"},
        ROUTE_TASKS: {"sqs:SendMessage"},
    },
    "RouteWorker": {
        ROUTES: {"dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"},
        CONNECTIONS: {"dynamodb:BatchWriteItem", "dynamodb:Scan", "dynamodb:UpdateItem"},
        PRICES: {"dynamodb:Query"},
        ROUTE_TASKS: {
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        },
        DEAD_ROUTE_TASKS: {"sqs:SendMessage"},
        POST: {"execute-api:ManageConnections"},
        DISCONNECT: {"execute-api:ManageConnections"},
    },
}


@pytest.mark.parametrize("function", RIGHTS)
def test_function_has_exactly_its_rights(prod: Deployment, function: str) -> None:
    granted: dict[str, set[str]] = {}
    for policy in prod.of_type("aws:iam/rolePolicy:RolePolicy"):
        if policy.inputs["role"] == f"glow-prod-{function}":
            for statement in json.loads(policy.inputs["policy"])["Statement"]:
                assert statement["Effect"] == "Allow"
                for resource in statement["Resource"]:
                    granted.setdefault(resource, set()).update(statement["Action"])

    assert granted == RIGHTS[function] | logs(function)


def conditions(deployment: Deployment, action: str) -> dict[str, list[object]]:
    """The conditions under which each function may do `action` on the table of routes."""
    found: dict[str, list[object]] = {}
    for policy in deployment.of_type("aws:iam/rolePolicy:RolePolicy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            if statement["Resource"] == [ROUTES] and action in statement["Action"]:
                role = policy.inputs["role"].removeprefix("glow-prod-")
                found.setdefault(role, []).append(statement["Condition"])
    return found


def test_publishers_may_write_nothing_of_the_routing_item_but_the_health(prod: Deployment) -> None:
    whole = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["ROUTING"]}}
    quotes = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["QUOTES", "SOL_USD"]}}
    health = {
        "ForAllValues:StringEquals": {
            "dynamodb:LeadingKeys": ["ROUTING"],
            "dynamodb:Attributes": ["id", "health"],
        },
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]},
    }

    assert conditions(prod, "dynamodb:UpdateItem") == {
        "CompletionWorker": [health],
        "HeliusPriceWebhook": [health],
        "LaterWorker": [health],
        "QuoteCollector": [quotes, health],
        "RouteMover": [whole],
        "RouteWorker": [whole],
    }
    tokens = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["TOKEN#*"]}}
    assert conditions(prod, "dynamodb:BatchWriteItem") == {
        "CompletionWorker": [tokens],
        "HeliusPriceWebhook": [tokens],
    }
    assert conditions(prod, "dynamodb:PutItem") == {}


def test_only_its_service_takes_on_a_role(prod: Deployment) -> None:
    roles = prod.of_type("aws:iam/role:Role")

    services = {f"glow-prod-{name}": "lambda" for name in RIGHTS}
    services |= {f"glow-prod-{name}": "scheduler" for name in SCHEDULES}
    assert {role.inputs["name"] for role in roles} == services.keys()
    for role in roles:
        (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert trust["Principal"] == {"Service": f"{services[role.inputs['name']]}.amazonaws.com"}
        assert trust["Action"] == "sts:AssumeRole"


@pytest.mark.parametrize(("name", "function"), SCHEDULES.items())
def test_schedule_may_call_its_function_and_do_nothing_else(
    prod: Deployment, name: str, function: str
) -> None:
    (policy,) = [
        each
        for each in prod.of_type("aws:iam/rolePolicy:RolePolicy")
        if each.inputs["role"] == f"glow-prod-{name}"
    ]
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    (schedule,) = [
        each
        for each in prod.of_type("aws:scheduler/schedule:Schedule")
        if each.inputs["name"] == f"glow-prod-{name}"
    ]

    assert statement == {
        "Effect": "Allow",
        "Action": ["lambda:InvokeFunction"],
        "Resource": [f"arn:Function:glow-prod-{function}"],
    }
    assert policy.urn in schedule.depends_on
    assert schedule.inputs["flexibleTimeWindow"] == {"mode": "OFF"}
    assert schedule.inputs["target"] == {
        "arn": f"arn:Function:glow-prod-{function}",
        "roleArn": f"arn:Role:glow-prod-{name}",
        "retryPolicy": {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 0},
    }


def test_jupiter_is_asked_every_minute(prod: Deployment) -> None:
    schedule = prod.named("glow-quotes-schedule").inputs

    assert (schedule["scheduleExpression"], schedule["state"]) == ("rate(1 minute)", "ENABLED")


def test_functions_may_write_traces_only_where_they_are_traced(prod: Deployment) -> None:
    traced = deploy(config={"tracing": "true"})

    assert not [each for each in prod.resources if each.name.endswith("-write-traces")]
    policies = [each for each in traced.resources if each.name.endswith("-write-traces")]
    functions = traced.of_type("aws:lambda/function:Function")
    assert {each.inputs["role"] for each in policies} == {each.inputs["name"] for each in functions}
    for each in policies:
        (statement,) = json.loads(each.inputs["policy"])["Statement"]
        assert statement["Action"] == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]


def test_schedule_acts_for_its_own_account_alone() -> None:
    trust = json.loads(trust_of("arn:aws:lambda:us-east-1:123456789012:function:glow"))

    assert trust["Statement"][0]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"}
    }


def test_rights_are_there_before_the_code_that_needs_them(prod: Deployment) -> None:
    for function in prod.of_type("aws:lambda/function:Function"):
        name = function.inputs["name"]
        policies = {
            policy.urn
            for policy in prod.of_type("aws:iam/rolePolicy:RolePolicy")
            if policy.inputs["role"] == name
        }
        assert policies <= function.depends_on


def test_each_route_may_call_its_function_and_nothing_else_may(prod: Deployment) -> None:
    callers: dict[str, set[str]] = {}
    for permission in prod.of_type("aws:lambda/permission:Permission"):
        assert permission.inputs["principal"] == "apigateway.amazonaws.com"
        assert permission.inputs["action"] == "lambda:InvokeFunction"
        callers.setdefault(permission.inputs["function"], set()).add(permission.inputs["sourceArn"])

    rest, websocket = (
        "arn:execute-api:glow-prod-RestApi/*",
        "arn:execute-api:glow-prod-WebSocketApi",
    )
    assert callers == {
        "glow-prod-HeliusPriceWebhook": {f"{rest}/POST/webhook/price"},
        "glow-prod-PriceApi": {
            f"{rest}/GET/health/live",
            f"{rest}/HEAD/health/live",
            f"{rest}/GET/tokens/*/price",
            f"{rest}/GET/tokens/*/prices",
            f"{rest}/OPTIONS/*",
        },
        "glow-prod-CandleApi": {f"{rest}/GET/tokens", f"{rest}/GET/tokens/*/candles"},
        "glow-prod-Discovery": {f"{rest}/GET/connect/*", f"{rest}/GET/connect"},
        "glow-prod-PriceConnections": {
            f"{websocket}/live/{route}"
            for route in (
                "$connect",
                "$disconnect",
                "$default",
                "authorize",
                "subscribePrice",
                "unsubscribePrice",
                "ping",
            )
        },
    }
