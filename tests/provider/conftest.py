"""A local cloud. The program is deployed, changed, lost, deployed again and destroyed there.

Each fixture is one step and returns what was observed then, so the tests can run in any order.
"""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from websockets.sync.client import connect

from local.cloud import LocalCloud
from local.config import aws_keys
from local.provider.aws.session import Session
from local.provider.values import Properties
from local.stack import HEALING
from tests.provider.engine import Engine, EngineError


@dataclass(frozen=True)
class Seen:
    """The engine's output for one step, and what the cloud answered after it."""

    printed: str
    previewed: str
    outputs: dict[str, str]
    state: str
    http_answer: str
    socket_answer: str


@dataclass(frozen=True)
class Undone:
    """AWS's values of the inputs that the second step no longer gives."""

    visibility_timeout: str
    memory_mb: int
    cors_is_set: bool
    access_logs_are_set: bool


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud"), aws_port=0, worker_port=0) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def aws_config(cloud: LocalCloud) -> Properties:
    """The provider's configuration, as in a stack."""
    return {
        "accessKey": "test",
        "endpoints": json.dumps(aws_keys(cloud.aws_url)["aws:endpoints"]),
        "region": "us-east-1",
        "secretKey": "test",
    }


@pytest.fixture(scope="module")
def aws(aws_config: Properties) -> Session:
    """Clients of the cloud, to look at it without Pulumi."""
    return Session.of(aws_config)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, cloud: LocalCloud) -> Engine:
    return Engine(tmp_path_factory.mktemp("engine"), cloud)


@pytest.fixture(scope="module")
def first(engine: Engine) -> Seen:
    return _seen(engine, engine.up("first"))


@pytest.fixture(scope="module")
def repeated(engine: Engine, first: Seen) -> Seen:
    assert first
    engine.refresh("--expect-no-changes")
    return _seen(engine, engine.up("first"))


@pytest.fixture(scope="module")
def drifted(engine: Engine, repeated: Seen, aws: Session) -> str:
    """What a refresh prints after somebody has changed a queue by hand."""
    assert repeated
    queue = aws.sqs.get_queue_url(QueueName="tiny-updates.fifo")["QueueUrl"]
    aws.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "90"})
    return engine.refresh("--diff")


@pytest.fixture(scope="module")
def second(engine: Engine, drifted: str) -> Seen:
    assert drifted
    return _seen(engine, engine.up("second"))


@pytest.fixture(scope="module")
def undone(second: Seen, aws: Session) -> Undone:
    api_id = second.outputs["apiEndpoint"].rpartition("/")[2]
    queue = aws.sqs.get_queue_url(QueueName="tiny-updates.fifo")["QueueUrl"]
    attributes = aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])[
        "Attributes"
    ]
    stage = aws.apigatewayv2.get_stage(ApiId=api_id, StageName="$default")
    return Undone(
        visibility_timeout=attributes["VisibilityTimeout"],
        memory_mb=aws.lambda_.get_function_configuration(FunctionName="tiny-answer")["MemorySize"],
        cors_is_set="CorsConfiguration" in aws.apigatewayv2.get_api(ApiId=api_id),
        access_logs_are_set="AccessLogSettings" in stage,
    )


@pytest.fixture(scope="module")
def failed(engine: Engine, undone: Undone) -> str:
    """The CLI's error when the invoked function fails."""
    assert undone
    with pytest.raises(EngineError) as error:
        engine.up("second", caller="stranger")
    return str(error.value)


@pytest.fixture(scope="module")
def called_again(engine: Engine, failed: str) -> Seen:
    assert failed
    return _seen(engine, engine.up("second", caller="friend"))


@pytest.fixture(scope="module")
def healed(engine: Engine, cloud: LocalCloud, called_again: Seen) -> Seen:
    assert called_again
    cloud.restart_aws()
    return _seen(engine, engine.up("second", *HEALING, caller="friend"))


@pytest.fixture(scope="module")
def destroyed(engine: Engine, healed: Seen) -> str:
    assert healed
    return engine.destroy()


def _seen(engine: Engine, printed: str) -> Seen:
    state = engine.export()
    resources = json.loads(state)["deployment"]["resources"]
    outputs = next(r["outputs"] for r in resources if r["type"] == "pulumi:pulumi:Stack")
    with urllib.request.urlopen(outputs["answerUrl"]) as response:  # noqa: S310  http, our own
        http_answer = response.read().decode()
    with connect(outputs["socketUrl"]) as socket:
        socket.send("{}")
        socket_answer = str(socket.recv(timeout=60))
    return Seen(
        printed=printed,
        previewed=engine.preview_again(),
        outputs=outputs,
        state=state,
        http_answer=http_answer,
        socket_answer=socket_answer,
    )
