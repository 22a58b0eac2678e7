"""Prices of built transactions: what counts as a trade, and what is skipped by which name."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.glow.fields import as_object, parse_json
from functions.glow.trades.enhanced import read_enhanced
from functions.glow.trades.outcome import NoPrice, PricedToken
from functions.glow.trades.price import price_movements
from tests.unit.bodies import (
    FEE,
    LAMPORTS_PER_SOL,
    MINT,
    OTHER_MINT,
    POOL,
    RENT,
    RENTS,
    RENTS_2022,
    ROUTER,
    SOL,
    TRADER,
    JsonObject,
    a_curve_trade,
    a_first_buy,
    a_pool_buy,
    a_row,
    a_transaction,
    a_transfer,
    an_account,
    native,
    real_transactions,
    rows_of,
    together,
)
from tests.unit.changed_bodies import changed, with_a_relayer

LENDING = "jupr81YtYssSyPt8jbnGuiWon5f6x9TcDEFxYe3Bdzi"
DCA = "DCA265Vj8a9CEuX1eb1LWRnDT7uK6q1xMipnNyatn23M"
SWAP = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"


def found_in(transaction: JsonObject) -> list[PricedToken | NoPrice]:
    parsed = as_object(parse_json(json.dumps(transaction), where="body"), where="body")
    return price_movements(read_enhanced(parsed, where="body[0]"))


def outcomes(transaction: JsonObject) -> list[tuple[str, str] | str]:
    """(mint, price) where there is one, else the reason."""
    return [
        (found.mint, str(found.price)) if isinstance(found, PricedToken) else found.reason
        for found in found_in(transaction)
    ]


def a_call(program: str, *accounts: str) -> JsonObject:
    return {"programId": program, "accounts": [*accounts], "innerInstructions": []}


def an_event(**legs: object) -> JsonObject:
    return {"events": {"swap": legs}}


@pytest.mark.parametrize("transaction_type", ["SWAP", "BUY", "SELL", "UNKNOWN", "TOKEN_MINT"])
def test_type_of_the_transaction_does_not_decide(transaction_type: str) -> None:
    assert outcomes(a_pool_buy(type=transaction_type)) == [(MINT, "0.5")]


def test_sale_to_a_curve_is_priced_from_the_lamports_of_the_curve() -> None:
    sale = a_curve_trade(lamports=-LAMPORTS_PER_SOL, units=2_000_000)

    (priced,) = found_in(sale)

    assert isinstance(priced, PricedToken)
    assert (priced.side, priced.path) == ("sell", "native_balance")
    assert (priced.price, priced.amount, priced.amount_sol) == (Decimal("0.5"), 2, 1)


def test_order_split_over_two_pools_has_one_price() -> None:
    both = together(a_pool_buy(), a_pool_buy(lamports=15 * 10**8, pool="Pool222"))

    assert outcomes(both) == [(MINT, "0.625")]


def test_pools_with_prices_far_apart_are_no_split_order() -> None:
    both = together(a_pool_buy(), a_pool_buy(lamports=3 * LAMPORTS_PER_SOL, pool="Pool222"))

    assert outcomes(both) == ["witnesses_disagree"]


def test_two_tokens_bought_in_one_transaction_have_a_price_each() -> None:
    second = a_pool_buy(lamports=3 * LAMPORTS_PER_SOL, mint=OTHER_MINT, pool="Pool222")

    assert outcomes(together(a_pool_buy(), second)) == [(MINT, "0.5"), (OTHER_MINT, "1.5")]


def test_two_tokens_from_one_account_cannot_be_told_apart() -> None:
    second = a_pool_buy(lamports=3 * LAMPORTS_PER_SOL, mint=OTHER_MINT)

    assert outcomes(together(a_pool_buy(), second)) == ["several_tokens"]


def test_token_that_is_passed_on_has_the_price_of_its_pool_and_so_has_the_end() -> None:
    """SOL -> MINT at one pool, MINT -> OTHER_MINT at the next; 3 units of MINT were left over."""
    hop = a_transaction(
        tokenTransfers=[
            a_transfer(MINT, TRADER, "Pool222", 1_999_997),
            a_transfer(OTHER_MINT, "Pool222", TRADER, 8_000_000),
        ],
        accountData=[
            an_account("pool2a", a_row(MINT, 1_999_997, owner="Pool222")),
            an_account("pool2b", a_row(OTHER_MINT, -8_000_000, owner="Pool222")),
            an_account("traderOther", a_row(OTHER_MINT, 8_000_000)),
            an_account(f"trader{MINT}", a_row(MINT, -1_999_997)),
            an_account(TRADER, lamports=-FEE),
        ],
    )

    assert outcomes(together(a_pool_buy(), hop))[0] == (MINT, "0.5")


def test_mint_between_two_hops_is_no_price_of_the_end() -> None:
    (swap,) = real_transactions("enh_swap_jupiter_sol_to_usdc_2hop")

    with_event, without = found_in(swap), found_in(swap | {"events": None})

    assert with_event == without
    assert [found.path for found in without if isinstance(found, PricedToken)] == [
        "balances",
        "route",
    ]


def test_router_fee_is_not_taken_for_the_sol_side() -> None:
    """A router hands the token on and keeps 0.01 SOL: that is its fee, not the price."""
    routed = a_transaction(
        tokenTransfers=[
            a_transfer(MINT, POOL, ROUTER, 2_000_000),
            a_transfer(MINT, ROUTER, TRADER, 2_000_000),
        ],
        accountData=[
            an_account(TRADER, lamports=-1_010_000_000 - FEE),
            an_account(ROUTER, lamports=10_000_000),
            an_account(POOL, lamports=LAMPORTS_PER_SOL),
            an_account("poolToken", a_row(MINT, -2_000_000, owner=POOL)),
            an_account("traderToken", a_row(MINT, 2_000_000)),
        ],
    )

    assert outcomes(routed) == [(MINT, "0.5")]


class TestFirstBuy:
    @pytest.mark.parametrize("rate", [6_960, 6_333, 5_080, 2_575, 1_322, 696])
    def test_rent_of_the_curve_is_no_part_of_the_price(self, rate: int) -> None:
        buy = a_first_buy(lamports=8_600_000, rent=(128 + 49) * rate)

        assert outcomes(buy) == [(MINT, "0.000001")]

    def test_payment_that_may_be_a_rent_of_another_day_is_no_price(self) -> None:
        buy = a_first_buy(lamports=1_250 * 6_960, rent=(128 + 49) * 5_080)

        assert outcomes(buy) == ["rent"]


class TestNoPayment:
    @pytest.mark.parametrize(
        "rent",
        [
            *RENTS,
            *RENTS_2022,
            3 * RENT,
            RENT + RENTS_2022[0],
            RENT + RENTS[2],
            RENT - RENTS[2],
        ],
    )
    def test_rent_is_no_payment(self, rent: int) -> None:
        """A sends tokens to B, who pays nothing but rent, on a wallet that another one pays for."""
        sent = a_curve_trade(lamports=-rent, units=2_000_000)

        assert outcomes(sent) == ["not_a_trade"]

    def test_tip_of_who_gets_a_token_is_no_payment(self) -> None:
        gift = a_curve_trade(units=2_000_000, lamports=-1_000_000)
        gift["accountData"] = [
            an_account(TRADER, lamports=-FEE),
            an_account(POOL, lamports=-1_000_000),
            an_account("Tip111", lamports=1_000_000),
            an_account("poolToken", a_row(MINT, 2_000_000, owner=POOL)),
            an_account("traderToken", a_row(MINT, -2_000_000)),
        ]

        assert outcomes(gift) == ["not_a_trade"]

    @pytest.mark.parametrize("rent", RENTS)
    def test_account_that_is_closed_pays_nobody(self, rent: int) -> None:
        """B gets all tokens of A, who closes the empty account: its rent comes back to A."""
        closed = a_curve_trade(lamports=-rent, units=2_000_000)

        assert outcomes(closed) == ["not_a_trade"]

    def test_transfers_alone_are_no_trade(self) -> None:
        plain = [a_call("11111111111111111111111111111111", TRADER, POOL)]

        assert outcomes(a_curve_trade(instructions=plain)) == ["not_a_trade"]

    def test_liquidity_put_into_a_pool_is_not_a_trade(self) -> None:
        deposit = a_transaction(
            tokenTransfers=[
                a_transfer(SOL, TRADER, POOL, LAMPORTS_PER_SOL),
                a_transfer(MINT, TRADER, POOL, 2_000_000),
            ],
            accountData=[
                an_account(TRADER, lamports=-LAMPORTS_PER_SOL - FEE),
                an_account(
                    "poolSol",
                    a_row(SOL, LAMPORTS_PER_SOL, owner=POOL, decimals=9),
                    lamports=LAMPORTS_PER_SOL,
                ),
                an_account("poolToken", a_row(MINT, 2_000_000, owner=POOL)),
                an_account("traderToken", a_row(MINT, -2_000_000)),
            ],
        )

        assert outcomes(deposit) == ["not_a_trade"]

    @pytest.mark.parametrize("nobody", ["", None])
    def test_token_from_nobody_is_not_a_trade(self, nobody: str | None) -> None:
        """Staking pays SOL into a reserve and mints a receipt."""
        staked = a_transaction(
            tokenTransfers=[a_transfer(MINT, "", TRADER, 2_000_000) | {"fromUserAccount": nobody}],
            accountData=[
                an_account(TRADER, lamports=-LAMPORTS_PER_SOL - FEE),
                an_account("Reserve111", lamports=LAMPORTS_PER_SOL),
                an_account("traderToken", a_row(MINT, 2_000_000)),
            ],
        )

        assert outcomes(staked) == ["not_a_trade"]

    def test_loan_is_not_a_trade(self) -> None:
        calls = [a_call(LENDING, f"{POOL}Sol", f"{POOL}{MINT}")]

        assert outcomes(a_pool_buy(instructions=calls)) == ["loan"]

    def test_trade_beside_a_loan_is_priced(self) -> None:
        calls = [a_call(LENDING, "Vault111"), a_call(SWAP, f"{POOL}Sol", f"{POOL}{MINT}")]

        assert outcomes(a_pool_buy(instructions=calls)) == [(MINT, "0.5")]

    def test_one_piece_that_cannot_be_divided_has_no_price(self) -> None:
        bought = a_curve_trade()
        bought["accountData"] = [
            an_account(TRADER, lamports=-LAMPORTS_PER_SOL - FEE),
            an_account(POOL, lamports=LAMPORTS_PER_SOL),
            an_account("poolToken", a_row(MINT, -1, owner=POOL, decimals=0)),
            an_account("traderToken", a_row(MINT, 1, decimals=0)),
        ]

        assert outcomes(bought) == ["nft"]


class TestWitnesses:
    @pytest.mark.parametrize(
        ("change_lamports", "outcome"),
        [(52_000_000, (MINT, "0.5")), (54_000_000, "opposite_trades")],
    )
    def test_pool_may_give_back_a_twentieth_of_the_sol_as_change(
        self, change_lamports: int, outcome: object
    ) -> None:
        buy = a_pool_buy()
        _, bought = rows_of(buy, "tokenTransfers")
        buy["tokenTransfers"] = [
            a_transfer(SOL, TRADER, POOL, LAMPORTS_PER_SOL + change_lamports),
            a_transfer(SOL, POOL, TRADER, change_lamports),
            bought,
        ]

        assert outcomes(buy) == [outcome]

    def test_transfers_that_went_both_ways_are_no_trade(self) -> None:
        buy = a_pool_buy()
        back = a_transfer(MINT, TRADER, POOL, 1_000)
        rows_of(buy, "tokenTransfers").append(back)

        assert outcomes(buy) == ["opposite_trades"]

    def test_balances_without_transfers_do_not_tell_a_trade(self) -> None:
        assert outcomes(a_pool_buy(tokenTransfers=[])) == ["witnesses_disagree"]

    def test_event_with_another_price_is_contradicted(self) -> None:
        event = an_event(
            nativeInput=native(2 * LAMPORTS_PER_SOL), tokenOutputs=[a_row(MINT, 2_000_000)]
        )

        assert outcomes(a_pool_buy() | event) == ["witnesses_disagree"]

    def test_event_that_tells_a_fee_alone_is_outvoted(self) -> None:
        event = an_event(
            nativeInput=native(LAMPORTS_PER_SOL // 4008), tokenOutputs=[a_row(MINT, 2_000_000)]
        )

        assert outcomes(a_pool_buy() | event) == [(MINT, "0.5")]

    @pytest.mark.parametrize(
        "legs",
        [
            {"tokenOutputs": [a_row(MINT, 2_000_000)]},
            {"tokenInputs": [a_row(MINT, 9_000)], "tokenOutputs": [a_row(MINT, 8_000)]},
            {"nativeInput": native(9_000), "tokenOutputs": [a_row(SOL, 9_000, decimals=9)]},
            {"nativeInput": native(0), "tokenOutputs": [a_row(MINT, 9_000)]},
        ],
    )
    def test_unusable_event_gives_way_to_the_balances(self, legs: JsonObject) -> None:
        assert outcomes(a_pool_buy() | an_event(**legs)) == [(MINT, "0.5")]

    def test_event_alone_is_no_price(self) -> None:
        event = an_event(nativeInput=native(9_000), tokenOutputs=[a_row(MINT, 9_000)])

        assert outcomes(a_transaction() | event) == ["trimmed"]

    def test_event_that_the_trader_bears_out_has_a_price(self) -> None:
        """A market whose vaults belong to different accounts: no single one exchanged."""
        split = a_pool_buy() | an_event(
            nativeInput=native(LAMPORTS_PER_SOL), tokenOutputs=[a_row(MINT, 2_000_000)]
        )
        text = json.dumps(split).replace(
            f'"userAccount": "{POOL}", "rawTokenAmount": {{"tokenAmount": "-',
            '"userAccount": "Vault222", "rawTokenAmount": {"tokenAmount": "-',
        )

        assert outcomes(json.loads(text)) == [(MINT, "0.5")]
        assert outcomes({**json.loads(text), "events": {}}) == ["no_pool"]


def a_sale_through_a_relayer(
    fee_units: int, spent: int, *, spent_on: str = "Tip111", keeps_wrapped: bool = False
) -> JsonObject:
    """Of 100 tokens, `fee_units` of which the relayer keeps, for 0.9 SOL; it spends lamports itself."""
    lamports, units = 900_000_000, 100_000_000
    sold = units - fee_units
    wrapped = [
        an_account(f"{owner}Sol", a_row(SOL, gained, owner=owner, decimals=9), lamports=gained)
        for owner, gained in (("Seller111", lamports), (POOL, -lamports))
    ]
    plain = [an_account("Seller111", lamports=lamports), an_account(POOL, lamports=-lamports)]
    sent = [a_transfer(SOL, POOL, "Seller111", lamports)]
    sale = a_transaction(
        tokenTransfers=[
            a_transfer(MINT, "Seller111", TRADER, fee_units),
            a_transfer(MINT, "Seller111", POOL, sold),
            *(sent if keeps_wrapped else []),
        ],
        accountData=[
            an_account(TRADER, lamports=-FEE),
            *(wrapped if keeps_wrapped else plain),
            an_account("sellerToken", a_row(MINT, -units, owner="Seller111")),
            an_account("poolToken", a_row(MINT, sold, owner=POOL)),
            an_account("relayerToken", a_row(MINT, fee_units, owner=TRADER)),
        ],
    )
    tip = a_transaction(
        accountData=[
            an_account(TRADER, lamports=-spent - FEE),
            an_account(spent_on, lamports=spent),
        ]
    )
    return together(sale, tip)


class TestSides:
    def test_keeper_who_fills_an_order_is_not_the_pool(self) -> None:
        """The order's account gains SOL and gives the token, as the pool does the other way."""
        filled = a_transaction(
            feePayer="Keeper111",
            instructions=[a_call(DCA, "orderToken", "orderSol"), a_call(SWAP, "poolSol")],
            tokenTransfers=[
                a_transfer(MINT, "Order111", "Keeper111", 2_000_000),
                a_transfer(MINT, "Keeper111", POOL, 2_000_000),
                a_transfer(SOL, POOL, "Keeper111", LAMPORTS_PER_SOL),
                a_transfer(SOL, "Keeper111", "Order111", 998_000_000),
            ],
            accountData=[
                an_account("Keeper111", lamports=2_000_000 - FEE),
                an_account("orderToken", a_row(MINT, -2_000_000, owner="Order111")),
                an_account("orderSol", a_row(SOL, 998_000_000, owner="Order111", decimals=9)),
                an_account("poolToken", a_row(MINT, 2_000_000, owner=POOL)),
                an_account("poolSol", a_row(SOL, -LAMPORTS_PER_SOL, owner=POOL, decimals=9)),
            ],
        )

        assert outcomes(filled) == [(MINT, "0.5")]
        filled["instructions"] = []
        assert outcomes(filled) == ["sides_unclear"]

    @pytest.mark.parametrize("keeps_wrapped", [False, True])
    @pytest.mark.parametrize("spent", [1_500_000, 100_000_000, 500_000_000])
    @pytest.mark.parametrize("fee_units", [5_000_000, 10_000_000, 45_000_000])
    def test_seller_whose_relayer_keeps_a_part_is_no_pool(
        self, fee_units: int, spent: int, keeps_wrapped: bool
    ) -> None:
        """A curve buys; the relayer spends SOL on a tip, or on an account of an unknown size."""
        sale = a_sale_through_a_relayer(fee_units, spent, keeps_wrapped=keeps_wrapped)

        assert outcomes(sale) == ["sides_unclear"]

    def test_seller_to_whom_the_relayer_gives_some_sol_is_no_pool(self) -> None:
        sale = a_sale_through_a_relayer(10_000_000, 20_000_000, spent_on="Seller111")

        assert outcomes(sale) == ["sides_unclear"]

    @pytest.mark.parametrize("payers_part", [100, 1_000, 3_000])
    def test_wallets_that_buy_together_do_not_hide_their_pool(self, payers_part: int) -> None:
        """One of them pays the fee, the other pays 1 % of its own beside what reaches the curve."""
        lamports, units = payers_part * 1_000_000, payers_part * 2_000
        other = a_transaction(
            tokenTransfers=[a_transfer(MINT, POOL, "Other111", 2_000_000)],
            accountData=[
                an_account(TRADER, lamports=-FEE),
                an_account("Other111", lamports=-1_010_000_000),
                an_account("Fees111", lamports=10_000_000),
                an_account(POOL, lamports=LAMPORTS_PER_SOL),
                an_account("poolToken", a_row(MINT, -2_000_000, owner=POOL)),
                an_account("otherToken", a_row(MINT, 2_000_000, owner="Other111")),
            ],
        )

        bought = together(a_curve_trade(lamports=lamports, units=-units), other)

        assert outcomes(bought) == [(MINT, "0.5")]

    def test_curve_that_pays_by_a_transfer_is_not_taken_for_a_wallet(self) -> None:
        """Somebody else pays the fee, so either of the two may be the pool."""
        paid = {"fromUserAccount": POOL, "toUserAccount": TRADER, "amount": LAMPORTS_PER_SOL}
        sale = a_curve_trade(lamports=-LAMPORTS_PER_SOL, units=2_000_000, nativeTransfers=[paid])

        (priced,) = found_in(changed(sale, with_a_relayer, seed=1))

        assert isinstance(priced, PricedToken)
        assert (priced.price, priced.side) == (Decimal("0.5"), None)

    def test_other_wallet_on_the_side_of_the_pool_is_not_netted(self) -> None:
        """One wallet buys and another sells at the same pool, as volume bots do."""
        seller = "Seller111"
        bots = together(
            a_pool_buy(),
            a_transaction(
                tokenTransfers=[
                    a_transfer(MINT, seller, POOL, 1_000_000),
                    a_transfer(SOL, POOL, seller, 450_000_000),
                ],
                accountData=[
                    an_account(TRADER, lamports=-FEE),
                    an_account(seller, lamports=450_000_000),
                    an_account("sellerToken", a_row(MINT, -1_000_000, owner=seller)),
                    an_account(f"{POOL}{MINT}", a_row(MINT, 1_000_000, owner=POOL)),
                    an_account(
                        f"{POOL}Sol",
                        a_row(SOL, -450_000_000, owner=POOL, decimals=9),
                        lamports=-450_000_000,
                    ),
                ],
            ),
        )

        assert outcomes(bots) == ["sides_unclear"]


