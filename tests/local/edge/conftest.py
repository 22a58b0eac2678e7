"""A second cloud, on which the stack broadcasts through the edge."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from botocore.session import Session

from local.cloud import LocalCloud
from local.stack import LocalStack
from tests.local.aws import Aws
from tests.local.wire import Listeners, Wire

TRIES = 6  # with waits of 1 to 16 s: more than a busy machine takes to send what an edge that is down is owed


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("edge"), aws_port=0, worker_port=0) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def stack(cloud: LocalCloud) -> LocalStack:
    stack = LocalStack(cloud)
    stack.prepare()
    stack.config_set("USE_EDGE_BROADCAST", "true")
    stack.config_set("edgeRetryTries", str(TRIES))
    stack.up()
    return stack


@pytest.fixture(scope="session")
def outputs(stack: LocalStack) -> dict[str, Any]:
    return stack.outputs()


@pytest.fixture(scope="session")
def wire(stack: LocalStack, outputs: dict[str, Any]) -> Wire:
    return Wire(outputs["RestApiUrl"], outputs["WebSocketUrl"], stack.webhook_key())


@pytest.fixture(scope="session")
def edge_url(outputs: dict[str, Any]) -> str:
    return outputs["EdgeUrl"]


@pytest.fixture(scope="session")
def aws(cloud: LocalCloud) -> Aws:
    return Aws(Session(), cloud.aws_url)


@pytest.fixture
async def listeners(wire: Wire) -> AsyncIterator[Listeners]:
    async with Listeners(wire) as opened:
        yield opened
