"""Runs the real program without an engine, and records what it asks the engine for."""

import asyncio
import io
import json
import logging
import runpy
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import grpc
import pulumi
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto.resource_pb2 import (
    RegisterResourceOutputsRequest,
    RegisterResourceRequest,
    RegisterResourceResponse,
)
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import run_in_stack

ROOT: Final = Path(__file__).resolve().parents[2]
STACK_TYPE: Final = "pulumi:pulumi:Stack"
WEBHOOK_SECRET: Final = "the-secret-that-helius-sends"
EDGE_SECRET: Final = "what-the-edge-worker-expects"
NODE: Final = "https://rpc.example.com/?api-key=what-the-node-lets-in"
EDGE: Final = {
    "EdgeBroadcastSecret": EDGE_SECRET,
    "edge": json.dumps({"accountId": "a" * 32, "zoneId": "b" * 32, "hostname": "edge.example.com"}),
}

# How the SDK marks secrets and archives on their way to the engine (pulumi/runtime/rpc.py).
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"

_NO_RESOURCE: Final = cast("pulumi.Resource", None)

Json = dict[str, Any]
_Register = Callable[[RegisterResourceRequest], RegisterResourceResponse]


@dataclass(frozen=True)
class Registered:
    """A resource as the engine sees it. A secret input reads `Secret(...)`."""

    urn: str
    type: str
    name: str
    inputs: Json
    protect: bool
    depends_on: frozenset[str]
    adopted: str = ""
    """The id in the cloud of what is taken over, not made."""


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts."""

    value: object


@dataclass(frozen=True)
class Archive:
    """A zip that the engine uploads."""

    name: str
    content: bytes = field(repr=False)

    def read(self, member: str) -> bytes:
        return zipfile.ZipFile(io.BytesIO(self.content)).read(member)


@dataclass(frozen=True)
class Deployment:
    """All that one run of the program declared."""

    resources: tuple[Registered, ...]
    outputs: Json
    told: str
    """What a preview prints beside the changes."""

    def named(self, name: str) -> Registered:
        (found,) = [resource for resource in self.resources if resource.name == name]
        return found

    def of_type(self, kind: str) -> list[Registered]:
        return [resource for resource in self.resources if resource.type == kind]


def deploy(
    stack: str = "prod",
    config: Mapping[str, str] | None = None,
    *,
    last_outputs: Mapping[str, object] | None = None,
    log_groups: Sequence[str] | None = (),
    routing_item: Mapping[str, object] | None = None,
    program: Callable[[], None] | None = None,
) -> Deployment:
    """Run `__main__.py` (or `program`) with `config` (keys without `glow:`) beside the required secret and
    an RPC node; an empty text leaves a key out.

    `last_outputs` are those of an `up` before; without them there was none. `log_groups` are there
    already; None means that nobody may know. So it is with `routing_item`, the row of RoutesTable.
    """
    given = {"HeliusWebhookSecret": WEBHOOK_SECRET, "RpcUrl": NODE, **(config or {})}
    values = {key: value for key, value in given.items() if value}
    secrets = [
        f"glow:{key}" for key in values if "Secret" in key or key.endswith(("ApiKey", "RpcUrl"))
    ]
    engine = _Engine(_Cloud(last_outputs or {}, log_groups, routing_item))
    console = _Console()

    async def run() -> None:
        # This registers a root resource, for which it needs the loop. That root is dropped again:
        # `run_in_stack` makes its own, which takes the exports.
        pulumi.runtime.set_mocks(
            engine.mocks, project="glow", stack=stack, monitor=engine, logger=console.logger
        )
        pulumi.runtime.set_all_config({f"glow:{key}": values[key] for key in values}, secrets)
        set_root_resource(_NO_RESOURCE)
        await run_in_stack(program or _run_program)

    asyncio.run(run())
    set_root_resource(_NO_RESOURCE)
    return Deployment(tuple(engine.registered), engine.outputs, "\n".join(console.told))


def _run_program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"))


class _Engine(MockMonitor):
    """Records registrations, with the URNs that the real engine would give."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.registered: list[Registered] = []
        self.outputs: Json = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        parent_type = parent.split("::")[2] if parent else STACK_TYPE
        qualified = type_ if parent_type == STACK_TYPE else f"{parent_type}${type_}"
        return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{qualified}::{name}"

    def RegisterResource(  # noqa: N802  the engine's name
        self, request: RegisterResourceRequest
    ) -> RegisterResourceResponse:
        if request.type != STACK_TYPE:
            self.registered.append(
                Registered(
                    urn=self.make_urn(request.parent, request.type, request.name),
                    type=request.type,
                    name=request.name,
                    inputs=_plain(MessageToDict(request.object)),
                    protect=request.protect,
                    depends_on=frozenset(request.dependencies),
                    adopted=request.importId,
                )
            )
        register = cast("_Register", super().RegisterResource)
        return register(request)

    def RegisterResourceOutputs(  # noqa: N802  the engine's name
        self, request: RegisterResourceOutputsRequest
    ) -> Empty:
        if STACK_TYPE in request.urn:
            self.outputs.update(_plain(MessageToDict(request.outputs)))
        return Empty()


