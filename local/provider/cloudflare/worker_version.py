"""Versions of a Worker: code, bindings and Durable Object classes."""

import base64
import hashlib
from pathlib import Path
from typing import ClassVar

from pulumi_cloudflare import WorkerVersionArgs

from local.provider.cloudflare.base import CloudflareResource
from local.provider.resource import OWN, Block, Inputs, Map, State
from local.provider.values import Properties, Value, block, blocks, text


class WorkerVersion(CloudflareResource):
    """cloudflare.WorkerVersion. Every change replaces it."""

    args = WorkerVersionArgs
    inputs: ClassVar[Inputs] = {
        "accountId": OWN,
        "annotations": Block(
            "annotations", {"workersMessage": "workers/message", "workersTag": "workers/tag"}
        ),
        "bindings": Block(
            "bindings",
            {
                "className": "class_name",
                "dataset": "dataset",
                "name": "name",
                "namespaceId": "namespace_id",
                "simple": Block("simple", {"limit": "limit", "period": "period"}),
                "text": "text",
                "type": "type",
            },
        ),
        "compatibilityDate": "compatibility_date",
        "compatibilityFlags": "compatibility_flags",
        "deploy": OWN,
        "exports": Map(
            "exports",
            {"renamedTo": "renamed_to", "state": "state", "storage": "storage", "type": "type"},
        ),
        "limits": Block("limits", {"cpuMs": "cpu_ms", "subrequests": "subrequests"}),
        "mainModule": "main_module",
        "modules": Block(
            "modules",
            {
                "contentBase64": OWN,
                "contentFile": OWN,
                "contentSha256": OWN,
                "contentType": "content_type",
                "name": "name",
            },
        ),
        "workerId": OWN,
    }
    replaced_by = frozenset(inputs)
    outputs = frozenset({"createdOn", "number"})

    @classmethod
    def completed(cls, inputs: Properties) -> Properties:
        """Add the hash of each module's content, so that new code in the same file is noticed.

        The modules are sorted, because their order has no meaning. The bindings are not: to the real
        plugin another order is a change.
        """
        modules = inputs.get("modules")
        if not isinstance(modules, list):
            return inputs
        by_name = sorted(blocks(modules), key=lambda module: text(module, "name"))
        return {**inputs, "modules": [_hashed(module) for module in by_name]}

    def create(self, inputs: Properties) -> str:
        body: Properties = {
            **self.request(inputs),
            "modules": [_uploaded(module) for module in blocks(inputs.get("modules"))],
        }
        deploy = {"deploy": "true"} if inputs.get("deploy") else None
        return self.api.create(_path(inputs), body, query=deploy)

    def read(self, state: State) -> Properties:
        version = self.api.call(
            "GET", f"{_path(state.properties)}/{state.id}", query={"include": "modules"}
        )
        found = self.response(version)
        return {
            **found,
            "bindings": _with_texts(found["bindings"], state.properties.get("bindings")),
            "createdOn": version["created_on"],
            "exports": {**_tombstones(state.properties.get("exports")), **block(found["exports"])},
            "modules": _with_sources(version["modules"], state.properties.get("modules")),
            "number": version["number"],
        }

    def delete(self, state: State) -> None:
        """Do nothing, like the real provider: old versions stay, so that one can roll back."""


def _path(properties: Properties) -> str:
    account, worker = text(properties, "accountId"), text(properties, "workerId")
    return f"accounts/{account}/workers/workers/{worker}/versions"


def _with_texts(answered: Value, known: Value) -> list[Value]:
    """The bindings with the texts of the state, as in the real provider: secrets are not answered.

    They come sorted by name and return to the program's order. Of a class, Cloudflare also answers the
    namespace, which it chose itself.
    """
    before = {text(binding, "name"): binding for binding in blocks(known)}
    texts = {name: binding["text"] for name, binding in before.items() if "text" in binding}
    found = {text(binding, "name"): _given(binding) for binding in blocks(answered)}
    names = [*(name for name in before if name in found), *(n for n in found if n not in before)]
    return [
        {**found[name], "text": texts[name]} if name in texts else {**found[name]} for name in names
    ]


def _given(binding: Properties) -> Properties:
    if binding["type"] != "durable_object_namespace":
        return binding
    return {name: value for name, value in binding.items() if name != "namespaceId"}


def _tombstones(exports: Value) -> Properties:
    """The classes that the program marks as deleted or renamed. Cloudflare does not answer them."""
    return {name: entry for name, entry in block(exports).items() if "state" in block(entry)}


def _with_sources(answered: Value, known: Value) -> list[Value]:
    """The modules with the hash of their content, and where the program has it from."""
    before = {text(module, "name"): module for module in blocks(known)}
    modules: list[Value] = []
    for module in sorted(blocks(answered), key=lambda module: text(module, "name")):
        name = text(module, "name")
        content = base64.b64decode(text(module, "content_base64"))
        modules.append(
            {
                **before.get(name, {}),
                "contentSha256": hashlib.sha256(content).hexdigest(),
                "contentType": text(module, "content_type"),
                "name": name,
            }
        )
    return modules


def _hashed(module: Properties) -> Properties:
    return {**module, "contentSha256": hashlib.sha256(_content(module)).hexdigest()}


def _uploaded(module: Properties) -> dict[str, Value]:
    return {
        "name": text(module, "name"),
        "content_type": text(module, "contentType"),
        "content_base64": base64.b64encode(_content(module)).decode(),
    }


def _content(module: Properties) -> bytes:
    if "contentFile" in module:
        return Path(text(module, "contentFile")).read_bytes()
    return base64.b64decode(text(module, "contentBase64"))
