"""One local cloud with the stack deployed on it, for all tests that leave the stack as it is."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from botocore.session import Session

from local.cloud import LocalCloud
from local.stack import LocalStack
from tests.local.aws import Aws
from tests.local.processes import ProcessList
from tests.local.wire import Listeners, Wire

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cloud)
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud"), aws_port=0, worker_port=0) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def processes() -> ProcessList:
    """What was seen of the machine while `stack` was deployed."""
    return ProcessList()


@pytest.fixture(scope="session")
def stack(cloud: LocalCloud, processes: ProcessList) -> LocalStack:
    """The AWS path; test_edge.py has a stack of its own."""
    stack = LocalStack(cloud)
    with processes:
        stack.prepare()
        stack.config_set("USE_EDGE_BROADCAST", "false")
        stack.up()
    return stack


@pytest.fixture(scope="session")
def outputs(stack: LocalStack) -> dict[str, object]:
    return stack.outputs()


@pytest.fixture(scope="session")
def wire(stack: LocalStack, outputs: dict[str, object]) -> Wire:
    return Wire(str(outputs["RestApiUrl"]), str(outputs["WebSocketUrl"]), stack.webhook_key())


@pytest.fixture(scope="session")
def aws(cloud: LocalCloud) -> Aws:
    return Aws(Session(), cloud.aws_url)


@pytest.fixture
async def listeners(wire: Wire) -> AsyncIterator[Listeners]:
    async with Listeners(wire) as opened:
        yield opened
