"""docs/configuration.md, made from the settings.

`python -m components.settings.page > docs/configuration.md` writes it.
"""

import sys
from collections.abc import Iterator
from typing import Final

from components.settings.table import FIELDS, is_secret, setting, shown_default

COMMAND: Final = "python -m components.settings.page > docs/configuration.md"

_INTRO: Final = f"""\
# Configuration

Every key of a stack, in the namespace `glow`: what it means, its default and bounds, and how it is set. Only a secret for the
webhook is required: `HeliusApiKey` or `HeliusWebhookSecret`. A key takes effect with the next `pulumi up`. A preview of wrong
config stops and lists every problem, each with the commands that mend it.

Add `--stack <stack>` to a command unless `pulumi stack select` has chosen one. `--path` reaches into a map or a list; `[0]` is
the first entry, `[1]` the second. `--plaintext` is there for what Pulumi would take for a secret by its looks, such as a mint.

This page is made by `{COMMAND}`.
"""

# A key belongs to the first group that has a beginning of its name. The last group takes the rest.
_GROUPS: Final = (
    (
        "Trades that come in",
        ("Helius", "helius", "webhook", "callTimeoutMs", "RpcUrl", "completions"),
    ),
    ("Tokens and prices", ("tokens", "maxPriceJump", "priceRetentionDays", "candle")),
    ("Prices in US dollars", ("Jupiter", "jupiter", "quietAfterSeconds", "solUsd")),
    (
        "Who may connect and read",
        ("allowedOrigins", "requireOrigin", "listener", "Listener", "rest", "websocket"),
    ),
    (
        "The path of a token",
        ("USE_EDGE_BROADCAST", "routing", "broadcastConcurrency", "accountRequestsPerSecond"),
    ),
    ("The edge worker", ("EdgeBroadcast", "edge.", "edge")),
    ("Functions, logs and alarms", ("",)),
)


def configuration_page() -> str:
    """Return the whole page, in Markdown."""
    return "\n".join([_INTRO, *(_section(title, keys) for title, keys in grouped_keys())])


def grouped_keys() -> Iterator[tuple[str, list[str]]]:
    """Yield each heading with its keys in alphabetical order."""
    left = sorted(FIELDS, key=str.casefold)
    for title, beginnings in _GROUPS:
        keys = [key for key in left if key.startswith(beginnings)]
        left = [key for key in left if key not in keys]
        yield title, keys


def _section(title: str, keys: list[str]) -> str:
    rows = [
        f"| `{key}` | {_default(key)} | {FIELDS[key].description} | `pulumi config {setting(key)}` |"
        for key in keys
    ]
    head = ["| Key | Default | Meaning | Set it |", "|---|---|---|---|"]
    return "\n".join([f"## {title}", "", *head, *rows, ""])


def _default(key: str) -> str:
    return "(secret)" if is_secret(key) else shown_default(key)


if __name__ == "__main__":
    sys.stdout.write(configuration_page())
