"""How access tokens are verified, as config says it."""

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Algorithm = Literal["HS256", "RS256", "ES256"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)


@dataclass(frozen=True, slots=True)
class ListenerKeys:
    """`keys` are the current secret and, during a rotation, the previous one; or one public key in PEM.

    The algorithm comes from here, never from a token. One that names its own could ask for `none`, or
    for HS256 with the public key, which everybody has, as its secret.
    """

    algorithm: Algorithm
    keys: tuple[str, ...] = field(repr=False)
