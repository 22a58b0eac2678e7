"""Which lines are shown. Pure but for what it remembers."""

from __future__ import annotations

from collections.abc import Iterable

from functions.glow.update import ID_SIGNATURE_LENGTH
from ops.logs.line import Line


class Wanted:
    """The lines that name a trade or a token, and all others of their requests; without either, all."""

    def __init__(self, *, signature: str | None, token: str | None) -> None:
        self._signature = signature
        self._token = token
        self._requests: set[str] = set()

    def of(self, lines: Iterable[Line]) -> list[Line]:
        """Those of `lines` that are wanted, oldest first."""
        ordered = sorted(lines, key=lambda line: line.at_ms)
        if self._signature is None and self._token is None:
            return ordered
        named = {id(line) for line in ordered if self._is_named(line)}
        self._requests |= {
            line.request_id for line in ordered if id(line) in named and line.request_id
        }
        return [line for line in ordered if id(line) in named or line.request_id in self._requests]

    def _is_named(self, line: Line) -> bool:
        if self._token is not None and not line.names(self._token):
            return False
        return self._signature is None or names_trade(line, self._signature)


def names_trade(line: Line, signature: str) -> bool:
    """Whether a field is the trade's signature or an id that ends with its beginning."""
    end = f"-{signature[:ID_SIGNATURE_LENGTH]}"
    return any(text == signature or text.endswith(end) for text in line.texts)
