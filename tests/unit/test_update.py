"""Updates and their ids: sort key, deduplication id and cursor at once."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.glow.errors import BadRequest
from functions.glow.update import (
    MAX_PRICE,
    MAX_SLOT,
    MAX_TIMESTAMP,
    MIN_PRICE,
    Update,
    id_at,
    parse_id,
    parse_price,
    parse_slot,
    parse_timestamp,
    parse_update,
    rounded_price,
    timestamp_of,
    update_id,
)

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
timestamps = st.integers(0, MAX_TIMESTAMP)
slots = st.integers(0, MAX_SLOT)
signatures = st.text(ALPHANUMERIC, min_size=1, max_size=88)
tokens = st.text(ALPHANUMERIC + "_-", min_size=1, max_size=64)
# Any price: 1 to 15 digits, at any exponent that MIN_PRICE and MAX_PRICE allow.
prices = st.tuples(st.integers(1, 10**15 - 1), st.integers(-100, 84)).map(
    lambda parts: Decimal(parts[0]).scaleb(parts[1])
)
amounts = st.none() | prices
updates = st.builds(
    Update,
    tokens,
    prices,
    timestamps,
    slots,
    signatures,
    side=st.sampled_from([None, "buy", "sell"]),
    amount=amounts,
    amount_sol=amounts,
)


class TestId:
    @given(timestamps, slots, signatures)
    def test_id_is_one_that_parse_id_takes(self, timestamp: int, slot: int, sig: str) -> None:
        made = update_id(timestamp, slot, sig)

        assert parse_id(made, where="after") == made
        assert timestamp_of(made) == timestamp
        assert made.split("-") == [f"{timestamp:010}", f"{slot:012}", sig[:16]]

    @given(
        st.tuples(timestamps, slots, signatures),
        st.tuples(timestamps, slots, signatures),
    )
    def test_text_order_is_time_order(
        self, one: tuple[int, int, str], other: tuple[int, int, str]
    ) -> None:
        def key(parts: tuple[int, int, str]) -> tuple[int, int, str]:
            return (parts[0], parts[1], parts[2][:16])

        assert (update_id(*one) < update_id(*other)) == (key(one) < key(other))

    @given(timestamps, slots, signatures)
    def test_id_at_bounds_its_second(self, timestamp: int, slot: int, sig: str) -> None:
        assert id_at(timestamp) <= update_id(timestamp, slot, sig)
        assert timestamp == MAX_TIMESTAMP or update_id(timestamp, slot, sig) < id_at(timestamp + 1)

    @given(st.integers())
    def test_id_at_of_any_second_is_an_id(self, timestamp: int) -> None:
        assert parse_id(id_at(timestamp), where="after") == id_at(timestamp)

    @pytest.mark.parametrize(
        "value",
        [
            None,
            7,
            "",
            "1750000000",
            "1750000000-000300000000-",
            "1750000000-000300000000-abc\n",
            "175000000-000300000000-abc",
            "1750000000-00300000000-abc",
            "1750000000-000300000000-" + "x" * 17,
            "1750000000-000300000000-a_b",
            "17500000\u0660\u0660-000300000000-abc",
        ],
    )
    def test_what_is_no_id_is_refused_by_name(self, value: object) -> None:
        with pytest.raises(BadRequest, match="after must be the id"):
            parse_id(value, where="after")


class TestUpdate:
    @given(updates)
    def test_update_survives_its_json(self, update: Update) -> None:
        assert parse_update(update.to_json()) == update

    @given(updates)
    def test_price_survives_a_double(self, update: Update) -> None:
        """What JavaScript reads is the same price: JSON numbers are doubles there."""
        price = json.loads(update.to_json())["price"]

        assert isinstance(price, float)
        assert Decimal(repr(price)) == update.price

    @given(updates)
    def test_message_is_ascii_and_ends_with_the_id(self, update: Update) -> None:
        assert update.to_json().isascii()
        assert update.to_json().endswith(f'"id":"{update.id}"}}')

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("type", "PRICE"),
            ("token", "a/b"),
            ("price", 0),
            ("price", -1),
            ("price", "1"),
            ("price", True),
            ("price", None),
            ("timestamp", 1.5),
            ("timestamp", -1),
            ("slot", 10**12),
            ("slot", True),
            ("txSignature", ""),
            ("id", "1750000000-000300000000-other"),
            ("id", None),
        ],
    )
    def test_bad_field_is_named(self, field: str, value: object) -> None:
        good = Update("SOL", Decimal("0.5"), 1_750_000_000, 300_000_000, "abc").to_dict()

        with pytest.raises(BadRequest, match=rf"^{field} must be"):
            parse_update(json.dumps(good | {field: value}))

    @pytest.mark.parametrize(
        "text",
        ["", "x", "[]", "7", "null", "[" * 100_000, '{"price":NaN}', '{"price":1e9' + "9" * 20],
    )
    def test_what_is_no_update_is_refused(self, text: str) -> None:
        with pytest.raises(BadRequest, match="update"):
            parse_update(text + ("}" if text.endswith("9") else ""))


class TestNumbers:
    @given(st.integers(1, 10**30), st.integers(1, 10**30))
    def test_price_is_rounded_once_to_15_digits(self, numerator: int, denominator: int) -> None:
        price = rounded_price(numerator, denominator)

        assert len(price.as_tuple().digits) <= 15
        # Half a unit of the 15th digit, compared without a division that would round again.
        assert abs(price * denominator - numerator) * 10**14 <= 5 * price * denominator

    @pytest.mark.parametrize("price", [MIN_PRICE, Decimal("0.5"), 1, MAX_PRICE])
    def test_price_inside_the_bounds_is_itself(self, price: Decimal | int) -> None:
        assert parse_price(price, where="price") == price

    @pytest.mark.parametrize(
        "price",
        [
            0,
            -1,
            MIN_PRICE / 10,
            MAX_PRICE * 10,
            Decimal("Infinity"),
            Decimal("NaN"),
            0.5,
            "1",
            True,
        ],
    )
    def test_price_outside_the_bounds_is_refused(self, price: object) -> None:
        with pytest.raises(BadRequest, match="price must be"):
            parse_price(price, where="price")

    @pytest.mark.parametrize("value", [0, 1_750_000_000, MAX_TIMESTAMP])
    def test_timestamp_of_up_to_ten_digits_is_itself(self, value: int) -> None:
        assert parse_timestamp(value, where="timestamp") == value

    @pytest.mark.parametrize("value", [-1, MAX_TIMESTAMP + 1, True, 1.0, "1", None, 10**4000])
    def test_other_timestamp_is_refused_by_name(self, value: object) -> None:
        with pytest.raises(BadRequest, match="timestamp must be Unix time"):
            parse_timestamp(value, where="timestamp")

    @pytest.mark.parametrize("value", [-1, MAX_SLOT + 1, False, 1.0, "1", None])
    def test_slot_that_does_not_fit_an_id_is_refused_by_name(self, value: object) -> None:
        with pytest.raises(BadRequest, match="slot must be a Solana slot"):
            parse_slot(value, where="slot")