class TestRowsThatWereCutOut:
    @pytest.mark.parametrize("keeps_rows", [True, False])
    def test_first_buy_without_the_rows_of_its_mint(self, keeps_rows: bool) -> None:
        """A coin and its pool are made, and bought from, in one transaction."""
        launch = a_pool_buy()
        rows_of(launch, "tokenTransfers").insert(0, a_transfer(MINT, "", POOL, 10**15))
        rows = [
            an_account(f"{POOL}{MINT}", a_row(MINT, 10**15 - 2_000_000, owner=POOL)),
            an_account(f"trader{MINT}", a_row(MINT, 2_000_000), lamports=RENT),
        ]
        bare = [an_account(f"trader{MINT}", lamports=RENT)]
        kept = rows_of(launch, "accountData")[:2]
        launch["accountData"] = [*kept, *(rows if keeps_rows else bare)]

        assert outcomes(launch) == ([(MINT, "0.5")] if keeps_rows else ["trimmed"])

    def test_end_of_a_route_without_its_rows(self) -> None:
        """SOL -> MINT at one pool, MINT -> OTHER_MINT at the next, which mints it."""
        hop = a_transaction(
            tokenTransfers=[
                a_transfer(MINT, TRADER, "Pool222", 2_000_000),
                a_transfer(OTHER_MINT, "", "Pool222", 8_000_000),
                a_transfer(OTHER_MINT, TRADER, "", 8_000_000),
            ],
            accountData=[
                an_account("pool2a", a_row(MINT, 2_000_000, owner="Pool222")),
                an_account("Pool222", lamports=RENT),
                an_account(f"trader{MINT}", a_row(MINT, -2_000_000)),
                an_account(TRADER, lamports=-RENT - FEE),
            ],
        )
        opened = {"fromUserAccount": TRADER, "toUserAccount": "Pool222", "amount": RENT}

        assert outcomes(together(a_pool_buy(nativeTransfers=[opened]), hop)) == [(MINT, "0.5")]


class TestDust:
    @pytest.mark.parametrize(("lamports", "units"), [(999, 9_000), (9_000, 999)])
    def test_too_little_has_no_price(self, lamports: int, units: int) -> None:
        assert outcomes(a_pool_buy(lamports=lamports, units=units)) == ["dust"]


@given(lamports=st.integers(1_000, 10**15), units=st.integers(1_000, 10**15))
def test_price_is_the_exact_quotient_to_15_digits(lamports: int, units: int) -> None:
    (priced,) = found_in(a_pool_buy(lamports=lamports, units=units))

    assert isinstance(priced, PricedToken)
    exact = Decimal(lamports) * 10**6 / (Decimal(units) * 10**9)
    assert abs(priced.price - exact) <= exact * Decimal("5.1e-15")
    assert len(priced.price.as_tuple().digits) <= 15
    assert (priced.amount.scaleb(6), priced.amount_sol.scaleb(9)) == (units, lamports)
