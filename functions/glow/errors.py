"""The errors of glow. The class says who has to act, and whether sending again helps.

GlowError
├── Refused            the caller's fault; sending the same again does not help
│   ├── BadRequest     400
│   ├── Unauthorized   401 (Helius sends a 401 again, which heals a rotation of the secret)
│   ├── TokenExpired   401: with a fresh access token it is admitted
│   ├── ForbiddenToken 403
│   ├── UnknownToken   404
│   ├── NoPrice        404
│   ├── UnknownPath    404
│   ├── TooLarge       413
│   └── TooManyTokens, UnknownAction, RateLimited: of a WebSocket alone, see sockets/
├── Unavailable        503: a part did not answer in time; sending again helps
│   └── NotAllowed     IAM refused the call. So it does for some seconds after a right was granted
└── FanOutFailed       most connections could not be served; the queue hands the record out again
"""

# ruff: noqa: N818  The names say what happened to the caller; "Error" after each would add nothing.

from typing import ClassVar


class GlowError(Exception):
    """Base of all errors that glow raises on purpose; its text is safe to show to the caller."""


class Refused(GlowError):
    """A request that cannot succeed as it is. `status` is HTTP's, `code` is for programs.

    `token` is the one that is refused, of a request that names several.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "BAD_REQUEST"

    def __init__(self, text: str, *, token: str | None = None) -> None:
        super().__init__(text)
        self.token = token


class BadRequest(Refused):
    """A field is missing, malformed or out of range. The text names it and the remedy."""


class Unauthorized(Refused):
    """The bearer secret or access token is missing or wrong."""

    status = 401
    code = "UNAUTHORIZED"


class TokenExpired(Refused):
    """The access token was good, and is over."""

    status = 401
    code = "TOKEN_EXPIRED"


class ForbiddenToken(Refused):
    """The access token does not list this token."""

    status = 403
    code = "FORBIDDEN_TOKEN"


class UnknownToken(Refused):
    """The stack's `tokens` are set and this token is not among them."""

    status = 404
    code = "UNKNOWN_TOKEN"


class NoPrice(Refused):
    """The token is fine, but no price of it is stored."""

    status = 404
    code = "NO_PRICE"


class UnknownPath(Refused):
    """No such path in the REST API."""

    status = 404
    code = "UNKNOWN_PATH"


class TooLarge(Refused):
    """The body is larger than the limit that the text names."""

    status = 413
    code = "TOO_LARGE"


class Unavailable(GlowError):
    """A part that we need did not answer in time: 503, send it again."""


class NotAllowed(Unavailable):
    """IAM refused a call of this function."""


class FanOutFailed(GlowError):
    """Most connections could not be served: endpoint away, signature refused, all throttled."""
