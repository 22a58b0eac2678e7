"""Whether the real plugin would take these inputs, and whether this one handles them."""

import hashlib
import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# Private, but the one place that knows the names and types of the SDK's classes; pulumi is pinned.
import pulumi._types as sdk_types

from local.provider.resource import Block, Inputs, Map, Resource
from local.provider.values import DEFAULTS, Properties, blocks


@dataclass(frozen=True)
class Problem:
    """An input that is refused."""

    path: str
    reason: str


def problems(token: str, resource: type[Resource], inputs: Properties) -> list[Problem]:
    """All that is wrong with the inputs of a resource of this type."""
    found = [
        Problem(path, f"{token}: input {path} {what}")
        for path, what in _sdk_problems(resource.args, inputs, "")
    ]
    refused = {problem.path for problem in found}
    found += [
        Problem(
            path,
            f"{token}: input {path} exists in the real provider, but the local one does not handle"
            f" it. Add it to {resource.__module__}.{resource.__name__}.inputs",
        )
        for path in _unhandled(resource.inputs, inputs, "")
        if path not in refused
    ]
    return found


def named(
    autoname: str | None, name: str, olds: Properties, inputs: Properties, seed: bytes
) -> Properties:
    """The inputs with `autoname` made up where the program leaves it out: kept if there is one.

    A new one is the resource's name and 7 hex digits of the seed, so that the successor of a
    replaced resource can live beside it.
    """
    if autoname is None or autoname in inputs:
        return inputs
    fresh = f"{name}-{hashlib.sha256(seed).hexdigest()[:7]}"
    kept = olds[autoname] if is_made_up(autoname, olds) else fresh
    return {**inputs, autoname: kept, DEFAULTS: [autoname]}


def is_made_up(name: str, inputs: Properties) -> bool:
    """Whether this input comes from `named`, not from the program."""
    made_up = inputs.get(DEFAULTS)
    return isinstance(made_up, list) and name in made_up


def _unhandled(known: Inputs, values: Properties, parent: str) -> Iterator[str]:
    for name, value in values.items():
        path = f"{parent}{name}"
        match known.get(name):
            case None if name != DEFAULTS:
                yield path
            case Block(fields=fields):
                for block in blocks(value):
                    yield from _unhandled(fields, block, f"{path}.")
            case Map(fields=fields) if isinstance(value, dict):
                for key, member in value.items():
                    for block in blocks(member):
                        yield from _unhandled(fields, block, f"{path}.{key}.")
            case _:
                pass


def _sdk_problems(args: type, values: Properties, parent: str) -> Iterator[tuple[str, str]]:
    """Names that the SDK's class does not have, and names that it requires."""
    types = sdk_types.input_type_types(args)
    for name, value in values.items():
        if name == DEFAULTS:
            continue
        if name not in types:
            yield f"{parent}{name}", f"does not exist in {args.__module__}.{args.__name__}"
        elif nested := _args_class(types[name]):
            keyed = value if _is_map(types[name]) and isinstance(value, dict) else {"": value}
            for key, member in keyed.items():
                path = f"{parent}{name}.{key}." if key else f"{parent}{name}."
                for block in blocks(member):
                    yield from _sdk_problems(nested, block, path)
    for name in _required(args):
        if name not in values:
            yield f"{parent}{name}", "is required, and missing"


def _required(args: type) -> Sequence[str]:
    names = sdk_types.input_type_py_to_pulumi_names(args)
    parameters = inspect.signature(args).parameters.values()
    return [names[p.name] for p in parameters if p.default is p.empty]


def _args_class(hint: object) -> type | None:
    """The SDK's class of arguments in a type such as Sequence[Union[TableAttributeArgs, Output]]."""
    if isinstance(hint, type) and sdk_types.is_input_type(hint):
        return hint
    return next(filter(None, map(_args_class, typing.get_args(hint))), None)


def _is_map(hint: object) -> bool:
    """Whether a type such as Union[Mapping[str, WorkerVersionExportsArgs], Output] takes keys of its own."""
    return typing.get_origin(hint) is Mapping or any(map(_is_map, typing.get_args(hint)))
