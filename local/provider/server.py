# ruff: noqa: N802 - the methods have the protocol's names
"""Pulumi's provider protocol, for any cloud: check, diff, create, read, update, delete.

The answers are like those of Terraform's bridge, on which the real plugins are built. Each call runs
in its own thread, so several resources are created at the same time.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

import grpc
from google.protobuf import struct_pb2
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2 as plugin
from pulumi.runtime.proto import provider_pb2 as protocol
from pulumi.runtime.proto import provider_pb2_grpc

from local.provider.check import Problem, is_made_up, named, problems
from local.provider.diff import Change, diff
from local.provider.drift import imported, seen
from local.provider.echoed import ECHOED
from local.provider.resource import Cloud, Connected, Resource, State
from local.provider.values import DEFAULTS, UNKNOWN, Properties, Value, from_struct, to_struct

log = logging.getLogger(__name__)

# More requests than this wait. The engine sends 4 per core at a time (pulumi up --parallel).
THREADS: Final = 16

# A request contains all inputs of a resource. (An archive is only a path in it.)
MESSAGE_BYTES: Final = 64 * 1024 * 1024

Answer = TypeVar("Answer")


def start(cloud: Cloud, port: int) -> tuple[grpc.Server, int]:
    """Serve a cloud on 127.0.0.1 and return the server and its port; port 0 takes a free one."""
    server = grpc.server(  # pyright: ignore[reportUnknownMemberType]  its stubs name no types for handlers
        ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="provider"),
        options=[("grpc.max_receive_message_length", MESSAGE_BYTES)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(cloud), server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


class _Request(Protocol):
    """The part that all requests about a resource have."""

    @property
    def type(self) -> str: ...


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One cloud, as the engine calls it. The last Configure applies to all later calls."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._connected = Connected(resources={}, functions={})

    # Life of the plugin

    def Handshake(
        self, request: protocol.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> protocol.ProviderHandshakeResponse:
        """Ask for plain values. The engine marks secrets in the answers again, by name."""
        del request, context
        return protocol.ProviderHandshakeResponse(accept_secrets=False)

    def Attach(self, request: plugin.PluginAttach, context: grpc.ServicerContext) -> Empty:
        """Accept an engine that attaches (PULUMI_DEBUG_PROVIDERS). It is never called back."""
        del request, context
        return Empty()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin.PluginInfo:
        """Answer the version of the real plugin that this one replaces."""
        del request, context
        return plugin.PluginInfo(version=self._cloud.version)

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Do nothing: calls in progress end soon, because the cloud is local."""
        del request, context
        return Empty()

    # Configuration

    def CheckConfig(
        self, request: protocol.CheckRequest, context: grpc.ServicerContext
    ) -> protocol.CheckResponse:
        """Refuse configuration keys that are not handled."""
        del context
        unknown = sorted(request.news.keys() - self._cloud.settings)
        failures = [
            protocol.CheckFailure(property=key, reason=f"the local provider does not handle {key}")
            for key in unknown
        ]
        # Unchanged, so that secrets keep their marks (configuration has marks, resources have none).
        return protocol.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(
        self, request: protocol.DiffRequest, context: grpc.ServicerContext
    ) -> protocol.DiffResponse:
        """Answer what changed in the configuration, and whether it replaces every resource."""
        del context
        olds, news = from_struct(request.old_inputs), from_struct(request.news)
        return _diffed(diff(olds, news, self._cloud.replaced_by))

    def Configure(
        self, request: protocol.ConfigureRequest, context: grpc.ServicerContext
    ) -> protocol.ConfigureResponse:
        """Connect to the cloud."""
        config = from_struct(request.args)
        self._connected = _answer(context, lambda: self._cloud.connect(config))
        return protocol.ConfigureResponse(supportsPreview=True)

    def Invoke(
        self, request: protocol.InvokeRequest, context: grpc.ServicerContext
    ) -> protocol.InvokeResponse:
        """Answer a function of the SDK, such as aws.cloudwatch.get_log_groups."""
        function = self._connected.functions.get(request.tok)
        if function is None:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED, f"the local provider does not know {request.tok}"
            )
        results = _answer(context, lambda: function(from_struct(request.args)))
        answer = protocol.InvokeResponse()
        getattr(answer, "return").CopyFrom(to_struct(results))  # a keyword of Python
        return answer

    # Resources

    def Check(
        self, request: protocol.CheckRequest, context: grpc.ServicerContext
    ) -> protocol.CheckResponse:
        """Refuse wrong inputs, and make up a name if the program gives none."""
        kind = self._kind(request, context)
        olds = from_struct(request.olds)
        news = _answer(context, lambda: kind.completed(from_struct(request.news)))
        inputs = named(kind.autoname, request.name, olds, news, request.randomSeed)
        return _checked(inputs, problems(request.type, kind, inputs))

    def Diff(
        self, request: protocol.DiffRequest, context: grpc.ServicerContext
    ) -> protocol.DiffResponse:
        """Answer which inputs changed, and whether that replaces the resource."""
        kind = self._kind(request, context)
        news = from_struct(request.news)
        changes = diff(from_struct(request.old_inputs), news, kind.replaced_by)
        is_named = kind.autoname in news and not is_made_up(kind.autoname, news)
        return _diffed(changes, delete_first=is_named and kind.autoname not in changes)

    def Create(
        self, request: protocol.CreateRequest, context: grpc.ServicerContext
    ) -> protocol.CreateResponse:
        """Create a resource; in a preview, only answer which outputs are not known yet."""
        inputs = from_struct(request.properties)
        if request.preview:
            outputs = self._kind(request, context).outputs
            return protocol.CreateResponse(
                properties=_state(inputs, dict.fromkeys(outputs, UNKNOWN))
            )
        resource = self._resource(request, context)

        def create() -> tuple[str, Properties]:
            resource_id = resource.create(inputs)
            found = resource.read(State(resource_id, inputs))
            return resource_id, _outputs(resource, found)

        resource_id, outputs = _answer(context, create)
        return protocol.CreateResponse(id=resource_id, properties=_state(inputs, outputs))

    def Read(
        self, request: protocol.ReadRequest, context: grpc.ServicerContext
    ) -> protocol.ReadResponse:
        """Answer a resource's inputs and outputs as the cloud has them now.

        An empty answer removes it from the state.
        """
        resource = self._resource(request, context)
        inputs, known = from_struct(request.inputs), from_struct(request.properties)
        if not inputs and not resource.importable:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"the local provider cannot import or .get() a {request.type}",
            )

        state = State(request.id, known) if inputs else resource.imported(request.id)

        def read() -> Properties | None:
            try:
                return resource.read(state)
            except Exception as error:
                if resource.is_missing(error):
                    return None
                raise

        found = _answer(context, read)
        if found is None:
            return protocol.ReadResponse()
        read_back = resource.inputs.keys() - ECHOED.get(request.type, {}).keys()
        answered = {name: found[name] for name in read_back & found.keys()}
        if inputs:
            now = seen(resource.inputs, inputs, answered, resource.defaults)
        else:
            now = {**state.properties, **imported(answered, resource.defaults)}
        return protocol.ReadResponse(
            id=state.id, inputs=to_struct(now), properties=_state(now, _outputs(resource, found))
        )

    def Update(
        self, request: protocol.UpdateRequest, context: grpc.ServicerContext
    ) -> protocol.UpdateResponse:
        """Change a resource in place; in a preview, keep the outputs that cannot change."""
        olds, news = from_struct(request.olds), from_struct(request.news)
        if request.preview:
            kind = self._kind(request, context)
            kept = {name: olds[name] for name in kind.outputs & olds.keys()}
            unknown = dict.fromkeys(kind.changing, UNKNOWN)
            return protocol.UpdateResponse(properties=_state(news, {**kept, **unknown}))
        resource = self._resource(request, context)

        def update() -> Properties:
            resource.update(State(request.id, olds), news)
            return _outputs(resource, resource.read(State(request.id, {**olds, **news})))

        outputs = _answer(context, update)
        return protocol.UpdateResponse(properties=_state(news, outputs))

    def Delete(self, request: protocol.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        """Delete a resource. If it is gone already, that is what the real provider makes of it."""
        resource = self._resource(request, context)
        state = from_struct(request.properties)

        def delete() -> None:
            try:
                resource.delete(State(request.id, state))
            except Exception as error:
                if not (resource.is_missing(error) and resource.deletes_what_is_gone):
                    raise

        _answer(context, delete)
        return Empty()

    def _kind(self, request: _Request, context: grpc.ServicerContext) -> type[Resource]:
        token = request.type
        if token not in self._cloud.resources:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"the local provider does not know the resource type {token}. Add a class for it to"
                f" {type(self._cloud).__module__}",
            )
        return self._cloud.resources[token]

    def _resource(self, request: _Request, context: grpc.ServicerContext) -> Resource:
        self._kind(request, context)
        return self._connected.resources[request.type]


