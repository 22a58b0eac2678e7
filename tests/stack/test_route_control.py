"""One call carries out a change of routing. It is made when the routing has changed, and only then."""

import json

import pytest

from functions.glow.routing.policy import parse_policy
from tests.stack.recording import EDGE, Deployment, Registered, deploy

TOKENS = {"tokens": '{"BONK": "mint-of-bonk", "WIF": "mint-of-wif"}'}
ON = {**EDGE, **TOKENS, "USE_EDGE_BROADCAST": "true"}
FOLLOWERS = ("webhook", "connections", "discovery")


def deploy_on(**routing: object) -> Deployment:
    return deploy(config={**ON, "routing": json.dumps(routing)})


def call(deployment: Deployment) -> Registered:
    [made] = deployment.of_type("aws:lambda/invocation:Invocation")
    return made


def call_of(**routing: object) -> tuple[str, str]:
    """What the call is made again for: its input, and its triggers as one text."""
    inputs = call(deploy_on(**routing)).inputs
    return inputs["input"], json.dumps(inputs["triggers"])


def before(deployment: Deployment, resource: Registered) -> set[str]:
    """The URNs of all that has to be there before `resource`."""
    known = {each.urn: each for each in deployment.resources}
    found: set[str] = set()
    waiting = [resource.urn]
    while waiting:
        earlier = (known[waiting.pop()].depends_on & known.keys()) - found
        found |= earlier
        waiting += earlier
    return found


@pytest.fixture(scope="module")
def on() -> Deployment:
    return deploy_on()


def test_call_hands_the_mover_the_policy_with_symbols_resolved() -> None:
    made = call(deploy_on(edgeTokens=["WIF", "mint-of-bonk"], awsRegions=["us-east-1"])).inputs
    told = json.loads(made["input"])

    assert made["functionName"] == "glow-prod-RouteMover"
    assert json.loads(told["policy"]) == {
        "edgeIsOn": True,
        "edgeTokens": ["mint-of-bonk", "mint-of-wif"],
        "edgePercent": 0,
        "awsRegions": ["us-east-1"],
        "dual": False,
    }
    assert set(made) == {"functionName", "input", "triggers"}


def test_call_tells_what_the_outputs_tell(on: Deployment) -> None:
    policy = json.loads(call(on).inputs["input"])["policy"]

    assert on.outputs["Routing"] == policy
    assert parse_policy(policy).to_json() == policy


@pytest.mark.parametrize(
    "change",
    [
        {"edgePercent": 99},
        {"edgeTokens": ["WIF"], "edgePercent": 100},
        {"awsRegions": ["us-east-1"]},
        {"dual": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_change_of_routing_is_a_call_and_nothing_else(
    on: Deployment, change: dict[str, object]
) -> None:
    changed = deploy_on(**change)
    made, news = call(on), call(changed)

    assert news.inputs["input"] != made.inputs["input"]
    assert news.inputs["triggers"] != made.inputs["triggers"]
    assert {each.urn: each for each in changed.resources if each != news} == {
        each.urn: each for each in on.resources if each != made
    }


def test_flag_is_a_call(on: Deployment) -> None:
    off = call(deploy(config={**ON, "USE_EDGE_BROADCAST": "false"})).inputs

    assert off["input"] != call(on).inputs["input"]
    assert off["triggers"] != call(on).inputs["triggers"]


@pytest.mark.parametrize(
    "config",
    [
        {"lambdaMemoryMb": "2048"},
        {"edgeRetryTries": "5"},
        {"routing": '{"graceSeconds": 90}'},
        {"routing": '{"edgePercent": 100}'},
        {"EdgeBroadcastSecretPrevious": "what-the-edge-worker-expected"},
    ],
    ids=str,
)
def test_nothing_else_is_a_call(on: Deployment, config: dict[str, str]) -> None:
    assert call(deploy(config={**ON, **config})).inputs == call(on).inputs


def test_order_of_lists_is_no_change() -> None:
    assert call_of(edgeTokens=["WIF", "BONK"], awsRegions=["us-east-1", "eu-west-1"]) == call_of(
        edgeTokens=["BONK", "WIF"], awsRegions=["eu-west-1", "us-east-1"]
    )


def test_call_is_made_when_everybody_it_needs_is_there(on: Deployment) -> None:
    needed = {
        on.named(name).urn
        for name in (
            *(f"glow-{function}-function" for function in FOLLOWERS),
            "glow-route-mover-function",
            "glow-edge-version",
            "glow-edge-domain",
            "glow-routing-routes",
            "glow-route-queue-route-tasks",
        )
    }

    assert needed <= before(on, call(on))


def test_route_tasks_wait_for_a_worker_with_their_queue(on: Deployment) -> None:
    assert on.named("glow-route-queue-to-worker").inputs == {
        "eventSourceArn": "arn:Queue:glow-prod-RouteQueue.fifo",
        "functionName": "arn:Function:glow-prod-RouteWorker",
        "batchSize": 10,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "scalingConfig": {"maximumConcurrency": 2},
    }
