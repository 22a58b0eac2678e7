"""What the config of a stack says of its bill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from components.settings.problems import NAMESPACE
from workspace.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFigures:
    """How many tokens it streams (0: all that are traded), and whether a KMS key of its own encrypts."""

    tokens: int
    has_key: bool

    @classmethod
    def of(cls, stack: Stack) -> StackFigures:
        """Read them through the Pulumi CLI. Raises WorkspaceError."""
        return cls.read(
            cast("Mapping[str, Mapping[str, object]]", json.loads(stack.run("config", "--json")))
        )

    @classmethod
    def read(cls, config: Mapping[str, Mapping[str, object]]) -> StackFigures:
        """From what `pulumi config --json` prints."""
        tokens = config.get(f"{NAMESPACE}:tokens", {}).get("objectValue")
        kms = config.get(f"{NAMESPACE}:kms", {}).get("value", "false")
        return cls(
            tokens=len(cast("Mapping[str, str]", tokens)) if isinstance(tokens, dict) else 0,
            has_key=kms != "false",
        )
