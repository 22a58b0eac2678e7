"""Makes the access tokens of listeners.json. tests/worker/support/access_tokens.js makes the same."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.utils import base64url_encode

from functions.glow.listeners.settings import Algorithm, ListenerKeys

GOLDEN: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "listeners.json").read_text())
CASES: Final[list[dict[str, Any]]] = GOLDEN["cases"]
SECRETS: Final[Mapping[str, str]] = GOLDEN["secrets"]


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """`name` tells the keys apart; each test run has its own."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@cache
def p256_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_pem(algorithm: Algorithm) -> str:
    key = rsa_key("own") if algorithm == "RS256" else p256_key("own")
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def listener_keys(algorithm: Algorithm) -> ListenerKeys:
    """As a stack has them that verifies by `algorithm`."""
    if algorithm == "HS256":
        return ListenerKeys(algorithm, (SECRETS["current"], SECRETS["previous"]))
    return ListenerKeys(algorithm, (public_pem(algorithm),))


def variables(algorithm: Algorithm = "HS256") -> dict[str, str]:
    """A function's environment."""
    own = (
        {"LISTENER_SECRET": SECRETS["current"], "LISTENER_SECRET_PREVIOUS": SECRETS["previous"]}
        if algorithm == "HS256"
        else {"LISTENER_PUBLIC_KEY": public_pem(algorithm)}
    )
    return {"LISTENERS": "token", "LISTENER_ALGORITHM": algorithm, **own}


def made(recipe: Mapping[str, Any], *, now: float) -> str:
    """The access token of a case."""
    if "text" in recipe:
        return str(recipe["text"])
    header = {"typ": "JWT", **recipe.get("header", {})}
    if recipe["alg"] is not None:
        header["alg"] = recipe["alg"]
    claims = {name: _value(value, now) for name, value in recipe["claims"].items()}
    payload = recipe.get("payload", json.dumps(claims))
    signed = b".".join(base64url_encode(part.encode()) for part in (json.dumps(header), payload))
    if recipe.get("cut"):
        return signed.decode()
    signature = base64url_encode(_signature(recipe["by"], recipe["key"], signed))
    return f"{signed.decode()}.{signature.decode()}"


def access_token(
    tokens: object, *, ends_in: float = 60, key: str = "current", **claims: object
) -> str:
    """One that a stack with a secret admits, unless told otherwise."""
    own = {"exp": int(time.time()) + ends_in, "tokens": tokens, **claims}
    return made({"alg": "HS256", "by": "hmac", "key": key, "claims": own}, now=0)


def _value(value: Any, now: float) -> object:
    match value:
        case {"in": seconds}:
            return now + seconds
        case _:
            return value


def _signature(by: str, key: str, signed: bytes) -> bytes:
    match by:
        case "hmac" | "hmac512":
            secret = public_pem("RS256") if key == "publicPem" else SECRETS[key]
            digest = hashlib.sha512 if by == "hmac512" else hashlib.sha256
            return hmac.digest(secret.encode(), signed, digest)
        case "rsa":
            return RSAAlgorithm(RSAAlgorithm.SHA256).sign(signed, rsa_key(key))
        case "ecdsa":
            return ECAlgorithm(ECAlgorithm.SHA256).sign(signed, p256_key(key))
        case _:
            return b""
