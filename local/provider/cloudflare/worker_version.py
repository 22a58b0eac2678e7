"""Versions of a Worker: code, bindings and Durable Object classes."""

import base64
import hashlib
from pathlib import Path
from typing import ClassVar

from pulumi_cloudflare import WorkerVersionArgs

from local.provider.cloudflare.base import CloudflareResource
from local.provider.resource import OWN, Block, Inputs, Map, State
from local.provider.values import Properties, Value, blocks, text


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
            {"className": "class_name", "name": "name", "text": "text", "type": "type"},
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
        version = self.api.call("GET", f"{_path(state.properties)}/{state.id}")
        return {"createdOn": version["created_on"], "number": version["number"]}

    def delete(self, state: State) -> None:
        """Do nothing, like the real provider: old versions stay, so that one can roll back."""


def _path(properties: Properties) -> str:
    account, worker = text(properties, "accountId"), text(properties, "workerId")
    return f"accounts/{account}/workers/workers/{worker}/versions"


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
