"""What a resource type and a cloud are to the generic server."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, TypeAlias

from local.provider.values import Properties, Value, text


class Own(Enum):
    """Marks an input that the class translates by its own code."""

    OWN = "own"


OWN = Own.OWN


@dataclass(frozen=True)
class Block:
    """An input that is an object, or a list of objects: its name in the API, and its fields."""

    name: str
    fields: "Inputs"


@dataclass(frozen=True)
class Map:
    """An input that holds an object for each key of the program: its name in the API, and their fields."""

    name: str
    fields: "Inputs"


# Every input that a class handles, and its name in the cloud's API. What is not in the table is
# refused: an emulator that says yes hides bugs.
Inputs: TypeAlias = Mapping[str, "str | Block | Map | Own"]


@dataclass(frozen=True)
class State:
    """A resource that exists: its id, and its inputs and outputs as they were last."""

    id: str
    properties: Properties

    def text(self, name: str) -> str:
        """The text that is known of it under `name`."""
        return text(self.properties, name)


class Resource(ABC):
    """One resource type: the inputs it knows, and create, read, update, delete.

    The methods block; the server runs each in a thread of its own.
    """

    args: ClassVar[type]
    """The real SDK's class of arguments: what the real plugin accepts."""
    inputs: ClassVar[Inputs]
    replaced_by: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change replaces the resource (`ForceNew` in the real provider)."""
    outputs: ClassVar[frozenset[str]]
    """What `read` adds to the inputs; unknown until the resource exists."""
    changing: ClassVar[frozenset[str]] = frozenset()
    """Outputs that an update may change; unknown while it is previewed."""
    autoname: ClassVar[str | None] = None
    """The input that names the thing in the cloud, and is made up where the program gives none."""

    @classmethod
    def completed(cls, inputs: Properties) -> Properties:
        """The program's inputs with what follows from them, such as the hash of a file they name."""
        return inputs

    @abstractmethod
    def create(self, inputs: Properties) -> str:
        """Create it and return its id."""

    @abstractmethod
    def read(self, state: State) -> Properties:
        """Return its outputs as they are in the cloud; raise what `is_missing` knows if it is gone."""

    def update(self, state: State, news: Properties) -> None:
        """Change it in place, to these inputs."""
        raise NotImplementedError(f"{state.id} cannot be changed in place to {sorted(news)}")

    @abstractmethod
    def delete(self, state: State) -> None:
        """Delete it; raise what `is_missing` knows if it is gone already."""

    @abstractmethod
    def is_missing(self, error: Exception) -> bool:
        """Whether the cloud says by this error that the resource does not exist."""


class Cloud(ABC):
    """A cloud: its configuration and its resource types."""

    version: ClassVar[str]
    """Of the real plugin that it stands in for."""
    settings: ClassVar[frozenset[str]]
    """Configuration that it understands."""
    replaced_by: ClassVar[frozenset[str]]
    """Configuration whose change replaces every resource."""
    resources: ClassVar[Mapping[str, type[Resource]]]
    """Type token → class."""

    @abstractmethod
    def connect(self, config: Properties) -> Mapping[str, Resource]:
        """Return its resource types, ready for use with this configuration."""


def request(inputs: Inputs, values: Properties) -> dict[str, Value]:
    """The values under their names in the cloud's API, without those that the class translates."""
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
