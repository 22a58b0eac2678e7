"""Property values as the engine sends them: JSON with some special values.

An unknown value is the text `UNKNOWN`. An asset or archive is an object with a signature and the hash
of its content. Secrets arrive as plain values, because the handshake does not accept secrets; the
engine marks them in the answers again, by name (annotateSecrets in its provider_plugin.go). Only
configuration arrives with its secrets marked; the marks are removed here.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, TypeGuard, cast

from google.protobuf import json_format, struct_pb2

Value: TypeAlias = "bool | float | str | list[Value] | dict[str, Value] | None"
Properties: TypeAlias = dict[str, Value]

# sdk/go/common/resource/plugin/rpc.go (UnknownStringValue), sdk/go/common/resource/sig/sig.go.
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  a signature, not a secret
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
# Here Terraform's bridge keeps the names of the inputs that it has set itself.
DEFAULTS: Final = "__defaults"


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties of a request. Null means "not set", so those are left out."""
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
    """The property `name`; raises TypeError if it is not text."""
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


def block(value: Value) -> Properties:
    """The object of a property that holds one, or nothing."""
    return value if isinstance(value, dict) else {}


def _plain(value: Value) -> Value:
    """The value without nulls, and with whole numbers as int.

    protobuf has only floats, and AWS does not accept a float for a whole number.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict) and value.get(SIGNATURE) == SECRET:
        return _plain(value["value"])
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    return value
