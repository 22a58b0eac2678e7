"""Base58, as Bitcoin and Solana write bytes as text: a number with 58 digits, "1" for 0."""

from typing import Final

from functions.glow.errors import BadRequest

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final = {character: digit for digit, character in enumerate(_ALPHABET)}
# The time grows with the square of the length. This is a whole transaction of 1,232 bytes; what is
# read here is shorter: 255 accounts make 85 transfers of 11 bytes.
_MAX_LENGTH: Final = 1_700


def decode(text: str, *, where: str) -> bytes:
    """The bytes in `text`; leading zeros are kept. Raises BadRequest that names `where`."""
    if len(text) > _MAX_LENGTH:
        raise BadRequest(f"{where} is longer than any instruction: {len(text)} characters")
    number = 0
    for character in text:
        digit = _DIGITS.get(character)
        if digit is None:
            raise BadRequest(f"{where} must be base58")
        number = number * len(_ALPHABET) + digit
    zeros = len(text) - len(text.lstrip(_ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def encode(data: bytes) -> str:
    number = int.from_bytes(data)
    digits: list[str] = []
    while number:
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return _ALPHABET[0] * zeros + "".join(reversed(digits))
