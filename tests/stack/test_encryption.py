"""What a KMS key encrypts, who may use it, and that there is none unless config says so."""

import json
from typing import Any

import pytest

from components.aws.encryption import key_policy
from components.settings.problems import SettingsError
from tests.stack.recording import Deployment, deploy

ARN = "arn:aws:kms:us-east-1:123456789012:key/0d1e2f"
OTHER = "arn:aws:kms:us-east-1:123456789012:key/3a4b5c"
QUEUE = "aws:sqs/queue:Queue"
FUNCTION = "aws:lambda/function:Function"
POLICY = "aws:iam/rolePolicy:RolePolicy"


@pytest.fixture(scope="module")
def own() -> Deployment:
    return deploy(config={"kms": "true"})


@pytest.fixture(scope="module")
def given() -> Deployment:
    return deploy(config={"kms": ARN})


def test_stack_has_no_key_by_default(prod: Deployment) -> None:
    assert not prod.of_type("aws:kms/key:Key")
    assert all("kmsKeyArn" not in each.inputs for each in prod.of_type(FUNCTION))
    assert all(each.inputs["sqsManagedSseEnabled"] for each in prod.of_type(QUEUE))
    assert not [each for each in prod.of_type(POLICY) if each.inputs["name"] == "use-key"]


def test_key_of_the_stack_is_renewed_and_outlasts_what_lies_in_queues(own: Deployment) -> None:
    key, alias = own.named("glow-encryption-key"), own.named("glow-encryption-alias")

    assert (key.inputs["enableKeyRotation"], key.inputs["deletionWindowInDays"]) == (True, 30)
    assert alias.inputs == {"name": "alias/glow-prod", "targetKeyId": "glow-encryption-key-id"}


def test_key_that_is_given_is_used_and_none_is_made(given: Deployment) -> None:
    assert not given.of_type("aws:kms/key:Key")
    assert {each.inputs["kmsKeyArn"] for each in given.of_type(FUNCTION)} == {ARN}


def test_every_environment_and_every_queue_is_encrypted(given: Deployment) -> None:
    """SQS takes one of both kinds, not both."""
    for queue in given.of_type(QUEUE):
        assert queue.inputs["kmsMasterKeyId"] == ARN, queue.name
        assert "sqsManagedSseEnabled" not in queue.inputs, queue.name


def test_every_function_may_use_the_key_through_its_services_alone(given: Deployment) -> None:
    policies = [each for each in given.of_type(POLICY) if each.inputs["name"] == "use-key"]

    assert {each.inputs["role"] for each in policies} == {
        each.inputs["name"] for each in given.of_type(FUNCTION)
    }
    for each in policies:
        (statement,) = json.loads(each.inputs["policy"])["Statement"]
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
        assert statement["Resource"] == [ARN]
        assert statement["Condition"] == {
            "StringLike": {"kms:ViaService": ["lambda.*.amazonaws.com*", "sqs.*.amazonaws.com*"]}
        }


def policies_of(deployment: Deployment, grant: str) -> list[Any]:
    """The statements of the roles' policies of that name."""
    return [
        json.loads(each.inputs["policy"])["Statement"]
        for each in deployment.of_type(POLICY)
        if each.inputs["name"] == grant
    ]


@pytest.mark.parametrize("now", ["false", OTHER])
def test_change_of_key_that_would_lock_what_lies_in_queues_stops_at_preview(now: str) -> None:
    with pytest.raises(SettingsError) as refused:
        deploy(config={"kms": now}, last_outputs={"Kms": "true"})

    assert "glow:kms was true at the last `up`" in str(refused.value)
    assert "pulumi config set kmsPrevious true --stack prod" in str(refused.value)


def test_previous_key_of_the_stack_stays_and_is_for_reading_alone() -> None:
    back = deploy(config={"kms": "false", "kmsPrevious": "true"}, last_outputs={"Kms": "true"})

    key = back.named("glow-encryption-key").inputs
    assert key["enableKeyRotation"] is True
    assert all("kmsKeyArn" not in each.inputs for each in back.of_type(FUNCTION))
    assert all(each.inputs["sqsManagedSseEnabled"] for each in back.of_type(QUEUE))
    assert not policies_of(back, "use-key")
    read = policies_of(back, "use-previous-key")
    assert len(read) == len(back.of_type(FUNCTION))
    for (statement,) in read:
        assert statement["Action"] == ["kms:Decrypt"]
        assert statement["Resource"] == ["arn:Key:glow-encryption-key"]


def test_given_key_gives_way_to_another_and_is_still_read_with() -> None:
    changed = deploy(config={"kms": OTHER, "kmsPrevious": ARN}, last_outputs={"Kms": ARN})

    assert changed.outputs["Kms"] == OTHER
    assert not changed.of_type("aws:kms/key:Key")
    for grant, key in (("use-key", OTHER), ("use-previous-key", ARN)):
        assert [statement["Resource"] for (statement,) in policies_of(changed, grant)] == [
            [key]
        ] * len(changed.of_type(FUNCTION))


def test_previous_key_is_given_up_once_config_no_longer_names_it() -> None:
    after = deploy(config={"kms": "false"}, last_outputs={"Kms": "false"})

    assert not after.of_type("aws:kms/key:Key")
    assert not policies_of(after, "use-previous-key")


def test_nobody_uses_the_key_but_through_lambda_and_sqs() -> None:
    policy = json.loads(key_policy("arn:aws:execute-api:eu-west-1:123456789012:abc"))

    through = ["lambda.eu-west-1.amazonaws.com*", "sqs.eu-west-1.amazonaws.com*"]
    for statement in policy["Statement"]:
        assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
        crypts = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"}
        if crypts & set(statement["Action"]):
            assert statement["Condition"]["StringLike"] == {"kms:ViaService": through}
        assert not any("*" in action for action in statement["Action"])


def test_key_belongs_to_the_account_in_every_partition() -> None:
    policy = json.loads(key_policy("arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc"))

    assert {statement["Principal"]["AWS"] for statement in policy["Statement"]} == {
        "arn:aws-us-gov:iam::123456789012:root"
    }


def test_account_can_still_manage_the_key() -> None:
    """KMS refuses a policy under which nobody could change it again."""
    administer, *_ = json.loads(key_policy("arn:aws:x:eu-west-1:1:abc"))["Statement"]

    assert "Condition" not in administer
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} <= set(administer["Action"])
