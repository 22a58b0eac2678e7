"""Property values as the engine sends them: plain JSON, unknowns and archives included.

An unknown is the text `UNKNOWN`; an asset or archive is an object that carries its signature and the
hash of its content. Secrets are plain values: a provider that does not accept them gets those, and
the engine marks the answers again by name (annotateSecrets in its provider_plugin.go). Only
configuration comes with secrets marked, and is unwrapped here.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, TypeGuard, cast

from google.protobuf import json_format, struct_pb2

Value: TypeAlias = "bool | float | str | list[Value] | dict[str, Value] | None"
Properties: TypeAlias = dict[str, Value]

# sdk/go/common/resource/plugin/rpc.go (UnknownStringValue), sdk/go/common/resource/sig/sig.go.
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  the mark of one
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
# Where Terraform's bridge keeps the names of inputs that it, not the program, has set.
DEFAULTS: Final = "__defaults"


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties of a request, without those that are null: to a provider they are not set."""
    properties = cast("Properties", json_format.MessageToDict(struct))
    return {name: _plain(value) for name, value in properties.items() if value is not None}


def to_struct(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    """The properties of an answer."""
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def is_asset_or_archive(value: Value) -> TypeGuard[dict[str, Value]]:
    """Whether the value stands for a file or a folder of files."""
    return isinstance(value, dict) and value.get(SIGNATURE) in {ASSET, ARCHIVE}


def text(properties: Mapping[str, Value], name: str) -> str:
    """The text under `name`; a TypeError says what was there instead."""
    value = properties.get(name)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, not {type(value).__name__}")
    return value


def blocks(value: Value) -> Sequence[Properties]:
    """The objects of a property that holds one object, a list of them, or nothing."""
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        return [block for block in value if isinstance(block, dict)]
    return []


def _plain(value: Value) -> Value:
    """The value without nulls, and whole numbers as int: protobuf has only floats, AWS refuses them."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict) and value.get(SIGNATURE) == SECRET:
        return _plain(value["value"])
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    return value
