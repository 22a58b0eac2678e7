"""Requests to an RPC node and its answers (JSON-RPC 2.0, solana.com/docs/rpc). Pure.

A node is somebody else's: its answer may be anything. What is wrong with one never quotes it, for an
error page may hold the URL that was asked, and so the key in it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from functions.glow.errors import BadRequest, Unavailable
from functions.glow.fields import Json, parse_json
from functions.glow.token import parse_signature
from functions.glow.update import parse_timestamp

COMMITMENT: Final = "confirmed"  # when Helius posts; `finalized` comes 13 s later
_OPTIONS: Final[Json] = {
    "commitment": COMMITMENT,
    # As RAW bodies: accounts by index. `jsonParsed` would hide the data of the calls that it knows.
    "encoding": "json",
    # A transaction of a higher version than asked for is an error.
    "maxSupportedTransactionVersion": 1,
}
# The answer would be the same for ever: a version that we cannot read, or a signature that is none.
_FINAL_ERRORS: Final = frozenset({-32015, -32602})
METHOD_NOT_FOUND: Final = -32601


class NodeError(Unavailable):
    """The node answered with an error of its own, `code`. Most pass: it is behind, or busy."""

    def __init__(self, code: object) -> None:
        shown = code if isinstance(code, int) else "without a number"
        super().__init__(f"the RPC node answered with error {shown}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Listed:
    """A transaction as it is listed, by its signature. `timestamp` is in Unix seconds; None where the node
    does not know it yet."""

    signature: str
    timestamp: int | None
    has_failed: bool


def request(method: str, params: Sequence[object]) -> bytes:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return json.dumps(body, separators=(",", ":")).encode()


def transaction_request(signature: str) -> bytes:
    return request("getTransaction", [signature, _OPTIONS])


def signatures_request(address: str, *, limit: int, before: str | None) -> bytes:
    """For the newest `limit` (1,000 at most) transactions of `address`, or those before `before`."""
    options: dict[str, object] = {"commitment": COMMITMENT, "limit": limit}
    if before is not None:
        options["before"] = before
    return request("getSignaturesForAddress", [address, options])


def transactions_options() -> dict[str, object]:
    """What a method that answers several transactions is asked for, so that each is as from
    getTransaction."""
    return dict(_OPTIONS)


def parse_result(status: int, body: bytes) -> object:
    """The `result` of an answer. Raises Unavailable where a later answer may be better, BadRequest where
    none will be."""
    if status != 200:
        # 401 and 403 too: who mends the key brings back what was not completed.
        raise Unavailable(f"the RPC node answered HTTP {status}")
    try:
        answer = parse_json(body, where="the answer")
    except BadRequest:
        raise Unavailable("the RPC node answered with something else than JSON") from None
    fields = _fields(answer)
    error = fields.get("error")
    if error is not None:
        code = _fields(error).get("code")
        if isinstance(code, int) and code in _FINAL_ERRORS:
            raise BadRequest(f"the RPC node answered with error {code}: no retry mends that")
        raise NodeError(code)
    if "result" not in fields:
        raise Unavailable("the RPC node answered without a result")
    return fields["result"]


def parse_transaction(status: int, body: bytes, signature: str) -> Json | None:
    """The transaction in an answer to `transaction_request`; None if the node does not know it, yet or
    any more, or not yet its time, of which the update's id is made. Raises as `parse_result`."""
    result = parse_result(status, body)
    if result is None:
        return None
    transaction = _fields(result)
    signatures = _fields(transaction.get("transaction")).get("signatures")
    if not isinstance(signatures, list) or cast("list[object]", signatures)[:1] != [signature]:
        raise Unavailable("the RPC node answered with something else than the transaction")
    return None if transaction.get("blockTime") is None else transaction


def parse_signatures(status: int, body: bytes) -> Sequence[Listed]:
    """What an answer to `signatures_request` lists. Raises as `parse_result`."""
    rows = parse_result(status, body)
    if not isinstance(rows, list):
        raise Unavailable("the RPC node listed something else than transactions")
    try:
        return [_listed(_fields(row)) for row in cast("list[object]", rows)]
    except BadRequest:
        raise Unavailable("the RPC node listed something else than transactions") from None


def _listed(row: Json) -> Listed:
    time = row.get("blockTime")
    return Listed(
        parse_signature(row.get("signature"), where="signature"),
        None if time is None else parse_timestamp(time, where="blockTime"),
        has_failed=row.get("err") is not None,
    )


def _fields(value: object) -> Json:
    """The fields of an object; none if it is something else."""
    return cast("Json", value) if isinstance(value, dict) else {}
