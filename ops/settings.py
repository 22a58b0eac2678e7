"""The config of a stack, as the program reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from components.settings.load import parse_settings
from components.settings.model import Settings
from components.settings.problems import NAMESPACE, SettingsError
from ops.errors import OpsError
from workspace.stack import Stack


def settings_of(stack: Stack) -> Settings:
    """The config of `stack`, secrets in plain text. Raises OpsError."""
    return parse_config(stack.run("config", "--json", "--show-secrets"), stack=stack.name)


def parse_config(printed: str, *, stack: str) -> Settings:
    """Read what `pulumi config --json --show-secrets` prints. Raises OpsError."""
    entries = cast("Mapping[str, Mapping[str, object]]", json.loads(printed))
    prefix = f"{NAMESPACE}:"
    own = {key.removeprefix(prefix): entries[key] for key in entries if key.startswith(prefix)}
    values = {key: str(entry.get("value", "")) for key, entry in own.items()}
    secrets = {key for key, entry in own.items() if entry.get("secret")}
    try:
        return parse_settings(values, secrets=secrets, stack=stack)
    except SettingsError as error:
        raise OpsError(str(error)) from None
