"""What instructions move: layouts as the programs publish them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.glow.errors import BadRequest
from functions.glow.trades import base58
from functions.glow.trades.instructions import (
    Instruction,
    Moved,
    Opened,
    native_transfer,
    token_steps,
)
from functions.glow.trades.movements import NativeTransfer
from functions.glow.trades.programs import SYSTEM, TOKEN, TOKEN_2022
from tests.unit.raw_bodies import base58 as base58_text
from tests.unit.raw_bodies import u64

OWNER = "8MPxKmAN6BuCVhpS9sSNbKYinEJKV3bJ2qJE9fdBt1FA"
OWNER_BYTES = base58.decode(OWNER, where="OWNER")
SEVEN = u64(7)


def an_instruction(program: str, data: bytes, accounts: str = "abcd") -> Instruction:
    return Instruction(program, [*accounts], base58_text(data), where="body[0].instructions[2]")


def steps(data: bytes, *, program: str = TOKEN, accounts: str = "abcd") -> list[Opened | Moved]:
    return [*token_steps(an_instruction(program, data, accounts))]


@pytest.mark.parametrize("program", [TOKEN, TOKEN_2022])
@pytest.mark.parametrize(
    ("data", "source", "destination"),
    [
        (b"\x03" + SEVEN, "a", "b"),  # Transfer
        (b"\x0c" + SEVEN + b"\x06", "a", "c"),  # TransferChecked, with the decimals
        (b"\x1a\x01" + SEVEN + b"\x06" + SEVEN, "a", "c"),  # TransferCheckedWithFee
        (b"\x07" + SEVEN, None, "b"),  # MintTo
        (b"\x0e" + SEVEN + b"\x06", None, "b"),  # MintToChecked
        (b"\x08" + SEVEN, "a", None),  # Burn
        (b"\x0f" + SEVEN + b"\x06", "a", None),  # BurnChecked
    ],
)
def test_transfer_has_its_accounts_and_units(
    program: str, data: bytes, source: str | None, destination: str | None
) -> None:
    expected = Moved(source, destination, 7, is_taxed=program == TOKEN_2022)

    assert steps(data, program=program) == [expected]


@pytest.mark.parametrize(
    ("data", "accounts", "owner"),
    [
        (b"\x01", "abcd", "c"),  # InitializeAccount
        (b"\x10" + OWNER_BYTES, "abcd", OWNER),  # InitializeAccount2
        (b"\x12" + OWNER_BYTES, "ab", OWNER),  # InitializeAccount3
    ],
)
def test_opened_account_has_its_mint_and_owner(data: bytes, accounts: str, owner: str) -> None:
    assert steps(data, accounts=accounts) == [Opened("a", "b", owner)]


# InitializeMint2, Approve, CloseAccount, SyncNative, a name of a Token-2022 mint, nothing at all
@pytest.mark.parametrize("data", [b"\x14\x06", b"\x04" + SEVEN, b"\x09", b"\x11", b"\xd2\xe1", b""])
def test_instruction_that_moves_nothing_is_passed_over(data: bytes) -> None:
    assert steps(data) == []


def test_batch_is_read_as_its_parts() -> None:
    opens, sends, closes = b"\x12" + OWNER_BYTES, b"\x03" + SEVEN, b"\x09"
    parts = [(2, opens), (3, sends), (3, closes)]
    batch = b"\xff" + b"".join(bytes([count, len(data)]) + data for count, data in parts)

    assert steps(batch, accounts="abcdefgh") == [
        Opened("a", "b", OWNER),
        Moved("c", "d", 7, is_taxed=False),
    ]
    assert steps(batch, accounts="abcdefgh", program=TOKEN_2022) == []


@pytest.mark.parametrize(
    ("data", "accounts"),
    [
        (b"\x03" + SEVEN[:7], "abc"),  # no whole amount
        (b"\x03" + SEVEN, "a"),  # no destination
        (b"\x0c" + SEVEN, "ab"),
        (b"\x12" + OWNER_BYTES[:31], "ab"),
        (b"\x01", "ab"),
        (b"\xff\x03", "abc"),  # a batch whose part has no length
        (b"\xff\x03\x09\x03", "abc"),  # ... no data
        (b"\xff\x04\x01\x09", "abc"),  # ... too few accounts
    ],
)
def test_token_instruction_that_would_have_failed_is_damage(data: bytes, accounts: str) -> None:
    with pytest.raises(BadRequest, match=r"body\[0\]\.instructions\[2\]\.(data|accounts)"):
        steps(data, accounts=accounts)


def number(instruction: int) -> bytes:
    return instruction.to_bytes(4, "little")


@pytest.mark.parametrize(
    ("data", "receiver"),
    [
        (number(0) + SEVEN + u64(165) + OWNER_BYTES, "b"),  # CreateAccount
        (number(2) + SEVEN, "b"),  # Transfer
        (number(3) + OWNER_BYTES + u64(4) + b"seed" + SEVEN + u64(165) + OWNER_BYTES, "b"),
        (number(5) + SEVEN, "b"),  # WithdrawNonceAccount
        (number(11) + SEVEN + u64(4) + b"seed" + OWNER_BYTES, "c"),  # TransferWithSeed
    ],
)
def test_system_instruction_sends_lamports(data: bytes, receiver: str) -> None:
    assert native_transfer(an_instruction(SYSTEM, data)) == NativeTransfer("a", receiver, 7)


@pytest.mark.parametrize("data", [number(1) + OWNER_BYTES, number(8) + u64(165), number(99)])
def test_system_instruction_without_lamports_sends_none(data: bytes) -> None:
    assert native_transfer(an_instruction(SYSTEM, data)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x02",
        number(2) + SEVEN[:7],
        number(3) + OWNER_BYTES + u64(2**64 - 1) + SEVEN,  # a seed beyond its end
    ],
)
def test_system_instruction_that_would_have_failed_is_damage(data: bytes) -> None:
    with pytest.raises(BadRequest, match=r"instructions\[2\]\.data is cut short"):
        native_transfer(an_instruction(SYSTEM, data))


def test_data_of_another_program_is_not_read() -> None:
    foreign = Instruction("Swap111", [], "not base58 at all: 0OIl", where="x")

    assert [*token_steps(foreign)] == []
    assert native_transfer(foreign) is None


@given(st.binary(max_size=100))
def test_base58_is_read_back(data: bytes) -> None:
    assert base58.decode(base58.encode(data), where="x") == data


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        ("1", b"\0"),
        ("11111111111111111111111111111111", bytes(32)),  # the system program
        ("3Bxs4Ba2u7BkmhYB", number(2) + u64(200_000)),  # the transfer of a real RAW body
    ],
)
def test_base58_is_that_of_solana(text: str, data: bytes) -> None:
    assert base58.decode(text, where="x") == data
    assert base58.encode(data) == text


@pytest.mark.parametrize("text", ["0", "O", "I", "l", " ", "é", "1" * 1_701])
def test_text_that_is_no_base58_is_named(text: str) -> None:
    with pytest.raises(BadRequest, match=r"body\.data"):
        base58.decode(text, where="body.data")
