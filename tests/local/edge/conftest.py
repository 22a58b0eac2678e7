"""A second cloud, on which the stack broadcasts through the edge."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from botocore.session import Session
from selenium.webdriver import Chrome

from local.browser import browsing
from local.clients import Endpoints
from local.cloud import LocalCloud
from local.stack import LocalStack
from tests.local.aws import Aws
from tests.local.edge.options import switch_options
from tests.local.wire import Listeners, Wire
from workspace.paths import REPOSITORY

# With waits of 1 to 16 s: longer than a busy machine takes to send what the edge is owed.
TRIES = 6


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("edge"), aws_port=0, worker_port=0) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def pages() -> Iterator[str]:
    """The origin that serves this folder, as `python3 -m http.server` does, on any port."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(REPOSITORY))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def stack(cloud: LocalCloud) -> LocalStack:
    stack = LocalStack(cloud)
    stack.prepare()
    stack.config_set("USE_EDGE_BROADCAST", "true")
    stack.config_set("edgeRetryTries", str(TRIES))
    switch_options(stack, on=True)
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
def endpoints(wire: Wire, edge_url: str, cloud: LocalCloud) -> Endpoints:
    return Endpoints(
        webhook_url=f"{wire.rest_url}/webhook/price",
        rest_url=wire.rest_url,
        websocket_url=wire.websocket_url,
        edge_url=edge_url,
        webhook_key=wire.key,
        helius_url=cloud.helius_url,
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="session")
def aws(cloud: LocalCloud) -> Aws:
    return Aws(Session(), cloud.aws_url)


@pytest.fixture
async def listeners(wire: Wire) -> AsyncIterator[Listeners]:
    async with Listeners(wire) as opened:
        yield opened
