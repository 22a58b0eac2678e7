"""A chain with a history, as RPC nodes answer it: those of Helius, and plain ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.functions.node import Node, Reply, a_swap, error, result

Transaction = dict[str, Any]


def signature_of(transaction: Transaction) -> str:
    return transaction["transaction"]["signatures"][0]


def swaps(count: int, *, first_second: int, mint: str, per_second: int = 1) -> list[Transaction]:
    """Swaps of `mint`, oldest first. Each has its own signature, price and slot."""
    recorded = "DgWA3F1w6fzhf4jtphvBAcSqbK9iXHqmMRH6Sr1Gpump"
    found: list[Transaction] = []
    for index in range(count):
        swap = a_swap(f"{mint[:20]}{index:07d}", now=first_second + index // per_second, slot=index)
        found.append(json.loads(json.dumps(swap).replace(recorded, mint)))
    return found


class Chain(Node):
    """Its `history` of one address, oldest first. `is_plain`: it has no getTransactionsForAddress.

    `faults` are answered first, one a request, in place of what was asked.
    """

    def __init__(self, history: Sequence[Transaction], *, is_plain: bool) -> None:
        super().__init__()
        self.history = history
        self.is_plain = is_plain
        self.faults: list[Reply] = []
        self.unknown: set[str] = set()

    @property
    def history(self) -> Sequence[Transaction]:
        return self._history

    @history.setter
    def history(self, history: Sequence[Transaction]) -> None:
        self._history = tuple(history)
        self._known = {signature_of(each): each for each in self._history}

    def reply(self, request: Mapping[str, Any]) -> Reply:
        self.asked.append(request)
        if self.faults:
            return self.faults.pop(0)
        method, (subject, options) = request["method"], request["params"]
        match method:
            case "getTransactionsForAddress":
                return error(-32601) if self.is_plain else self._page(options)
            case "getSignaturesForAddress":
                return self._signatures(options)
            case "getTransaction":
                return result(None if subject in self.unknown else self._known.get(subject))
            case _:
                return error(-32601)

    def _page(self, options: Mapping[str, Any]) -> Reply:
        """Refuses what Helius would not take."""
        span = options["filters"]["blockTime"]
        assert options["sortOrder"] == "asc"
        assert options["filters"]["status"] == "succeeded"
        found = [
            {**each, "transactionIndex": index}
            for index, each in enumerate(self.history)
            if span["gte"] <= each["blockTime"] <= span["lte"] and each["meta"]["err"] is None
        ]
        start = int(options.get("paginationToken", 0))
        end = start + options["limit"]
        following = str(end) if end < len(found) else None
        return result({"data": found[start:end], "paginationToken": following})

    def _signatures(self, options: Mapping[str, Any]) -> Reply:
        rows = [
            {
                "signature": signature_of(each),
                "slot": each["slot"],
                "blockTime": each["blockTime"],
                "err": each["meta"]["err"],
            }
            for each in reversed(self.history)
        ]
        names = [row["signature"] for row in rows]
        start = names.index(options["before"]) + 1 if "before" in options else 0
        return result(rows[start : start + options["limit"]])