class _Console(logging.Handler):
    """Keeps what the program tells whoever runs it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        # A getLogger would be shared, and keep the handlers of earlier runs.
        self.logger = logging.Logger("program", logging.INFO)  # noqa: LOG001
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


class _Denied(grpc.RpcError):
    """As a provider answers a caller without the right `action`."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action = action

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return f"AccessDeniedException: not authorized to perform {self._action}"


class _Cloud(Mocks):
    """Answers each creation with what AWS would add: ids, ARNs, addresses."""

    def __init__(
        self,
        last_outputs: Mapping[str, object],
        log_groups: Sequence[str] | None,
        routing_item: Mapping[str, object] | None,
    ) -> None:
        super().__init__()
        self._routing_item = routing_item
        self._last_outputs = last_outputs
        self._log_groups = log_groups

    def call(self, args: MockCallArgs) -> tuple[Json, list[tuple[str, str]]]:
        if args.token == "pulumi:pulumi:readStackOutputs":  # answered by the engine, not by a cloud
            return {"outputs": dict(self._last_outputs)}, []
        if args.token == "aws:cloudwatch/getLogGroups:getLogGroups":
            prefix = cast("Json", args.args)["logGroupNamePrefix"]
            if self._log_groups is None:
                raise _Denied("logs:DescribeLogGroups")
            names = [name for name in self._log_groups if name.startswith(prefix)]
            return {"logGroupNames": names}, []
        if args.token == "aws:dynamodb/getTableItem:getTableItem":
            if self._routing_item is None:
                raise _Denied("dynamodb:GetItem")
            return {"item": json.dumps(self._routing_item)}, []
        raise AssertionError(f"the program asks the cloud for {args.token}")

    def new_resource(self, args: MockResourceArgs) -> tuple[str, Json]:
        inputs = cast("Json", args.inputs)
        name: str = inputs.get("name", args.name)
        kind = args.typ.rpartition(":")[2]
        arn = f"arn:{kind}:{name}"
        computed: dict[str, Json] = {
            "Api": {
                "apiEndpoint": f"{'wss' if 'Socket' in name else 'https'}://{name}.example",
                "executionArn": f"arn:execute-api:{name}",
            },
            "Function": {"invokeArn": f"arn:invoke:{name}"},
            "Queue": {"url": f"https://sqs.example/{name}"},
            "Table": {"streamArn": f"arn:stream:{name}"},
            "Stage": {"invokeUrl": f"https://api.example/{name.removeprefix('$default')}"},
        }
        return f"{args.name}-id", {**inputs, "arn": arn, **computed.get(kind, {})}


def _plain(value: Any) -> Any:
    """`value` as the engine reads it: secrets and archives marked."""
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("Json", value)
    if fields.get(_SIGNATURE) == _SECRET:
        return Secret(_plain(fields["value"]))
    if fields.get(_SIGNATURE) == _ARCHIVE:
        file = Path(fields["path"])
        return Archive(file.name, file.read_bytes())
    return {key: _plain(item) for key, item in fields.items()}


def urns() -> str:
    """The URNs of stack `prod` with every optional resource, one a line."""
    optional = {
        "alarmEmail": "oncall@example.com",
        "alarms": '{"noTradeMinutes": 10, "monthlyBudgetUsd": 200}',
        "kms": "true",
        "kmsPrevious": "arn:aws:kms:us-east-1:123456789012:key/0d1e2f",
        "routing": '{"autoRollback": true}',
        "websocketAccessLogs": "true",
        "HeliusApiKey": "what-helius-lets-in",
        "helius": json.dumps({"manageWebhook": True, "addresses": ["1" * 32]}),
        **EDGE,
    }
    return "".join(sorted(f"{resource.urn}\n" for resource in deploy(config=optional).resources))


if __name__ == "__main__":
    sys.stdout.write(urns())
