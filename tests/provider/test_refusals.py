"""The stand-in refuses what AWS refuses but ministack accepts."""

import json
from collections.abc import Mapping

import pytest
from botocore.exceptions import ClientError

from local.provider.aws import Aws
from local.provider.aws.session import Session
from local.provider.resource import Resource, State
from local.provider.values import ARCHIVE, SIGNATURE, Properties, Value

pytestmark = pytest.mark.cloud

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture(scope="module")
def kinds(aws_config: Properties) -> Mapping[str, Resource]:
    return Aws().connect(aws_config).resources


@pytest.fixture(scope="module")
def api_id(kinds: Mapping[str, Resource]) -> str:
    """A WebSocket API without routes."""
    return kinds["aws:apigatewayv2/api:Api"].create(
        {
            "name": "refusals",
            "protocolType": "WEBSOCKET",
            "routeSelectionExpression": "$request.body.action",
        }
    )


@pytest.fixture
def target(kinds: Mapping[str, Resource], api_id: str) -> str:
    integration = kinds["aws:apigatewayv2/integration:Integration"].create(
        {
            "apiId": api_id,
            "integrationType": "AWS_PROXY",
            "integrationUri": "arn:aws:lambda:us-east-1:000000000000:function:x",
        }
    )
    return f"integrations/{integration}"


def test_deployment_without_a_route(kinds: Mapping[str, Resource], api_id: str) -> None:
    with pytest.raises(ValueError, match="at least one route"):
        kinds["aws:apigatewayv2/deployment:Deployment"].create({"apiId": api_id})


def test_route_to_an_integration_that_is_not_there(
    kinds: Mapping[str, Resource], api_id: str
) -> None:
    with pytest.raises(ClientError, match="NotFound"):
        kinds["aws:apigatewayv2/route:Route"].create(
            {"apiId": api_id, "routeKey": "nowhere", "target": "integrations/none"}
        )


def test_second_route_of_one_key(kinds: Mapping[str, Resource], api_id: str, target: str) -> None:
    route: Properties = {"apiId": api_id, "routeKey": "twice", "target": target}
    kind = kinds["aws:apigatewayv2/route:Route"]
    kind.create(route)
    with pytest.raises(ValueError, match="twice already exists"):
        kind.create(route)


def test_stage_of_a_deployment_that_is_not_there(
    kinds: Mapping[str, Resource], api_id: str
) -> None:
    with pytest.raises(ClientError, match="NotFound"):
        kinds["aws:apigatewayv2/stage:Stage"].create(
            {"apiId": api_id, "name": "early", "deploymentId": "none"}
        )


def test_stage_settings_of_a_route_that_is_not_there(
    kinds: Mapping[str, Resource], api_id: str
) -> None:
    with pytest.raises(ValueError, match="unable to find route by key none"):
        kinds["aws:apigatewayv2/stage:Stage"].create(
            {"apiId": api_id, "name": "early", "routeSettings": [{"routeKey": "none"}]}
        )


def test_deleting_the_deployment_that_a_stage_serves(
    kinds: Mapping[str, Resource], api_id: str, target: str
) -> None:
    kinds["aws:apigatewayv2/route:Route"].create(
        {"apiId": api_id, "routeKey": "served", "target": target}
    )
    deployment = kinds["aws:apigatewayv2/deployment:Deployment"]
    deployment_id = deployment.create({"apiId": api_id})
    kinds["aws:apigatewayv2/stage:Stage"].create(
        {"apiId": api_id, "name": "live", "deploymentId": deployment_id}
    )
    with pytest.raises(ValueError, match="stage live still points to"):
        deployment.delete(State(deployment_id, {"apiId": api_id}))


def a_function(**inputs: Value) -> Properties:
    return {
        "name": "wordy",
        "role": "arn:aws:iam::000000000000:role/wordy",
        "handler": "main.handler",
        "runtime": "python3.11",
        "code": {SIGNATURE: ARCHIVE, "assets": {"main.py": {"text": "handler = print"}}},
        **inputs,
    }


# As one JSON text: {"SECRET":"aa…"} has 13 bytes besides the value.
@pytest.mark.parametrize("size", [4096 - 13, 4096 - 12])
def test_environment_over_4_kb(kinds: Mapping[str, Resource], size: int) -> None:
    kind = kinds["aws:lambda/function:Function"]
    before = a_function()
    kind.create(before)
    after = a_function(environment={"variables": {"SECRET": "a" * size}})
    if size + 13 <= 4096:
        kind.update(State("wordy", before), after)
    else:
        with pytest.raises(ValueError, match="exceeded the 4KB limit") as refused:
            kind.update(State("wordy", before), after)
        assert "aaa" not in str(refused.value)
    kind.delete(State("wordy", {}))


def test_new_function_with_an_environment_over_4_kb(kinds: Mapping[str, Resource]) -> None:
    big = a_function(environment={"variables": {f"V{n}": "a" * 40 for n in range(100)}})
    with pytest.raises(
        ValueError, match="InvalidParameterValueException: wordy: Lambda was unable"
    ):
        kinds["aws:lambda/function:Function"].create(big)


@pytest.fixture(scope="module")
def mapping(kinds: Mapping[str, Resource], aws: Session) -> Properties:
    """A mapping of a queue (visibility timeout 5 s) to a function (timeout 10 s) without rights."""
    kinds["aws:iam/role:Role"].create({"name": "idle", "assumeRolePolicy": TRUST})
    role = kinds["aws:iam/role:Role"].read(State("idle", {}))
    kinds["aws:lambda/function:Function"].create(
        {
            "name": "slow",
            "role": role["arn"],
            "handler": "main.handler",
            "runtime": "python3.11",
            "timeout": 10,
            "code": {SIGNATURE: ARCHIVE, "assets": {"main.py": {"text": "handler = print"}}},
        }
    )
    url = aws.sqs.create_queue(QueueName="short", Attributes={"VisibilityTimeout": "5"})["QueueUrl"]
    queue = kinds["aws:sqs/queue:Queue"].read(State(url, {}))
    return {"eventSourceArn": queue["arn"], "functionName": "slow"}


def test_mapping_that_the_functions_role_may_not_poll(
    kinds: Mapping[str, Resource], mapping: Properties
) -> None:
    with pytest.raises(ValueError, match="role/idle may not sqs:DeleteMessage, sqs:GetQueue"):
        kinds["aws:lambda/eventSourceMapping:EventSourceMapping"].create(mapping)


def test_mapping_whose_messages_reappear_while_the_function_runs(
    kinds: Mapping[str, Resource], mapping: Properties
) -> None:
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": mapping["eventSourceArn"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    grant = kinds["aws:iam/rolePolicy:RolePolicy"]
    grant_id = grant.create({"name": "poll", "role": "idle", "policy": policy})
    with pytest.raises(ValueError, match="5 seconds is less than function timeout: 10 seconds"):
        kinds["aws:lambda/eventSourceMapping:EventSourceMapping"].create(mapping)
    grant.delete(State(grant_id, {}))
