"""What the two steps of `ops rotate-secret` set. What it finds in between is tests/local/test_rotate.py."""

import pytest

from components.settings.load import parse_settings
from components.settings.model import Settings
from ops.errors import OpsError
from ops.rotate.command import Done, Step, told_of
from ops.rotate.rotation import Name, Rotation

KEY = "the-api-key-of-helius"


def settings(**values: str) -> Settings:
    return parse_settings(
        {"HeliusApiKey": KEY, **values}, secrets={"HeliusApiKey", *values}, stack="dev"
    )


def test_first_step_keeps_the_old_secret_beside_a_new_one() -> None:
    rotation = Rotation.of(settings(EdgeBroadcastSecret="the-edge-secret-of-now"), Name.EDGE)

    old, new = rotation.first_step()

    assert not rotation.has_begun
    assert (old.key, old.value) == ("EdgeBroadcastSecretPrevious", "the-edge-secret-of-now")
    assert new.key == "EdgeBroadcastSecret"
    assert len(new.value or "") >= 43
    assert new.value != rotation.first_step()[1].value
    assert old.is_secret
    assert new.is_secret


def test_webhook_that_expects_the_api_key_gets_a_secret_of_its_own() -> None:
    old, new = Rotation.of(settings(), Name.WEBHOOK).first_step()

    assert (old.key, old.value) == ("HeliusWebhookSecretPrevious", KEY)
    assert new.key == "HeliusWebhookSecret"


def test_second_step_drops_the_old_one_alone() -> None:
    begun = settings(
        HeliusWebhookSecret="the-new-secret-of-helius",
        HeliusWebhookSecretPrevious="the-old-secret-of-helius",
    )
    rotation = Rotation.of(begun, Name.WEBHOOK)

    (dropped,) = rotation.second_step()

    assert rotation.has_begun
    assert (dropped.key, dropped.value) == ("HeliusWebhookSecretPrevious", None)


def test_secret_that_is_not_set_says_how_to_set_it() -> None:
    with pytest.raises(OpsError, match="pulumi config set --secret EdgeBroadcastSecret"):
        Rotation.of(settings(), Name.EDGE)


def test_no_secret_is_shown() -> None:
    rotation = Rotation.of(settings(), Name.WEBHOOK)

    assert KEY not in repr((rotation, *rotation.first_step()))


@pytest.mark.parametrize("step", ["begun", "ended"])
def test_step_says_that_the_config_file_must_be_committed(step: Step) -> None:
    *_, last = told_of(Done(step=step, findings=()), Name.WEBHOOK, "prod", 15)

    assert last.startswith("Commit Pulumi.prod.yaml: ")


@pytest.mark.parametrize(("step", "stack"), [("refused", "prod"), ("begun", "local")])
def test_what_no_deployment_undoes_need_not_be_committed(step: Step, stack: str) -> None:
    told = list(told_of(Done(step=step, findings=()), Name.WEBHOOK, stack, 15))

    assert len(told) == 1
    assert f"--stack {stack}" in told[0]
