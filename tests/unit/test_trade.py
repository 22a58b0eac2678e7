"""What a webhook body becomes: updates, skips with their reason, or a refusal."""

import json
from decimal import Decimal
from typing import cast

import pytest

from functions.glow.errors import BadRequest, UnknownToken
from functions.glow.fields import parse_json
from functions.glow.trades.completion_orders import COMPLETABLE
from functions.glow.trades.parse import Trades, parse_transactions, parse_webhook
from tests.unit.bodies import (
    LAMPORTS_PER_SOL,
    MINT,
    NOW,
    OTHER_MINT,
    JsonObject,
    a_pool_buy,
    a_simple_trade,
    a_transaction,
    real_body,
    together,
)
from tests.unit.raw_bodies import raw

EVERY_TOKEN = frozenset[str]()


def parse(
    body: object, *, x_token: str | None = None, tokens: frozenset[str] = EVERY_TOKEN
) -> Trades:
    return parse_webhook(json.dumps(body), x_token=x_token, tokens=tokens, now=NOW)


def reasons(trades: Trades) -> list[str]:
    return [skip.reason for skip in trades.skipped]


class AtWhichWeFail(dict[str, object]):
    """A transaction that shows a fault of ours."""

    def get(self, *_: object) -> object:
        raise KeyError("what nobody thought of")


