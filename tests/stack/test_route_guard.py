"""routing.autoRollback: what it deploys, what its function may do, and what the next preview says."""

import json
from collections.abc import Mapping

import pytest

from functions.glow.routing.policy import Policy
from tests.stack.recording import EDGE, Deployment, deploy

ON = {"routing": '{"autoRollback": true}'}
ALL = Policy(edge_is_on=True)
REASON = "over 10 % of the updates failed at the edge in each of 3 minutes: 30 %"
SET_BACK = {
    "current": {"S": Policy().to_json()},
    "changedAt": {"N": "1750000000000"},
    "setBackBecause": {"S": REASON},
}


@pytest.fixture(scope="module")
def guarded() -> Deployment:
    return deploy(config=ON)


def test_nothing_sets_the_routing_back_by_default(prod: Deployment) -> None:
    assert not [each for each in prod.resources if "route-guard" in each.name]
    assert not [each for each in prod.resources if "set-back" in each.name]


def test_guard_looks_every_minute(guarded: Deployment) -> None:
    schedule = guarded.named("glow-route-guard-schedule").inputs

    assert schedule["scheduleExpression"] == "rate(1 minute)"
    assert schedule["state"] == "ENABLED"
    assert schedule["target"]["arn"] == "arn:Function:glow-prod-RouteGuard"


def test_guard_may_change_the_routing_read_metrics_and_ring_its_own_alarm(
    guarded: Deployment,
) -> None:
    rights: dict[str, set[str]] = {}
    for policy in guarded.of_type("aws:iam/rolePolicy:RolePolicy"):
        if policy.inputs["role"] == "glow-prod-RouteGuard":
            (statement,) = json.loads(policy.inputs["policy"])["Statement"]
            for resource in statement["Resource"]:
                rights.setdefault(resource, set()).update(statement["Action"])

    del rights["arn:LogGroup:/aws/lambda/glow-prod-RouteGuard:*"]
    assert {resource.rpartition(":")[2]: actions for resource, actions in rights.items()} == {
        "glow-prod-RoutesTable": {"dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"},
        "glow-prod-RouteQueue.fifo": {"sqs:SendMessage"},
        "*": {"cloudwatch:GetMetricData"},
        "glow-prod-RoutingSetBack": {"cloudwatch:SetAlarmState"},
    }


def test_guard_rings_the_alarm_that_the_stack_has(guarded: Deployment) -> None:
    told = guarded.named("glow-route-guard-function").inputs["environment"]["variables"]
    alarm = guarded.named("glow-monitoring-routing-set-back").inputs

    assert told["ROUTE_ALARM"] == alarm["name"]
    assert alarm["alarmActions"] == ["arn:Topic:glow-prod-Alarms"]
    assert told["STACK"] == "glow-prod"


def preview(item: Mapping[str, object] | None, *, last: Policy, **config: str) -> str:
    return deploy(
        config={**EDGE, **ON, "USE_EDGE_BROADCAST": "true", **config},
        last_outputs={"Routing": last.to_json()},
        routing_item=item,
    ).told


def test_preview_after_it_says_what_is_in_force_why_and_that_up_leaves_it() -> None:
    told = preview(SET_BACK, last=ALL)

    assert (
        f"Routing was set back at 2025-06-15 15:06 UTC by routing.autoRollback: {REASON}.\n"
        "In force: aws for every token (USE_EDGE_BROADCAST is false).\n"
        "This `up` leaves it so, since config has not changed."
    ) in told
    assert "pulumi up --replace '**::glow-route-control-change'" in told


def test_preview_of_changed_config_says_that_up_replaces_it() -> None:
    told = preview(SET_BACK, last=Policy())

    assert "This `up` replaces that: config has changed since the last one." in told


@pytest.mark.parametrize(
    "item",
    [
        {"current": {"S": ALL.to_json()}, "changedAt": {"N": "1"}},
        {**SET_BACK, "current": {"S": ALL.to_json()}},
    ],
    ids=["as up has made it", "as config says by now"],
)
def test_preview_says_nothing_where_config_and_routing_agree(item: Mapping[str, object]) -> None:
    assert "set back" not in preview(item, last=ALL)


def test_who_may_not_read_the_routing_is_warned_and_goes_on() -> None:
    told = preview(None, last=ALL)

    assert "Whether the routing was set back by routing.autoRollback is not known" in told


def test_first_preview_and_one_without_it_ask_for_no_row() -> None:
    """The mocks refuse whatever they do not know; a row that nobody gave is denied with a warning."""
    assert "not known" not in deploy(config=ON).told
    assert "not known" not in deploy(last_outputs={"Routing": ALL.to_json()}).told
