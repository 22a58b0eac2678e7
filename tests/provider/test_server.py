"""The provider protocol, with clouds made for the tests."""

from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any, ClassVar

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as protocol
from pulumi.runtime.proto import provider_pb2_grpc
from pulumi_aws import sqs

from local.provider.aws import Aws
from local.provider.resource import Cloud, Inputs, Resource, State
from local.provider.server import start
from local.provider.values import UNKNOWN, Properties, from_struct, to_struct

TOKEN = "test:index:Meeting"


class Meeting(Resource):
    """A resource whose creation waits until another one is being created, too."""

    args = sqs.QueueArgs
    inputs: ClassVar[Inputs] = {"name": "Name"}
    outputs = frozenset({"arn"})
    autoname = "name"
    both_are_here = Barrier(2, timeout=60)

    def create(self, inputs: Properties) -> str:
        self.both_are_here.wait()
        return str(inputs["name"])

    def read(self, state: State) -> Properties:
        if state.id == "gone":
            raise LookupError
        return {"arn": f"arn:{state.id}"}

    def delete(self, state: State) -> None:
        raise LookupError(state.id)

    def is_missing(self, error: Exception) -> bool:
        return isinstance(error, LookupError)


class Town(Cloud):
    """A cloud with only this resource type."""

    version = "1.0.0"
    settings = frozenset({"region"})
    replaced_by = frozenset({"region"})
    resources: ClassVar[Mapping[str, type[Resource]]] = {TOKEN: Meeting}

    def connect(self, config: Properties) -> Mapping[str, Resource]:
        del config
        return {TOKEN: Meeting()}


class Provider:
    """The engine's side of the protocol, with types, which the generated stub lacks."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)

    def check_config(self, config: Properties) -> protocol.CheckResponse:
        return self._stub.CheckConfig(protocol.CheckRequest(news=to_struct(config)))

    def diff_config(self, olds: Properties, news: Properties) -> protocol.DiffResponse:
        request = protocol.DiffRequest(old_inputs=to_struct(olds), news=to_struct(news))
        return self._stub.DiffConfig(request)

    def configure(self, config: Properties) -> None:
        self._stub.Configure(protocol.ConfigureRequest(args=to_struct(config)))

    def create(self, name: str, *, preview: bool = False) -> protocol.CreateResponse:
        inputs = to_struct({"name": name})
        return self._stub.Create(
            protocol.CreateRequest(type=TOKEN, properties=inputs, preview=preview)
        )

    def read(self, resource_id: str, inputs: Properties) -> protocol.ReadResponse:
        known = to_struct(inputs)
        return self._stub.Read(
            protocol.ReadRequest(id=resource_id, type=TOKEN, inputs=known, properties=known)
        )

    def delete(self, resource_id: str) -> None:
        self._stub.Delete(protocol.DeleteRequest(id=resource_id, type=TOKEN))


@contextmanager
def served(cloud: Cloud) -> Generator[Provider]:
    server, port = start(cloud, 0)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Provider(channel)
    server.stop(grace=None).wait()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with served(Town()) as provider:
        provider.configure({"region": "here"})
        yield provider


def test_resources_are_created_side_by_side(provider: Provider) -> None:
    with ThreadPoolExecutor(2) as engine:
        assert [answer.id for answer in engine.map(provider.create, ("one", "two"))] == [
            "one",
            "two",
        ]


def test_preview_of_a_creation_touches_nothing_and_knows_no_outputs(provider: Provider) -> None:
    answer = provider.create("one", preview=True)
    assert from_struct(answer.properties) == {"name": "one", "arn": UNKNOWN}


def test_what_is_gone_is_dropped_from_the_state(provider: Provider) -> None:
    assert provider.read("gone", {"name": "gone"}).id == ""


def test_deleting_what_is_gone_succeeds(provider: Provider) -> None:
    provider.delete("gone")


def test_import_is_refused(provider: Provider) -> None:
    with pytest.raises(grpc.RpcError, match="cannot import"):
        provider.read("one", {})


@pytest.mark.parametrize(
    ("changed", "replaces"), [({"region": "eu-west-1"}, ["region"]), ({"endpoints": "x"}, [])]
)
def test_new_region_replaces_everything_and_a_new_endpoint_nothing(
    changed: Properties, replaces: list[str]
) -> None:
    olds: Properties = {"region": "us-east-1", "endpoints": "y"}
    with served(Aws()) as provider:
        answer = provider.diff_config(olds, {**olds, **changed})
    assert answer.changes == protocol.DiffResponse.DIFF_SOME
    assert list(answer.replaces) == replaces


def test_configuration_that_is_not_handled_is_refused() -> None:
    with served(Aws()) as provider:
        answer = provider.check_config({"profile": "mine"})
    assert [failure.reason for failure in answer.failures] == [
        "the local provider does not handle profile"
    ]


def test_service_without_an_endpoint_is_refused_lest_the_real_aws_be_called() -> None:
    config: Properties = {"endpoints": '[{"sqs": "http://127.0.0.1:1"}]', "region": "us-east-1"}
    with served(Aws()) as provider, pytest.raises(grpc.RpcError, match="endpoints lacks apigatew"):
        provider.configure(config)
