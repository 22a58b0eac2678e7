"""How ops finds a stack's cloud, and what it says where it finds none."""

import pytest

from ops.deployed import DeployedStack, sqs_of
from ops.errors import OpsError
from ops.preview import run_preview
from ops.redrive import move_back
from workspace.engine import ignore
from workspace.stack import Stack

# Port 9 is for discarding what comes; nothing listens there.
NOWHERE = 9


@pytest.mark.parametrize(
    ("queue_url", "endpoint", "region"),
    [
        (
            "https://sqs.eu-west-1.amazonaws.com/123456789012/glow-dev-BroadcastQueue.fifo",
            "https://sqs.eu-west-1.amazonaws.com",
            "eu-west-1",
        ),
        (
            "http://127.0.0.1:4566/000000000000/glow-local-BroadcastQueue.fifo",
            "http://127.0.0.1:4566",
            "us-east-1",
        ),
    ],
)
def test_queue_url_says_where_the_stacks_sqs_is(
    queue_url: str, endpoint: str, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)  # tests of functions set it
    client = sqs_of(queue_url)

    assert (client.meta.endpoint_url, client.meta.region_name) == (endpoint, region)


def test_cloud_that_is_down_is_not_blamed_on_credentials() -> None:
    url = f"http://127.0.0.1:{NOWHERE}/000000000000/queue.fifo"

    with pytest.raises(OpsError, match=f"Nothing answers at {url}") as refused:
        move_back(sqs_of(url), dead_letters_url=url, queue_url=url)

    assert "credentials" not in str(refused.value)


def test_stack_whose_local_cloud_is_down_is_refused_with_what_starts_it() -> None:
    deployed = DeployedStack("local", {"RestApiUrl": f"http://127.0.0.1:{NOWHERE}/api"})

    with pytest.raises(OpsError, match=r"is not running: nothing answers at 127.0.0.1:9.*make up"):
        deployed.require_running()


def test_missing_output_is_named_with_its_remedy() -> None:
    with pytest.raises(
        OpsError, match=r"Stack dev has no output RestApiUrl.*pulumi up --stack dev"
    ):
        DeployedStack("dev", {}).text("RestApiUrl")


def test_preview_beside_a_cloud_that_is_down_says_what_to_start() -> None:
    stack = Stack(name="local", environment={"PULUMI_DEBUG_PROVIDERS": f"aws:{NOWHERE}"})

    with pytest.raises(OpsError, match=r"its aws provider does not run.*make up"):
        run_preview(stack, ignore)
