"""What is deployed: the code of each function, and the Worker's version."""

from __future__ import annotations

from typing import Final

from ops.status.reading import FunctionReading, VersionsReading
from ops.verify.target import Target

_SHOWN_LETTERS: Final = 8


def read_versions(target: Target) -> VersionsReading:
    client = target.lambdas
    functions: list[FunctionReading] = []
    for slug, name in sorted(target.deployed.function_names.items()):
        found = client.get_function_configuration(FunctionName=name)
        functions.append(
            FunctionReading(
                name=slug,
                code=found.get("CodeSha256", "")[:_SHOWN_LETTERS],
                updated=found.get("LastModified", ""),
            )
        )
    worker = target.deployed.outputs.get("EdgeVersion")
    return VersionsReading(functions=functions, worker=worker if isinstance(worker, str) else None)
