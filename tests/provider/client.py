"""The engine's side of the provider protocol."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2 as protocol
from pulumi.runtime.proto import provider_pb2_grpc

from local.provider.resource import Cloud
from local.provider.server import start
from local.provider.values import Properties, from_struct, to_struct


@dataclass(frozen=True)
class Found:
    """A resource as the engine stores it. After Read, the id is empty if it is gone."""

    id: str
    inputs: Properties
    properties: Properties


class Provider:
    """Calls a provider, with types, which the generated stub lacks."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)

    def check_config(self, config: Properties) -> protocol.CheckResponse:
        return self._stub.CheckConfig(protocol.CheckRequest(news=to_struct(config)))

    def diff_config(self, olds: Properties, news: Properties) -> protocol.DiffResponse:
        request = protocol.DiffRequest(old_inputs=to_struct(olds), news=to_struct(news))
        return self._stub.DiffConfig(request)

    def configure(self, config: Properties) -> None:
        self._stub.Configure(protocol.ConfigureRequest(args=to_struct(config)))

    def create(
        self, token: str, inputs: Properties, *, preview: bool = False
    ) -> protocol.CreateResponse:
        return self._stub.Create(
            protocol.CreateRequest(type=token, properties=to_struct(inputs), preview=preview)
        )

    def make(self, token: str, inputs: Properties) -> Found:
        """Create a resource, and return it as the engine would store it."""
        answer = self.create(token, inputs)
        return Found(answer.id, inputs, from_struct(answer.properties))

    def update(self, token: str, found: Found, news: Properties) -> Found:
        """Bring a resource from what was found to these inputs."""
        answer = self._stub.Update(
            protocol.UpdateRequest(
                id=found.id,
                type=token,
                old_inputs=to_struct(found.inputs),
                olds=to_struct(found.properties),
                news=to_struct(news),
            )
        )
        return Found(found.id, news, from_struct(answer.properties))

    def read(
        self,
        token: str,
        resource_id: str,
        inputs: Properties,
        properties: Properties | None = None,
    ) -> Found:
        answer = self._stub.Read(
            protocol.ReadRequest(
                id=resource_id,
                type=token,
                inputs=to_struct(inputs),
                properties=to_struct(inputs if properties is None else properties),
            )
        )
        return Found(answer.id, from_struct(answer.inputs), from_struct(answer.properties))

    def invoke(self, token: str, arguments: Properties) -> Properties:
        request = protocol.InvokeRequest(tok=token, args=to_struct(arguments))
        return from_struct(getattr(self._stub.Invoke(request), "return"))

    def delete(self, token: str, resource_id: str, properties: Properties | None = None) -> None:
        known = to_struct(properties or {})
        self._stub.Delete(protocol.DeleteRequest(id=resource_id, type=token, properties=known))


@contextmanager
def served(cloud: Cloud) -> Generator[Provider]:
    server, port = start(cloud, 0)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Provider(channel)
    server.stop(grace=None).wait()
