"""The base classes of a resource type and of a cloud, as the generic server uses them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, TypeAlias, cast

from local.provider.values import Properties, Value, text


class Own(Enum):
    """Marks an input that the class translates in its own code."""

    OWN = "own"


OWN = Own.OWN


@dataclass(frozen=True)
class Block:
    """An input that is an object or a list of objects: its name in the API, and its fields."""

    name: str
    fields: "Inputs"


@dataclass(frozen=True)
class Map:
    """An input that maps free keys to objects: its name in the API, and the objects' fields."""

    name: str
    fields: "Inputs"


# The inputs that a class handles, and their names in the cloud's API. Other inputs are refused,
# because an emulator that accepts everything hides bugs.
Inputs: TypeAlias = Mapping[str, "str | Block | Map | Own"]


@dataclass(frozen=True)
class State:
    """An existing resource: its id, and its last known inputs and outputs."""

    id: str
    properties: Properties

    def text(self, name: str) -> str:
        """The property `name`, which must be text."""
        return text(self.properties, name)


class Resource(ABC):
    """One resource type: the inputs it knows, and create, read, update, delete.

    The methods may block; the server runs each call in its own thread.
    """

    args: ClassVar[type]
    """The real SDK's args class: the inputs that the real plugin accepts."""
    inputs: ClassVar[Inputs]
    replaced_by: ClassVar[frozenset[str]] = frozenset()
    """Inputs that, when changed, replace the resource (`ForceNew` in the real provider)."""
    defaults: ClassVar[Properties] = {}
    """What the cloud answers for an input that nobody set. Others have no fixed value."""
    outputs: ClassVar[frozenset[str]]
    """What `read` adds to the inputs. Unknown until the resource exists."""
    changing: ClassVar[frozenset[str]] = frozenset()
    """Outputs that an update may change. Unknown in its preview."""
    autoname: ClassVar[str | None] = None
    """The input with the resource's name in the cloud, made up if the program gives none."""
    importable: ClassVar[bool] = False
    """Whether `imported` can find the resource."""
    deletes_what_is_gone: ClassVar[bool] = True
    """Whether the real provider takes it for a success if there is nothing to delete."""

    @classmethod
    def completed(cls, inputs: Properties) -> Properties:
        """The program's inputs with values derived from them, such as the hash of a named file."""
        return inputs

    @classmethod
    def imported(cls, given: str) -> State:
        """What is known of a resource that is imported by the id `given`."""
        return State(given, {})

    @abstractmethod
    def create(self, inputs: Properties) -> str:
        """Create the resource and return its id."""

    @abstractmethod
    def read(self, state: State) -> Properties:
        """Return its current outputs, and the inputs as the cloud has them; None for one not set.

        Inputs that the cloud does not answer are listed in `echoed.py`. If the resource is gone, an
        error is raised for which `is_missing` is true.
        """

    def update(self, state: State, news: Properties) -> None:
        """Change the resource in place to these inputs."""
        raise NotImplementedError(f"{state.id} cannot be changed in place to {sorted(news)}")

    @abstractmethod
    def delete(self, state: State) -> None:
        """Delete it. If it is gone, an error for which `is_missing` is true may be raised."""

    @abstractmethod
    def is_missing(self, error: Exception) -> bool:
        """Whether this error of the cloud means that the resource does not exist."""


# A function of the SDK, such as aws.cloudwatch.get_log_groups: arguments to results.
Function: TypeAlias = Callable[[Properties], Properties]


@dataclass(frozen=True, kw_only=True)
class Connected:
    """What one configuration of a cloud reaches: type token to resource type or function."""

    resources: Mapping[str, Resource]
    functions: Mapping[str, Function]


class Cloud(ABC):
    """A cloud: its configuration and its resource types."""

    version: ClassVar[str]
    """The version of the real plugin that this one replaces."""
    settings: ClassVar[frozenset[str]]
    """The configuration keys that are handled."""
    replaced_by: ClassVar[frozenset[str]]
    """Configuration keys that, when changed, replace every resource."""
    resources: ClassVar[Mapping[str, type[Resource]]]
    """Type token → class."""

    @abstractmethod
    def connect(self, config: Properties) -> Connected:
        """Return the resource types and functions, connected with this configuration."""


def response(inputs: Inputs, answered: Mapping[str, Any]) -> Properties:
    """The inverse of `request`: what the cloud's API answered, under Pulumi's names.

    An input that the answer lacks is None. Those marked OWN are left out.
    """
    named: Properties = {}
    for name, kind in inputs.items():
        match kind:
            case str(api_name):
                named[name] = answered.get(api_name)
            case Block(api_name, fields):
                named[name] = _blocks(fields, answered.get(api_name))
            case Map(api_name, fields):
                members: Mapping[str, Any] = answered.get(api_name) or {}
                named[name] = {key: _blocks(fields, member) for key, member in members.items()}
            case Own.OWN:
                pass
    return named


def _blocks(fields: Inputs, answered: object) -> Value:
    if isinstance(answered, list):
        return [_blocks(fields, item) for item in cast("list[object]", answered)]
    if isinstance(answered, dict):
        found = response(fields, cast("dict[str, Any]", answered))
        return {name: value for name, value in found.items() if value is not None}
    return None


def request(inputs: Inputs, values: Properties) -> dict[str, Value]:
    """The values under their names in the cloud's API, without those marked OWN."""
    named: dict[str, Value] = {}
    for name, value in values.items():
        match inputs.get(name):
            case str(api_name):
                named[api_name] = value
            case Block(api_name, fields) if isinstance(value, list):
                named[api_name] = [request(fields, i) for i in value if isinstance(i, dict)]
            case Block(api_name, fields) if isinstance(value, dict):
                named[api_name] = request(fields, value)
            case Map(api_name, fields) if isinstance(value, dict):
                named[api_name] = {
                    key: request(fields, v) for key, v in value.items() if isinstance(v, dict)
                }
            case _:
                pass
    return named
