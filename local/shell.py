"""Shell variables with which the README's commands work as they are printed."""

import shlex

from local.clients import Endpoints


def shell_variables(endpoints: Endpoints) -> str:
    """Return one `export` a line, for `eval`; names as those of the stack's outputs."""
    values = {
        "RestApiUrl": endpoints.rest_url,
        "WebhookUrl": endpoints.webhook_url,
        "WebSocketUrl": endpoints.websocket_url,
        "EdgeUrl": endpoints.edge_url,
        "KEY": endpoints.webhook_key,
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items())
