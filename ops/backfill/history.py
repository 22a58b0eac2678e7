"""The transactions of an account since some time, oldest first, by whichever method the node has.

`getTransactionsForAddress` (Helius, QuickNode; by the key's plan) answers whole transactions in order.
Every node has `getSignaturesForAddress`, which begins with the newest, and `getTransaction`, one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from functions.glow.chain.answers import COMMITMENT, transactions_options
from functions.glow.errors import BadRequest
from functions.glow.fields import Json
from ops.backfill.node import Node, NotServedError
from ops.errors import OpsError

PAGE_TRANSACTIONS: Final = 100
_PAGE_SIGNATURES: Final = 1_000  # the most that the method answers
_THREADS: Final = 8
# A node's machines are not equally far: one lists a signature, and the next does not know it yet.
_TRIES_OF_UNKNOWN: Final = 3
_SAME_PAGE: Final = (
    "the RPC node answers {} with the same page for ever, so what comes after it cannot be read. Set another"
    " node: pulumi config set --secret RpcUrl"
)


@dataclass(frozen=True)
class Batch:
    """`transactions` as RAW bodies have them, oldest first; all up to the Unix second `reached` have been
    read. `missing` are those that the node listed and did not answer."""

    transactions: Sequence[Json]
    reached: int
    missing: int = 0


Known = Callable[[str], bool]
"""Whether the transaction with this signature is stored."""


def history(
    node: Node, address: str, *, since: int, until: int, is_known: Known
) -> Iterator[Batch]:
    """The transactions of `address` from the Unix second `since` to `until`, that did not fail.

    What `is_known` may be left out. Raises OpsError.
    """
    reached = since
    try:
        for batch in _whole(node, address, since=since, until=until):
            yield batch
            reached = batch.reached
    # BadRequest: a transaction that nobody here reads, or more than a page may have, ends them all.
    except (NotServedError, BadRequest):
        yield from _one_by_one(node, address, since=reached, until=until, is_known=is_known)


def _whole(node: Node, address: str, *, since: int, until: int) -> Iterator[Batch]:
    options = transactions_options() | {
        "transactionDetails": "full",
        "sortOrder": "asc",
        "limit": PAGE_TRANSACTIONS,
        "filters": {"blockTime": {"gte": since, "lte": until}, "status": "succeeded"},
    }
    token: object = None
    while True:
        more = {} if token is None else {"paginationToken": token}
        page = _fields(node.ask("getTransactionsForAddress", [address, options | more]))
        rows = _rows(page.get("data"), "getTransactionsForAddress")
        found = [_with_place(row) for row in rows]
        following = page.get("paginationToken")
        yield Batch(found, _time_of(found[-1] if found else {}, since) if following else until)
        if not following:
            return
        if following == token:
            raise OpsError(_SAME_PAGE.format("getTransactionsForAddress"))
        token = following


def _with_place(row: Json) -> Json:
    """With the place in the block under the name that webhooks use."""
    place = row.get("transactionIndex")
    return row if place is None else {**row, "indexWithinBlock": place}


def _one_by_one(
    node: Node, address: str, *, since: int, until: int, is_known: Known
) -> Iterator[Batch]:
    signatures = [
        signature
        for signature in reversed(list(_signatures(node, address, since=since, until=until)))
        if not is_known(signature)
    ]
    with ThreadPoolExecutor(_THREADS) as threads:
        for start in range(0, len(signatures), PAGE_TRANSACTIONS):
            wanted = signatures[start : start + PAGE_TRANSACTIONS]
            answers = list(threads.map(partial(_transaction, node), wanted))
            found = [answer for answer in answers if answer is not None]
            reached = _time_of(found[-1] if found else {}, since)
            yield Batch(found, reached, missing=len(answers) - len(found))
    yield Batch([], until)


def _signatures(node: Node, address: str, *, since: int, until: int) -> Iterator[str]:
    """Newest first."""
    before: str | None = None
    method = "getSignaturesForAddress"
    while True:
        options: dict[str, object] = {"limit": _PAGE_SIGNATURES, "commitment": COMMITMENT}
        options |= {} if before is None else {"before": before}
        try:
            rows = _rows(node.ask(method, [address, options]), method)
        except BadRequest as error:
            raise OpsError(f"{error}. Look at glow:RpcUrl and at the address {address}") from None
        for row in rows:
            if _time_of(row, since) < since:
                return
            if row.get("err") is None and _time_of(row, since) <= until:
                yield _signature(row)
        if not rows:
            return
        if _signature(rows[-1]) == before:
            raise OpsError(_SAME_PAGE.format(method))
        before = _signature(rows[-1])


def _transaction(node: Node, signature: str) -> Json | None:
    """None if the node does not know it, or it is of a version that nobody here reads."""
    for _ in range(_TRIES_OF_UNKNOWN):
        try:
            found = node.ask("getTransaction", [signature, transactions_options()])
        except BadRequest:
            return None
        if isinstance(found, dict):
            return cast("Json", found)
    return None


def _rows(value: object, method: str) -> Sequence[Json]:
    rows = cast("list[object]", value) if isinstance(value, list) else None
    if rows is None or not all(isinstance(row, dict) for row in rows):
        raise OpsError(f"the RPC node answered {method} with something else than a list")
    return cast("Sequence[Json]", rows)


def _signature(row: Json) -> str:
    signature = row.get("signature")
    if not isinstance(signature, str):
        raise OpsError("the RPC node listed a transaction without a signature")
    return signature


def _time_of(row: Json, default: int) -> int:
    """Unix seconds; a node may not know them."""
    time = row.get("blockTime")
    return time if isinstance(time, int) else default


def _fields(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}
