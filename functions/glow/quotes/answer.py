"""What Jupiter's Price API V3 answers: an object by mint (facts: dev.jup.ag, api-reference/price/v3).

`{"<mint>": {"usdPrice": 147.48, "blockId": 348004023, …}}`. A token without a reliable price is left out.
Everything else in it is ignored. Nothing here is trusted: what is not as it should be is no price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from functions.glow.errors import BadRequest
from functions.glow.fields import as_object, parse_json
from functions.glow.update import parse_price, parse_slot


@dataclass(frozen=True, slots=True)
class Quoted:
    """US dollars per token; `block_id` is the slot of the last swap that it comes from."""

    price_usd: Decimal
    block_id: int


@dataclass(frozen=True, slots=True)
class Answer:
    """By the mints that were asked for: what is quoted, what is left out, and what is wrong with others."""

    quoted: Mapping[str, Quoted]
    left_out: Sequence[str]
    damaged: Mapping[str, str]


def parse_answer(body: bytes, asked: Sequence[str]) -> Answer:
    """Read an answer about the mints in `asked`. Raises BadRequest where it is none at all."""
    by_mint = as_object(parse_json(body, where="the answer"), where="the answer")
    quoted: dict[str, Quoted] = {}
    damaged: dict[str, str] = {}
    left_out: list[str] = []
    for mint in asked:
        value = by_mint.get(mint)
        if value is None:
            left_out.append(mint)
            continue
        try:
            quoted[mint] = _quoted(value)
        except BadRequest as error:
            damaged[mint] = str(error)
    return Answer(quoted, left_out, damaged)


def _quoted(value: object) -> Quoted:
    fields = as_object(value, where="a token's quote")
    return Quoted(
        price_usd=parse_price(fields.get("usdPrice"), where="usdPrice"),
        block_id=parse_slot(fields.get("blockId"), where="blockId"),
    )
