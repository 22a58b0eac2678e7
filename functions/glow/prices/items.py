"""A row of the price table as DynamoDB's item, there and back."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from functions.glow.prices.attributes import Row, integer, number, text
from functions.glow.prices.row import Arrival, Details
from functions.glow.update import Update

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]

# What DynamoDB can hold. An amount beyond is left out: nobody traded it.
_MIN_NUMBER: Final = Decimal("1e-130")
_MAX_NUMBER: Final = Decimal("9.9e125")


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
    if details.side is not None:
        item["side"] = {"S": details.side}
    numbers = {
        "amount": details.amount,
        "amountSol": details.amount_sol,
        "jumpedFrom": details.jumped_from,
    }
    for name, value in numbers.items():
        if value is not None and _MIN_NUMBER <= value <= _MAX_NUMBER:
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
        ),
        integer(row, "arrivedAtMs"),
        index_in_body=integer(row, "indexInBody") if "indexInBody" in row else 0,
        index_in_block=integer(row, "indexInBlock") if "indexInBlock" in row else None,
        jumped_from=jumped_from(row),
    )


def jumped_from(row: Row) -> Decimal | None:
    return Decimal(number(row, "jumpedFrom")) if "jumpedFrom" in row else None
