"""A third cloud, whose stack moves tokens between the paths. No region is sent to AWS, so that a path
that a token has left goes quiet."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from botocore.session import Session

from functions.glow.routing.table import RouteTable
from local.cloud import LocalCloud
from local.stack import ROUTING, LocalStack
from tests.local.aws import Aws
from tests.local.moves.mover import Mover
from tests.local.wire import Listeners, Wire


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("moves"), aws_port=0, worker_port=0) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def stack(cloud: LocalCloud) -> LocalStack:
    stack = LocalStack(cloud)
    stack.prepare()
    stack.config_set(ROUTING, '{"graceSeconds": 10}')  # the shortest
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


@pytest.fixture(scope="session")
def mover(aws: Aws, outputs: dict[str, Any]) -> Mover:
    routes = RouteTable(aws.client("dynamodb"), outputs["RoutesTableName"])
    return Mover(aws.client("lambda"), outputs["FunctionNames"]["route-mover"], routes)


@pytest.fixture
async def listeners(wire: Wire) -> AsyncIterator[Listeners]:
    async with Listeners(wire) as opened:
        yield opened
