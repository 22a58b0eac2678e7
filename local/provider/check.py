"""Checks inputs: would the real plugin accept them, and does this one handle them?"""

import hashlib
import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# Private, but nothing else knows the names and types of the SDK's classes. pulumi is pinned.
import pulumi._types as sdk_types

from local.provider.resource import Block, Inputs, Map, Resource
from local.provider.values import DEFAULTS, Properties, blocks


@dataclass(frozen=True)
class Problem:
    """An input that is refused."""

    path: str
    reason: str


def problems(token: str, resource: type[Resource], inputs: Properties) -> list[Problem]:
    """Everything that is wrong with the inputs of a resource of this type."""
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
    """The inputs, with a name made up for the input `autoname` if the program gives none.

    A name that was made up earlier is kept. A new one is the resource's name and 7 hex digits of the
    seed, so that a replaced resource and its successor can exist at the same time.
    """
    if autoname is None or autoname in inputs:
        return inputs
    fresh = f"{name}-{hashlib.sha256(seed).hexdigest()[:7]}"
    kept = olds[autoname] if is_made_up(autoname, olds) else fresh
    return {**inputs, autoname: kept, DEFAULTS: [autoname]}


def is_made_up(name: str, inputs: Properties) -> bool:
    """Whether this input was made up by `named` and not given by the program."""
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
    """Inputs that the SDK's class does not have, and required ones that are missing."""
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
    """The SDK's args class in a type such as Sequence[Union[TableAttributeArgs, Output]]."""
    if isinstance(hint, type) and sdk_types.is_input_type(hint):
        return hint
    return next(filter(None, map(_args_class, typing.get_args(hint))), None)


def _is_map(hint: object) -> bool:
    """Whether a type such as Union[Mapping[str, WorkerVersionExportsArgs], Output] has free keys."""
    return typing.get_origin(hint) is Mapping or any(map(_is_map, typing.get_args(hint)))
