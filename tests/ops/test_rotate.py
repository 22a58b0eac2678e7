"""What the two steps of `ops rotate-secret` set. What it finds in between is tests/local/test_rotate.py."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber

from components.settings.load import parse_settings
from components.settings.model import Settings
from ops.deployed import DeployedStack, cloudwatch_of, lambda_of
from ops.errors import OpsError
from ops.rotate.command import QUIET_MINUTES, Done, Step, told_of
from ops.rotate.rotation import Name, Rotation
from ops.rotate.usage import Window, check_functions, check_unused
from ops.verify.config import Config
from ops.verify.target import Target
from tests.contract.access_tokens import public_pem

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


def test_secret_of_access_tokens_is_rotated_where_it_verifies() -> None:
    shown = settings(ListenerSecret="the-listener-secret-of-now-and-of-today")
    verified = shown.model_copy(update={"listeners": "token"})

    old, new = Rotation.of(verified, Name.LISTENER).first_step()

    assert (old.key, new.key) == ("ListenerSecretPrevious", "ListenerSecret")
    with pytest.raises(OpsError, match="glow:listeners is open"):
        Rotation.of(shown, Name.LISTENER)
    by_public_key = settings(listeners="token", listenerPublicKey=public_pem("ES256"))
    with pytest.raises(OpsError, match="glow:listenerPublicKey verifies access tokens"):
        Rotation.of(by_public_key, Name.LISTENER)


def test_longer_or_shorter_wait_is_told_to_the_second_run() -> None:
    done = Done(step="begun", findings=())

    (told, again), (usual, _) = (
        told_of(done, Name.LISTENER, "prod", minutes) for minutes in (120, 43_200)
    )

    assert told.endswith("rotate-secret ListenerSecret --stack prod --quiet-minutes 120")
    assert again.startswith("Commit")
    assert "After 43200 min" in usual
    assert "--quiet-minutes" not in usual


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


def test_old_tokens_are_waited_for_as_long_as_they_may_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CloudWatch answers up to 1,440 points, and has those of a minute for 15 days: the local one knows no limit."""
    functions, cloudwatch = lambda_of(QUEUE), cloudwatch_of(QUEUE)
    clients = {"lambda_of": functions, "cloudwatch_of": cloudwatch}
    for name, client in clients.items():

        def client_of(_queue_url: str, client: object = client) -> object:
            return client

        monkeypatch.setattr(f"ops.verify.target.{name}", client_of)
    outputs = {"RestApiUrl": NOBODY, "LaterQueueUrl": QUEUE, "FunctionNames": {"a": "glow-dev-A"}}
    config = Config(webhook_secret="a", edge_secret=None, sol_usd_max_age_seconds=180)
    target = Target(deployed=DeployedStack("dev", outputs), config=config)
    rotation = Rotation(name=Name.LISTENER, current="new", previous="old")
    now = datetime.now(UTC)
    window = Window(now=now, minutes=QUIET_MINUTES[Name.LISTENER])
    a_day_ago = (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    known = {"Environment": {"Variables": {"LISTENER_SECRET": "new"}}, "LastModified": a_day_ago}
    asked = {
        "Namespace": "Glow",
        "MetricName": "PreviousListenerSecret",
        "Dimensions": [{"Name": "Stack", "Value": "glow-dev"}],
        "StartTime": now - timedelta(days=30),
        "EndTime": now,
        "Period": 3_600,
        "Statistics": ["Sum"],
    }

    with Stubber(functions) as stubbed, Stubber(cloudwatch) as counting:
        stubbed.add_response("get_function_configuration", known)
        counting.add_response("get_metric_statistics", {"Datapoints": [{"Sum": 4.0}]}, asked)
        red = {
            finding.name: finding
            for finding in check_unused(target, rotation, window)
            if finding.state == "failed"
        }

    silent, recent, used = red.values()
    assert (silent.name, silent.seen) == ("access token on AWS", "ConnectError")
    assert recent.seen == "for 1440 min, and 43200 are asked for"
    assert "--quiet-minutes and the minutes of the longest of their lives" in recent.remedy
    assert used.seen == "4 access tokens of the last 43200 min were signed by it"


NOBODY = "http://127.0.0.1:9"
QUEUE = "http://127.0.0.1:9/000000000000/later"
DENIED = {
    "ErrorCode": "AccessDeniedException",
    "Message": "Lambda was unable to decrypt your environment variables because KMS access was denied.",
}


def test_environment_that_may_not_be_decrypted_is_told_as_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The emulator shows every environment, so the answers of AWS are given here."""
    client, now = lambda_of(QUEUE), datetime.now(UTC)

    def client_of(_queue_url: str) -> object:
        return client

    monkeypatch.setattr("ops.verify.target.lambda_of", client_of)
    outputs = {"LaterQueueUrl": QUEUE, "FunctionNames": {"a": "glow-dev-A", "b": "glow-dev-B"}}
    config = Config(webhook_secret="a", edge_secret=None, sol_usd_max_age_seconds=180)
    target = Target(deployed=DeployedStack("dev", outputs), config=config)
    changed = (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    shown = {"HELIUS_WEBHOOK_SECRET": KEY}

    with Stubber(client) as functions:
        for environment in ({"Variables": shown}, {"Error": DENIED}):
            answer = {"Environment": environment, "LastModified": changed}
            functions.add_response("get_function_configuration", answer)
        rotation = Rotation.of(settings(), Name.WEBHOOK)
        (line,) = check_functions(target, rotation, Window(now=now, minutes=15))

    assert line.state == "failed"
    assert line.seen.startswith(
        "1 did not show their environment. glow-dev-B: AccessDeniedException"
    )
    assert "kms:Decrypt" in line.remedy
