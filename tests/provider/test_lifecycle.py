"""The stand-in with the real engine, on a real ministack."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.provider.aws import RESOURCES, Aws
from local.provider.aws.session import Session
from local.provider.resource import State
from local.provider.values import Properties
from tests.provider.conftest import Seen, Undone
from tests.provider.engine import SECRET, Engine, EngineError, names

pytestmark = [pytest.mark.cloud, pytest.mark.engine]


def test_every_resource_type_is_created(first: Seen) -> None:
    deployed = {resource["type"] for resource in _resources(first)}
    assert deployed == set(RESOURCES)


def test_endpoints_answer_by_the_functions_code_layer_and_environment(first: Seen) -> None:
    assert first.http_answer == f"first first {SECRET}"
    assert first.socket_answer == first.http_answer


@pytest.mark.parametrize("step", ["first", "second", "called_again", "healed"])
def test_preview_right_after_up_shows_no_change(step: str, request: pytest.FixtureRequest) -> None:
    seen: Seen = request.getfixturevalue(step)
    assert re.search(r"\d+ unchanged", seen.previewed)


def test_secret_stays_secret_in_state(first: Seen) -> None:
    assert SECRET not in first.state
    assert SECRET not in first.printed
    function = next(r for r in _resources(first) if r["urn"].endswith("::answer"))
    for side in ("inputs", "outputs"):
        assert "ciphertext" in function[side]["environment"]["variables"]["GREETING"]


def test_unnamed_resource_is_named_once_and_for_all(first: Seen, second: Seen) -> None:
    assert re.fullmatch(r"unnamed-[0-9a-f]{7}", first.outputs["unnamedQueue"])
    assert second.outputs["unnamedQueue"] == first.outputs["unnamedQueue"]


def test_change_by_hand_is_shown_by_a_refresh(drifted: str) -> None:
    assert re.search(r"visibilityTimeoutSeconds: 60 => 90", drifted)


def test_what_aws_can_change_is_updated_in_place(second: Seen) -> None:
    assert names(second.printed, "updated") == {
        "answer",
        "budget",
        "dashboard",
        "dead-letters",
        "http",
        "http-stage",
        "key",
        "logs",
        "path",
        "refusals",
        "schedule",
        "socket-stage",
        "updates",
        "updates-to-answer",
    }
    assert second.http_answer == f"second second {SECRET}"


def test_what_aws_cannot_change_is_replaced(second: Seen) -> None:
    assert names(second.printed, "replaced") == {"call", "deployment", "layer", "prices"}


def test_function_is_called_once_and_its_answer_kept(first: Seen, repeated: Seen) -> None:
    assert json.loads(first.outputs["called"])["caller"] == "somebody"
    assert repeated.outputs["called"] == first.outputs["called"]


def test_function_is_called_again_when_a_trigger_changes(repeated: Seen, second: Seen) -> None:
    assert json.loads(second.outputs["called"])["caller"] == "somebody"
    assert second.outputs["called"] != repeated.outputs["called"]


def test_function_is_called_again_when_its_input_changes(called_again: Seen) -> None:
    assert json.loads(called_again.outputs["called"])["caller"] == "friend"
    assert names(called_again.printed, "replaced") == {"call"}


def test_error_of_the_function_that_is_called_stops_the_up_in_its_own_words(failed: str) -> None:
    assert "tiny-callee failed" in failed
    assert "strangers may not call" in failed


def test_given_name_is_freed_before_its_successor_takes_it(second: Seen) -> None:
    deleted, created = "prices deleted original", "prices created replacement"
    assert second.printed.index(deleted) < second.printed.index(created)


def test_stage_moves_to_the_new_deployment_before_the_old_one_goes(second: Seen) -> None:
    moved, deleted = "socket-stage updated", "deployment deleted original"
    assert second.printed.index(moved) < second.printed.index(deleted)


def test_input_that_is_no_longer_given_goes_back_to_the_default(undone: Undone) -> None:
    assert undone == Undone(
        visibility_timeout="30", memory_mb=128, cors_is_set=False, access_logs_are_set=False
    )


def test_emptied_cloud_is_filled_again(healed: Seen) -> None:
    assert re.search(r"\+ \d+ created\n +\+-1 replaced\n[^\n]*\n? +1 unchanged", healed.printed)
    assert healed.http_answer == f"second second {SECRET}"


def test_function_of_an_emptied_cloud_is_called_again(called_again: Seen, healed: Seen) -> None:
    assert json.loads(healed.outputs["called"])["caller"] == "friend"
    assert healed.outputs["called"] != called_again.outputs["called"]


def test_destroy_leaves_nothing(destroyed: str, aws: Session) -> None:
    assert "deleted" in destroyed
    assert aws.apigatewayv2.get_apis()["Items"] == []
    assert aws.budgets.describe_budgets(AccountId=aws.account).get("Budgets", []) == []
    assert aws.cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert aws.cloudwatch.list_dashboards()["DashboardEntries"] == []
    assert aws.dynamodb.list_tables()["TableNames"] == []
    assert aws.iam.list_roles(PathPrefix="/")["Roles"] == []
    assert aws.kms.list_aliases()["Aliases"] == []
    assert aws.lambda_.list_event_source_mappings()["EventSourceMappings"] == []
    assert aws.lambda_.list_functions()["Functions"] == []
    assert aws.lambda_.list_layers()["Layers"] == []
    assert aws.logs.describe_log_groups()["logGroups"] == []
    assert aws.scheduler.list_schedules()["Schedules"] == []
    assert aws.sns.list_subscriptions()["Subscriptions"] == []
    assert aws.sns.list_topics()["Topics"] == []
    assert aws.sqs.list_queues().get("QueueUrls", []) == []


def test_deleting_what_is_gone_is_no_error(
    healed: Seen, destroyed: str, aws_config: Properties
) -> None:
    assert destroyed
    kinds = Aws().connect(aws_config).resources
    for resource in _resources(healed):
        kind = kinds[resource["type"]]
        gone = State(resource["id"], resource["outputs"])
        try:
            kind.delete(gone)
        except ClientError as error:  # some services answer an error, others a success
            assert kind.is_missing(error), error  # noqa: PT017


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("unhandled-input", r"aws:sqs/queue:Queue: input maxMessageSize exists in the real"),
        ("missing-input", r"aws:dynamodb/table:Table: input attributes.type is required"),
        ("unknown-type", r"does not know the resource type aws:s3/bucket:Bucket"),
        ("input-that-is-no-json", r'"input" contains an invalid JSON'),
    ],
)
def test_input_that_is_not_handled_stops_the_preview(step: str, told: str, engine: Engine) -> None:
    with pytest.raises(EngineError, match=told):
        engine.preview(step)


def _resources(seen: Seen) -> list[dict[str, Any]]:
    """The AWS resources in a state."""
    resources = json.loads(seen.state)["deployment"]["resources"]
    return [resource for resource in resources if resource["type"].startswith("aws:")]
