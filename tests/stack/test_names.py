"""Stack names: one that a cloud would refuse in some physical name is refused at preview."""

import re

import pulumi
import pytest

from components.settings.names import MAX_STACK_CHARACTERS, stack_name_problem
from tests.stack.recording import EDGE, Deployment, deploy

LONGEST = "l" * MAX_STACK_CHARACTERS
AWS_NAME = r"[A-Za-z0-9_-]"
LOG_GROUP = r"[A-Za-z0-9_/.#-]{1,512}"
# The rules of each API for the name that a resource is given.
RULES = {
    "aws:apigatewayv2/api:Api": r".{1,128}",
    "aws:budgets/budget:Budget": r"[^:\\]{1,100}",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": r".{1,255}",
    "aws:cloudwatch/dashboard:Dashboard": AWS_NAME + r"{1,255}",
    "aws:cloudwatch/logGroup:LogGroup": LOG_GROUP,
    "aws:cloudwatch/metricAlarm:MetricAlarm": r".{1,255}",
    "aws:dynamodb/table:Table": r"[A-Za-z0-9_.-]{3,255}",
    "aws:iam/role:Role": r"[A-Za-z0-9_+=,.@-]{1,64}",
    "aws:kms/alias:Alias": r"alias/[A-Za-z0-9/_-]{1,250}",
    "aws:lambda/function:Function": AWS_NAME + r"{1,64}",
    "aws:lambda/layerVersion:LayerVersion": AWS_NAME + r"{1,140}",
    "aws:scheduler/schedule:Schedule": r"[0-9A-Za-z_.-]{1,64}",
    "aws:sns/topic:Topic": AWS_NAME + r"{1,256}",
    "aws:sqs/queue:Queue": r"(?=.{1,80}$)" + AWS_NAME + r"+(\.fifo)?",
    "cloudflare:index/worker:Worker": r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?",
}


def names(deployment: Deployment) -> list[tuple[str, str]]:
    """Type and physical name of each resource that is called after the stack."""
    return [
        (each.type, value)
        for each in deployment.resources
        for key, value in each.inputs.items()
        if key in ("name", "alarmName", "dashboardName", "layerName") and "lll" in value
    ]


@pytest.fixture(scope="module")
def longest() -> Deployment:
    optional = {
        "alarmEmail": "oncall@example.com",
        "alarms": '{"monthlyBudgetUsd": 200}',
        "kms": "true",
        "routing": '{"autoRollback": true}',
        "websocketAccessLogs": "true",
        **EDGE,
    }
    return deploy(LONGEST, config=optional)


def test_every_physical_name_of_the_longest_stack_is_legal(longest: Deployment) -> None:
    """A new name that is longer fails here: components/settings/names.py has to know it."""
    illegal = [each for each in names(longest) if not re.fullmatch(RULES[each[0]], each[1])]

    assert not illegal
    assert {kind for kind, _ in names(longest)} == RULES.keys()


def test_one_character_more_would_be_illegal(longest: Deployment) -> None:
    longer = [(kind, name.replace(LONGEST, f"{LONGEST}l")) for kind, name in names(longest)]

    assert [each for each in longer if not re.fullmatch(RULES[each[0]], each[1])]


@pytest.mark.parametrize(
    ("stack", "has_edge", "rule", "legal"),
    [
        ("acme.dev", False, "letters, digits, '-' and '_' alone", "acme-dev"),
        (
            "x" * 47,
            False,
            "it has 47 characters; at most 40 fit into the role glow-<stack>-",
            "x" * 40,
        ),
        ("Acme_Dev", True, "lower-case letters, digits and '-' alone", "acme-dev"),
        ("dev-", True, "no '-' at the end", "dev"),
    ],
)
def test_illegal_name_is_refused_with_the_rule_and_a_legal_one(
    stack: str, has_edge: bool, rule: str, legal: str
) -> None:
    problem = stack_name_problem(stack, has_edge=has_edge)

    assert problem is not None
    assert rule in problem
    assert problem.endswith(f"pulumi stack rename {legal} --stack {stack}")
    assert stack_name_problem(legal, has_edge=True) is None


def test_name_that_only_a_worker_could_not_have_is_legal_without_one() -> None:
    assert stack_name_problem("Acme_Dev", has_edge=False) is None


@pytest.mark.parametrize(("stack", "config"), [("acme.dev", {}), ("Acme_Dev", EDGE)])
def test_preview_of_an_illegal_name_stops(stack: str, config: dict[str, str]) -> None:
    with pytest.raises(pulumi.RunError, match=f"A stack called {stack} cannot be deployed"):
        deploy(stack, config=config)