class TestBatch:
    def test_real_batch_yields_its_one_trade_and_names_the_others(self) -> None:
        trades = parse_webhook(
            real_body("enh_mixed_batch_transfer_mint"), x_token=None, tokens=EVERY_TOKEN, now=NOW
        )

        (update,) = trades.updates
        assert update.id == "1723211253-000282534627-U1dH19yy8SqyPuSY"
        assert reasons(trades) == ["not_a_trade", "not_a_trade"]

    def test_raw_and_enhanced_transactions_may_share_a_body(self) -> None:
        enhanced, other = a_pool_buy(signature="Enhanced"), a_pool_buy(signature="Raw")

        trades = parse([enhanced, raw(other)])

        assert [(one.update.tx_signature, str(one.update.price)) for one in trades.trades] == [
            ("Enhanced", "0.5"),
            ("Raw", "0.5"),
        ]

    def test_transaction_that_comes_in_both_forms_is_one_update(self) -> None:
        assert len(parse([a_pool_buy(), raw(a_pool_buy())]).trades) == 1

    def test_raw_transaction_may_have_an_empty_signature_beside_its_own(self) -> None:
        (trade,) = parse([raw(a_pool_buy(signature="Own")) | {"signature": None}]).trades

        assert trade.update.tx_signature == "Own"

    def test_failed_raw_transaction_has_no_price(self) -> None:
        failed = raw(a_pool_buy())
        meta = cast("JsonObject", failed["meta"])
        meta["err"] = {"InstructionError": [3, {"Custom": 6001}]}

        (skip,) = parse([failed]).skipped

        assert (skip.reason, skip.tx_signature) == ("failed_transaction", "5igNaTure1111111111")

    def test_empty_batch_holds_nothing(self) -> None:
        assert parse([]) == Trades((), ())

    @pytest.mark.parametrize("junk", [None, 7, "swap", [], {}, {"signature": "a/b"}])
    def test_damaged_transaction_does_not_fail_its_neighbour(self, junk: object) -> None:
        trades = parse([junk, a_pool_buy()])

        assert [update.token for update in trades.updates] == [MINT]
        assert reasons(trades) == ["damaged"]
        assert "body[0]" in trades.skipped[0].detail

    def test_transaction_that_we_fail_at_does_not_fail_its_neighbour(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        neighbour = parse_json(json.dumps(a_pool_buy()), where="body")

        found = parse_transactions([AtWhichWeFail(), neighbour], tokens=EVERY_TOKEN, now=NOW)

        assert [update.token for update in found.updates] == [MINT]
        assert reasons(found) == ["internal_error"]
        (record,) = caplog.records
        assert record.message == "transaction_failed"
        assert "what nobody thought of" in str(record.exc_info)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("signature", None),
            ("signature", "x" * 89),
            ("signature", "abc\n"),
            ("timestamp", None),
            ("timestamp", -1),
            ("timestamp", True),
            ("timestamp", 1.5),
            ("timestamp", "1750000000"),
            ("slot", 10**12),
            ("slot", -1),
            ("slot", False),
            ("feePayer", None),
            ("tokenTransfers", {}),
            ("accountData", [7]),
            ("events", [7]),
        ],
    )
    def test_damaged_field_is_named(self, field: str, value: object) -> None:
        (skip,) = parse([a_pool_buy() | {field: value}]).skipped

        assert skip.reason == "damaged"
        assert f"body[0].{field}" in skip.detail

    def test_mint_that_is_no_token_is_damage(self) -> None:
        (skip,) = parse([a_pool_buy(mint="a/b")]).skipped

        assert skip.reason == "damaged"

    def test_price_beyond_every_double_is_skipped_by_name(self) -> None:
        body = json.dumps([a_pool_buy()]).replace('"decimals": 6', '"decimals": 255')
        swap = json.loads(body.replace('"2000000"', '"9000"').replace('"-2000000"', '"-9000"'))

        assert reasons(parse(swap)) == ["out_of_range"]

    def test_price_out_of_range_leaves_the_other_token_alone(self) -> None:
        """The chain holds the same, so nothing is asked for there."""
        other = a_pool_buy(mint=OTHER_MINT, pool="Pool222", units=9_000_000)
        both = json.loads(
            json.dumps(together(a_pool_buy(), other))
            .replace('"9000000", "decimals": 6', '"9000000", "decimals": 200')
            .replace('"-9000000", "decimals": 6', '"-9000000", "decimals": 200')
        )

        trades = parse([both])

        assert [update.token for update in trades.updates] == [MINT]
        assert [(skip.token, skip.reason) for skip in trades.skipped] == [
            (OTHER_MINT, "out_of_range")
        ]
        assert "out_of_range" not in COMPLETABLE

    def test_mint_that_is_no_token_leaves_the_other_token_alone(self) -> None:
        trades = parse([together(a_pool_buy(), a_pool_buy(mint="a/b", pool="Pool222"))])

        assert [update.token for update in trades.updates] == [MINT]
        assert reasons(trades) == ["damaged"]

    def test_trades_come_in_the_order_of_their_slots(self) -> None:
        late = a_pool_buy(signature="Late", slot=9)
        early = a_pool_buy(signature="Early", slot=5)

        updates = parse([late, early]).updates

        assert [update.tx_signature for update in updates] == ["Early", "Late"]

    def test_trades_of_a_slot_are_in_the_order_of_the_block(self) -> None:
        late = raw(a_pool_buy(signature="A")) | {"indexWithinBlock": 9}
        early = raw(a_pool_buy(signature="B")) | {"indexWithinBlock": 5}

        trades = parse([late, early]).trades

        assert [(one.update.tx_signature, one.index_in_block) for one in trades] == [
            ("B", 5),
            ("A", 9),
        ]

    def test_trades_of_a_slot_stay_as_they_came_where_the_body_tells_no_order(self) -> None:
        trades = parse([a_pool_buy(signature="B"), a_pool_buy(signature="A")]).trades

        assert [one.update.tx_signature for one in trades] == ["B", "A"]

    def test_trade_carries_side_and_amounts(self) -> None:
        (trade,) = parse([a_pool_buy()]).trades

        assert (trade.update.side, trade.update.amount, trade.update.amount_sol) == ("buy", 2, 1)

    def test_failed_transaction_has_no_price(self) -> None:
        assert reasons(parse([a_pool_buy(transactionError={"error": "x"})])) == [
            "failed_transaction"
        ]

    def test_same_trade_twice_in_a_body_is_one_update(self) -> None:
        trades = parse([a_pool_buy(), a_pool_buy()])

        assert len(trades.updates) == 1
        assert trades.skipped == ()

    def test_other_trade_under_the_same_id_is_named_not_lost(self) -> None:
        first = a_pool_buy(signature="SameFirst16Chars" + "1")
        second = a_pool_buy(signature="SameFirst16Chars" + "2", lamports=3 * LAMPORTS_PER_SOL)

        trades = parse([first, second])

        assert [update.tx_signature for update in trades.updates] == ["SameFirst16Chars1"]
        assert reasons(trades) == ["id_taken"]
        assert trades.skipped[0].tx_signature == "SameFirst16Chars2"

    def test_token_that_is_not_configured_is_named(self) -> None:
        trades = parse([a_pool_buy()], tokens=frozenset({OTHER_MINT}))

        assert trades.updates == ()
        assert [(skip.token, skip.reason) for skip in trades.skipped] == [
            (MINT, "token_not_configured")
        ]

    def test_trade_61_seconds_ahead_is_skipped_and_60_is_not(self) -> None:
        trades = parse(
            [
                a_pool_buy(signature="Ahead60", timestamp=int(NOW) + 60),
                a_pool_buy(signature="Ahead61", timestamp=int(NOW) + 61),
            ]
        )

        assert [update.tx_signature for update in trades.updates] == ["Ahead60"]
        assert [(skip.tx_signature, skip.reason) for skip in trades.skipped] == [
            ("Ahead61", "future_timestamp")
        ]

    def test_trade_of_2009_is_accepted(self) -> None:
        assert len(parse([a_pool_buy(timestamp=1_230_768_000)]).updates) == 1

    def test_header_x_token_does_not_rename_a_batch(self) -> None:
        (update,) = parse([a_pool_buy()], x_token="SOL").updates

        assert update.token == MINT


