"""A log group that a replaced system left behind becomes the stack's, with the lines in it."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from botocore.session import Session

from local.cloud import LocalCloud
from local.stack import LocalStack
from tests.local.aws import Aws

GROUP: Final = "/aws/lambda/glow-local-HeliusPriceWebhook"
STREAM: Final = "of-the-old-system"


@pytest.fixture
def own_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("own"), aws_port=0, worker_port=0) as cloud:
        yield cloud


@pytest.fixture
def logs(own_cloud: LocalCloud) -> Any:
    return Aws(Session(), own_cloud.aws_url).client("logs")


def retention_days(logs: Any) -> int | None:
    [group] = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    return group.get("retentionInDays")


def test_group_that_is_there_is_adopted_and_gets_its_retention(
    own_cloud: LocalCloud, logs: Any
) -> None:
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    stack = LocalStack(own_cloud)
    stack.prepare()

    told = stack.up()

    assert f"{GROUP} is there already and is adopted" in told
    assert retention_days(logs) is None
    assert "is adopted" not in stack.up()
    assert retention_days(logs) == 30
    streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=STREAM)
    assert len(streams["logStreams"]) == 1
    stack.preview(expect_no_changes=True)
