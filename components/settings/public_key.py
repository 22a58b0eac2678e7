"""The public key that access tokens are verified with. Its kind says by which algorithm."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import PlainValidator

from functions.glow.listeners.settings import Algorithm

_MIN_RSA_BITS: Final = 2_048  # RFC 7518 §3.3
_MAX_RSA_BITS: Final = 4_096  # a larger one would not leave a function's environment enough room
_PRIVATE: Final = "PRIVATE KEY-----"
_HOW: Final = "openssl pkey -in private.pem -pubout -out public.pem"


@dataclass(frozen=True)
class PublicKey:
    """`pem` as the functions and the worker get it: the key alone, whatever stood around it."""

    pem: str
    algorithm: Algorithm


def parse_public_key(text: object) -> PublicKey:
    """Raises ValueError; its text does not hold the key, which may be a private one by mistake."""
    if isinstance(text, PublicKey):
        return text
    # Imported here: it takes 50 ms, and few stacks have such a key.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import (  # noqa: PLC0415
        SECP256R1,
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    if _PRIVATE in str(text):
        raise ValueError(
            "must be the public key, and this is the private one, with which anybody could make access"
            f" tokens. Whoever could read this config has it: make a new pair, then `{_HOW}`"
        )
    try:
        key = load_pem_public_key(str(text).encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"must be a public key in PEM, as `{_HOW}` writes it") from None
    if isinstance(key, RSAPublicKey) and _MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS:
        algorithm = "RS256"
    elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        algorithm = "ES256"
    else:
        raise ValueError(
            f"must be of RSA with {_MIN_RSA_BITS} to {_MAX_RSA_BITS} bits (RS256), or of the curve"
            " P-256 (ES256)"
        )
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return PublicKey(pem, algorithm)


PublicKeyText = Annotated[PublicKey, PlainValidator(parse_public_key)]
