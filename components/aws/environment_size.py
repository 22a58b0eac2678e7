"""How large a function's environment is. Pure.

Lambda refuses more than 4 KB, in the middle of an `up`. It measures the variables as JSON.
"""

import json
from collections.abc import Mapping
from typing import Final

MAX_BYTES: Final = 4_096
# What AWS names and a preview does not know yet. The longest is a queue's URL: 80 characters of
# name behind a host, the region and the account.
_UNKNOWN: Final = "?" * 160
_SHOWN: Final = 3


def size_problem(function: str, variables: Mapping[str, object]) -> str | None:
    """What is wrong with the environment of `function`, or None. What is no text is not known yet."""
    texts = {
        name: value if isinstance(value, str) else _UNKNOWN for name, value in variables.items()
    }
    total = _json_bytes(texts)
    if total <= MAX_BYTES:
        return None
    largest = sorted(texts, key=lambda name: len(texts[name]), reverse=True)[:_SHOWN]
    shown = ", ".join(f"{name} {len(texts[name].encode()):,}" for name in largest)
    return (
        f"The environment of {function} has {total:,} bytes; Lambda takes {MAX_BYTES:,}. The largest"
        f" variables: {shown} bytes. Shorten what they are set to (pulumi config), or hand them over"
        " in the function's archive, as the lists are (components/pipeline/parts.py)."
    )


def _json_bytes(texts: Mapping[str, str]) -> int:
    return len(json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode())