class TestSimpleForm:
    def test_price_is_vault_change_over_user_change(self) -> None:
        (update,) = parse(a_simple_trade(), x_token="SOL-USD_1").updates

        assert (update.token, str(update.price)) == ("SOL-USD_1", "0.5")
        assert update.id == "1750000000-000300000000-5imp1e1111111111"

    @pytest.mark.parametrize(
        ("vault_sol", "user", "side"),
        [(10**9, 2, "buy"), (-(10**9), -2, "sell"), (10**9, -2, None), (-(10**9), 2, None)],
    )
    def test_side_is_told_where_the_signs_are_those_of_one_trade(
        self, vault_sol: int, user: int, side: str | None
    ) -> None:
        (trade,) = parse(a_simple_trade(accounts=changes(vault_sol, user)), x_token="SOL").trades

        assert (trade.update.side, trade.update.amount, trade.update.amount_sol) == (side, 2, 1)

    def test_amount_that_nobody_trades_is_left_out_and_the_price_stays(self) -> None:
        (trade,) = parse(a_simple_trade(accounts=changes(10**200, 10**200)), x_token="SOL").trades

        assert (trade.update.amount, trade.update.amount_sol) == (None, None)
        assert trade.update.price == Decimal("1e-9")

    def test_missing_header_is_refused_with_the_remedy(self) -> None:
        with pytest.raises(BadRequest, match="header x-token"):
            parse(a_simple_trade())

    @pytest.mark.parametrize("x_token", ["", "a b", "a/b", "é", "x" * 65, "SOL\n"])
    def test_bad_token_is_refused(self, x_token: str) -> None:
        with pytest.raises(BadRequest, match="header x-token"):
            parse(a_simple_trade(), x_token=x_token)

    def test_token_that_is_not_configured_is_unknown(self) -> None:
        with pytest.raises(UnknownToken, match="glow:tokens"):
            parse(a_simple_trade(), x_token="BTC", tokens=frozenset({"SOL"}))

    @pytest.mark.parametrize(("vault_sol", "user"), [(0, 5), (5, 0), (0, 0), (5, 0.0)])
    def test_zero_change_has_no_price_and_is_named(self, vault_sol: float, user: float) -> None:
        trades = parse(a_simple_trade(accounts=changes(vault_sol, user)), x_token="SOL")

        assert trades.updates == ()
        assert [skip.to_dict() for skip in trades.skipped] == [
            {
                "txSignature": "5imp1e1111111111111",
                "token": "SOL",
                "reason": "zero_change",
                "detail": "nativeBalanceChange of vault_sol or user is 0",
            }
        ]

    @pytest.mark.parametrize("lamports", ["", "+5", "1_000", "5.0", "\u0663", "9" * 41])
    def test_lamports_as_text_are_ascii_digits(self, lamports: str) -> None:
        (update,) = parse(a_simple_trade(accounts=changes("-500", 1)), x_token="SOL").updates
        assert update.price

        with pytest.raises(BadRequest, match="vault_sol"):
            parse(a_simple_trade(accounts=changes(lamports, 1)), x_token="SOL")

    def test_fraction_of_a_token_has_a_price(self) -> None:
        (update,) = parse(
            a_simple_trade(accounts=changes(LAMPORTS_PER_SOL, -0.5)), x_token="SOL"
        ).updates

        assert str(update.price) == "2"

    @pytest.mark.parametrize(
        ("field", "value", "named"),
        [
            ("txSignature", None, "txSignature"),
            ("txSignature", "a b", "txSignature"),
            ("slot", "7", "slot"),
            ("slot", 10**12, "slot"),
            ("timestamp", None, "timestamp"),
            ("timestamp", 10**10, "timestamp"),
            ("timestamp", int(NOW) + 61, "timestamp"),
            ("accounts", None, "vault_sol"),
            ("accounts", 7, "accounts"),
            ("accounts", [7], "accounts"),
            ("accounts", [{"address": "vault_sol", "nativeBalanceChange": 1}], "user"),
            ("accounts", [{"address": "user", "nativeBalanceChange": 1}], "vault_sol"),
        ],
    )
    def test_bad_field_is_named(self, field: str, value: object, named: str) -> None:
        with pytest.raises(BadRequest, match=named):
            parse(a_simple_trade() | {field: value}, x_token="SOL")

    @pytest.mark.parametrize(
        ("vault_sol", "user", "named"),
        [
            (None, 1, "vault_sol"),
            (1.5, 1, "vault_sol"),
            (True, 1, "vault_sol"),
            (1, None, "user"),
            (1, "x", "user"),
            (1, True, "user"),
        ],
    )
    def test_change_that_is_no_number_is_named(
        self, vault_sol: object, user: object, named: str
    ) -> None:
        with pytest.raises(BadRequest, match=named):
            parse(a_simple_trade(accounts=changes(vault_sol, user)), x_token="SOL")

    def test_account_named_twice_is_refused(self) -> None:
        with pytest.raises(BadRequest, match="vault_sol"):
            parse(a_simple_trade(accounts=changes(1, 1) + changes(2, 2)), x_token="SOL")

    def test_other_accounts_are_ignored(self) -> None:
        accounts = [*changes(LAMPORTS_PER_SOL, 2), {"address": "fee", "nativeBalanceChange": None}]

        (update,) = parse(a_simple_trade(accounts=accounts), x_token="SOL").updates

        assert str(update.price) == "0.5"

    @pytest.mark.parametrize(
        "tokens", ["1e999999", "1e-999999", "1e999999999", "1e-999999999", "4" * 4000]
    )
    def test_price_beyond_every_double_is_refused(self, tokens: str) -> None:
        body = json.dumps(a_simple_trade()).replace("-2}", f"{tokens}}}")

        with pytest.raises(BadRequest, match="price"):
            parse_webhook(body, x_token="SOL", tokens=EVERY_TOKEN, now=NOW)


