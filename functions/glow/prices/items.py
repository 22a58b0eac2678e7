"""A row of the price table as DynamoDB's item, there and back."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from functions.glow.prices.attributes import Row, integer, number, text
from functions.glow.prices.row import Arrival, Details
from functions.glow.update import Side, Update, parse_source, parse_stable

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]


def item_of(update: Update, details: Details) -> Item:
    """The item, without the moment at which it is stored."""
    item: Item = {
        "token": {"S": update.token},
        "id": {"S": update.id},
        "price": {"N": str(update.price)},
        "timestamp": {"N": str(update.timestamp)},
        "slot": {"N": str(update.slot)},
        "txSignature": {"S": update.tx_signature},
    }
    if update.side is not None:
        item["side"] = {"S": update.side}
    if update.source != "amm":
        item["source"] = {"S": update.source}
    if update.via is not None:
        item["via"] = {"S": update.via}
    numbers = {
        "amount": update.amount,
        "amountSol": update.amount_sol,
        "priceUsd": update.price_usd,
        "jumpedFrom": details.jumped_from,
    }
    for name, value in numbers.items():
        if value is not None:
            item[name] = {"N": str(value)}
    if details.index_in_block is not None:
        item["indexInBlock"] = {"N": str(details.index_in_block)}
    return item


def arrival_of(row: Row) -> Arrival:
    return Arrival(
        Update(
            token=text(row, "token"),
            price=Decimal(number(row, "price")),
            timestamp=integer(row, "timestamp"),
            slot=integer(row, "slot"),
            tx_signature=text(row, "txSignature"),
            side=_side(row),
            amount=_optional_number(row, "amount"),
            amount_sol=_optional_number(row, "amountSol"),
            price_usd=_optional_number(row, "priceUsd"),
            source=parse_source(_optional_text(row, "source")),
            via=parse_stable(_optional_text(row, "via")),
        ),
        integer(row, "arrivedAtMs"),
        index_in_body=integer(row, "indexInBody") if "indexInBody" in row else 0,
        index_in_block=integer(row, "indexInBlock") if "indexInBlock" in row else None,
        jumped_from=jumped_from(row),
    )


def jumped_from(row: Row) -> Decimal | None:
    return _optional_number(row, "jumpedFrom")


def _side(row: Row) -> Side | None:
    if "side" not in row:
        return None
    return "buy" if text(row, "side") == "buy" else "sell"


def _optional_text(row: Row, name: str) -> str | None:
    return text(row, name) if name in row else None


def _optional_number(row: Row, name: str) -> Decimal | None:
    return Decimal(number(row, name)) if name in row else None
