"""The provider protocol, with clouds made for the tests."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import ClassVar

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as protocol
from pulumi_aws import sqs

from local.provider.aws import Aws
from local.provider.resource import Cloud, Connected, Inputs, Resource, State
from local.provider.values import UNKNOWN, Properties, from_struct
from tests.provider.client import Provider, served

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

    def connect(self, config: Properties) -> Connected:
        del config
        return Connected(resources={TOKEN: Meeting()}, functions={"test:index:echo": dict})


@pytest.fixture
def provider() -> Iterator[Provider]:
    with served(Town()) as provider:
        provider.configure({"region": "here"})
        yield provider


def test_resources_are_created_side_by_side(provider: Provider) -> None:
    def create(name: str) -> str:
        return provider.create(TOKEN, {"name": name}).id

    with ThreadPoolExecutor(2) as engine:
        assert list(engine.map(create, ("one", "two"))) == ["one", "two"]


def test_preview_of_a_creation_touches_nothing_and_knows_no_outputs(provider: Provider) -> None:
    answer = provider.create(TOKEN, {"name": "one"}, preview=True)
    assert from_struct(answer.properties) == {"name": "one", "arn": UNKNOWN}


def test_what_is_gone_is_dropped_from_the_state(provider: Provider) -> None:
    assert provider.read(TOKEN, "gone", {"name": "gone"}).id == ""


def test_deleting_what_is_gone_succeeds(provider: Provider) -> None:
    provider.delete(TOKEN, "gone")


def test_import_is_refused(provider: Provider) -> None:
    with pytest.raises(grpc.RpcError, match="cannot import"):
        provider.read(TOKEN, "one", {})


def test_function_of_the_sdk_is_answered(provider: Provider) -> None:
    assert provider.invoke("test:index:echo", {"word": "hello"}) == {"word": "hello"}


def test_function_that_is_not_handled_is_refused(provider: Provider) -> None:
    with pytest.raises(grpc.RpcError, match="does not know test:index:shout"):
        provider.invoke("test:index:shout", {})


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
