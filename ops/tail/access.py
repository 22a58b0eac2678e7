"""How a stack's Cloudflare account is reached: by its config, as the Pulumi provider is."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Final, cast

from components.settings.edge import worker_name
from ops.errors import OpsError
from ops.settings import parse_config
from ops.tail.worker import CloudflareAccess
from workspace.stack import Stack

_API: Final = "https://api.cloudflare.com/client/v4"
_VARIABLE: Final = "CLOUDFLARE_API_TOKEN"


def cloudflare_access(stack: Stack) -> CloudflareAccess | None:
    """None: the stack has no edge. Raises OpsError if there is no API token."""
    printed = stack.run("config", "--json", "--show-secrets")
    edge = parse_config(printed, stack=stack.name).edge
    if edge is None:
        return None
    entries = cast("Mapping[str, Mapping[str, object]]", json.loads(printed))

    def provider(key: str) -> str:
        return str(entries.get(f"cloudflare:{key}", {}).get("value", ""))

    token = provider("apiToken") or os.environ.get(_VARIABLE, "")
    if not token:
        raise OpsError(
            f"There is no API token of Cloudflare's to tail the Worker with. Set one that has the right"
            f" Account · Workers Tail · Read: export {_VARIABLE}=…, or pulumi config set --secret"
            f" cloudflare:apiToken --stack {stack.name}"
        )
    return CloudflareAccess(
        api=provider("baseUrl") or _API,
        account_id=edge.account_id,
        script=worker_name(stack.name),
        token=token,
    )