def changes(vault_sol: object, user: object) -> list[JsonObject]:
    return [
        {"address": "vault_sol", "nativeBalanceChange": vault_sol},
        {"address": "user", "nativeBalanceChange": user},
    ]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "not JSON"),
        (b"swap", "not JSON"),
        (b'[{"slot": NaN}]', "NaN"),
        (b'[{"slot": -Infinity}]', "Infinity"),
        (b'[{"slot": 1e99999999999999999999}]', "out of range"),
        (b"[" + b"1" * 5000 + b"]", "digits"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 100_000, "deep"),
        (b"\xff\xfe[]", "UTF-8"),
        ("[]".encode("utf-16"), "UTF-8"),
        (b"7", "array"),
        (b'"swap"', "array"),
        (b"null", "array"),
    ],
)
def test_body_that_cannot_be_read_is_refused(body: bytes, named: str) -> None:
    with pytest.raises(BadRequest, match=f"body .*{named}"):
        parse_webhook(body, x_token="SOL", tokens=EVERY_TOKEN, now=NOW)


def test_deep_value_where_a_text_belongs_is_named_not_crashed_on() -> None:
    deep = "[" * 900 + "]" * 900
    body = json.dumps([a_transaction(signature="DEEP")]).replace('"DEEP"', deep)

    assert reasons(parse_webhook(body, x_token=None, tokens=EVERY_TOKEN, now=NOW)) == ["damaged"]
