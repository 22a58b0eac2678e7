"""Which inputs are refused, and how a name is made up."""

import pulumi._types as sdk_types
import pytest
from pulumi_aws import sqs

from local.provider.aws import RESOURCES as AWS
from local.provider.aws.dynamodb import Table
from local.provider.aws.lambda_ import Function
from local.provider.aws.sqs import Queue
from local.provider.check import named, problems
from local.provider.values import DEFAULTS, UNKNOWN, Properties

QUEUE = "aws:sqs/queue:Queue"


@pytest.mark.parametrize("token", AWS)
def test_inputs_that_are_handled_are_those_of_the_sdk(token: str) -> None:
    kind = AWS[token]
    named_by_sdk = set(sdk_types.input_type_types(kind.args))

    assert set(kind.inputs) <= named_by_sdk
    assert kind.replaced_by <= set(kind.inputs)


def test_known_inputs_pass() -> None:
    assert problems(QUEUE, Queue, {"name": "letters", "fifoQueue": False}) == []


def test_input_of_a_free_map_passes_under_any_name() -> None:
    inputs: Properties = {"role": "r", "environment": {"variables": {"ANY_NAME": "x"}}}
    assert problems("aws:lambda/function:Function", Function, inputs) == []


def test_unknown_value_passes_as_any_input() -> None:
    assert problems("aws:dynamodb/table:Table", Table, {"attributes": UNKNOWN}) == []


def test_input_that_the_sdk_lacks_is_refused() -> None:
    assert sqs.QueueArgs is Queue.args
    (problem,) = problems(QUEUE, Queue, {"colour": "red"})
    assert problem.path == "colour"
    assert "does not exist" in problem.reason


def test_nested_input_that_is_not_handled_is_refused_by_its_path() -> None:
    (problem,) = problems(
        "aws:dynamodb/table:Table",
        Table,
        {"pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 7}},
    )
    assert problem.path == "pointInTimeRecovery.recoveryPeriodInDays"
    assert "does not handle it" in problem.reason


def test_missing_input_is_refused_by_type_and_name() -> None:
    (problem,) = problems("aws:lambda/function:Function", Function, {"name": "answer"})
    assert problem.reason == "aws:lambda/function:Function: input role is required, and missing"


def test_all_problems_are_told_at_once() -> None:
    assert len(problems(QUEUE, Queue, {"colour": "red", "maxMessageSize": 1})) == 2


def test_given_name_is_kept() -> None:
    inputs: Properties = {"name": "given"}
    assert named("name", "resource", {}, inputs, b"seed") == inputs


def test_made_up_name_survives_the_next_update() -> None:
    once = named("name", "letters", {}, {}, b"seed")
    again = named("name", "letters", once, {}, b"another seed")
    assert again == once
    assert once[DEFAULTS] == ["name"]


def test_name_that_is_no_longer_given_is_made_up() -> None:
    inputs = named("name", "letters", {"name": "given"}, {}, b"seed")
    assert str(inputs["name"]).startswith("letters-")