def _answer(context: grpc.ServicerContext, call: Callable[[], Answer]) -> Answer:
    """The call's result. If the call raises, the request fails with the error's text."""
    try:
        return call()
    except Exception as error:
        log.warning("%s", error, exc_info=error)
        context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _outputs(resource: Resource, found: Properties) -> Properties:
    return {name: found[name] for name in resource.outputs}


def _state(inputs: Properties, outputs: Mapping[str, Value]) -> struct_pb2.Struct:
    """What the engine stores of a resource: its inputs and outputs."""
    given = {name: value for name, value in inputs.items() if name != DEFAULTS}
    return to_struct({**given, **outputs})


def _checked(inputs: Properties, problems: Sequence[Problem]) -> protocol.CheckResponse:
    # Without `property`: the engine would print the property's value, which may be secret.
    failures = [protocol.CheckFailure(reason=problem.reason) for problem in problems]
    return protocol.CheckResponse(inputs=to_struct(inputs), failures=failures)


def _diffed(changes: Mapping[str, Change], *, delete_first: bool = False) -> protocol.DiffResponse:
    some, none = protocol.DiffResponse.DIFF_SOME, protocol.DiffResponse.DIFF_NONE
    return protocol.DiffResponse(
        changes=some if changes else none,
        replaces=[path for path, change in changes.items() if change.replaces],
        deleteBeforeReplace=delete_first,
        diffs=list(changes),
        hasDetailedDiff=True,
        detailedDiff={
            path: protocol.PropertyDiff(kind=_KINDS[change], inputDiff=True)
            for path, change in changes.items()
        },
    )


_KINDS: Final = {
    Change("add", replaces=False): protocol.PropertyDiff.ADD,
    Change("add", replaces=True): protocol.PropertyDiff.ADD_REPLACE,
    Change("delete", replaces=False): protocol.PropertyDiff.DELETE,
    Change("delete", replaces=True): protocol.PropertyDiff.DELETE_REPLACE,
    Change("update", replaces=False): protocol.PropertyDiff.UPDATE,
    Change("update", replaces=True): protocol.PropertyDiff.UPDATE_REPLACE,
}
