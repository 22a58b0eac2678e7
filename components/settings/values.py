"""The kinds of values in stack config. They come as texts; each kind says how its text is read.

A validator that refuses raises ValueError; its text never holds a secret.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Final, LiteralString, cast

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError

from components.settings.origin import is_loopback_url, parse_listed_origin, parse_origin
from functions.glow.errors import BadRequest
from functions.glow.routing.policy import parse_region
from functions.glow.token import parse_token

# The type of the error for a value that should be a list or a map.
WRONG_KIND: Final = "wrong_kind"

# More would not fit into a variable of the edge worker, 5 KB, even with short names. checks.py counts them,
# variable_size.py measures them.
MAX_TOKENS: Final = 50
MAX_ORIGINS: Final = 20
# Below, an ordinary trade would be kept back; above, none of the parser's mistakes would be.
MIN_PRICE_JUMP: Final = 2
MAX_PRICE_JUMP: Final = 1_000_000
MIN_SIGNING_SECRET: Final = 32
# SOL and 50 tokens take two requests, also at half this rate in each of three runs a minute
# (functions/glow/quotes/runs.py). The largest plan has 150 a second.
MIN_JUPITER_RATE: Final = 12
MAX_JUPITER_RATE: Final = 9_000
# What can be sent as a bearer. A copied line break or space would make every request fail.
_SECRET: Final = re.compile(r"[\x21-\x7e]{16,512}")
_CLOUDFLARE_ID: Final = re.compile(r"[0-9a-f]{32}")
_HOSTNAME: Final = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]+"
)
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# A public key in base58, which has no 0, O, I and l.
_ADDRESS: Final = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# An alarm's description has up to 1,024 characters (CloudWatch API, PutMetricAlarm); the section follows.
_RUNBOOK_URL: Final = re.compile(r"https://[^\s#]{1,500}")
# An alias would do for queues, but not in a role's rights.
_KMS_KEY: Final = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
# The values that CloudWatch Logs takes (PutRetentionPolicy), up to ten years.
_RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922),
    *(3288, 3653),
)


def _flag(text: object) -> bool:
    # `pulumi config set --path` stores true and false in a map as booleans, not as texts.
    if text not in ("true", "false", True, False):
        raise ValueError("must be true or false")
    return text in ("true", True)


def _secret(text: str) -> str:
    if not _SECRET.fullmatch(text):
        raise ValueError(
            f"must be 16 to 512 printable ASCII characters without spaces; it has {len(text)}"
        )
    return text


def _signing_secret(text: str) -> str:
    if len(text) < MIN_SIGNING_SECRET:  # RFC 7518 §3.2: as long as the hash
        raise ValueError(f"must have at least {MIN_SIGNING_SECRET} characters; it has {len(text)}")
    return _secret(text)


def _secret_url(text: str) -> str:
    if not (text.startswith("https://") or is_loopback_url(text)):
        raise ValueError("must be a URL that begins with https:// (http only for this machine)")
    return _secret(text)


def listed(what: LiteralString, kind: type) -> Callable[[str], object]:
    """Return a parser of a list or a map in JSON. The error calls it `what`."""

    def parse(text: str) -> object:
        try:
            value: object = json.loads(text)
        except ValueError:
            value = None
        if isinstance(value, kind):
            return value
        raise PydanticCustomError(WRONG_KIND, f"must be {what}, set with --path")

    return parse


def _list(value: object) -> object:
    # A text is also a sequence: BONK would become the tokens B, O, N and K.
    if isinstance(value, list):
        return cast("list[object]", value)
    raise PydanticCustomError(WRONG_KIND, "must be a list, set entry by entry with --path")


def _token(entry: object) -> str:
    try:
        return parse_token(entry, where="")
    except BadRequest:
        raise ValueError(
            "must be a mint or a token name of 1 to 64 letters, digits, '_' or '-'"
        ) from None


def is_address(text: object) -> bool:
    """Tell whether `text` is shaped like an account on Solana; a mint is one."""
    return isinstance(text, str) and _ADDRESS.fullmatch(text) is not None


def _address(entry: object) -> str:
    if not is_address(entry):
        raise ValueError("must be an account on Solana: 32 to 44 characters of base58")
    return str(entry)


def _region(entry: object) -> str:
    try:
        return parse_region(str(entry), where="")
    except BadRequest:
        raise ValueError("must be an AWS region such as us-east-1") from None


def _origin(entry: object) -> str:
    return parse_listed_origin(str(entry))


def _kms(text: object) -> bool | str:
    if text in ("true", "false", True, False):
        return text in ("true", True)
    if isinstance(text, str) and _KMS_KEY.fullmatch(text):
        return text
    raise ValueError("must be true, false or the ARN of a KMS key, arn:aws:kms:…:key/<id>")


def _retention_days(days: int) -> int:
    if days not in _RETENTION_DAYS:
        raise ValueError(f"must be one of {', '.join(map(str, _RETENTION_DAYS))}")
    return days


def _price_jump(times: int) -> int:
    if times != 0 and not MIN_PRICE_JUMP <= times <= MAX_PRICE_JUMP:
        raise ValueError(f"must be 0 (off) or from {MIN_PRICE_JUMP} to {MAX_PRICE_JUMP}")
    return times


def _jupiter_rate(requests: int) -> int:
    if requests != 0 and not MIN_JUPITER_RATE <= requests <= MAX_JUPITER_RATE:
        raise ValueError(f"must be 0 (off) or from {MIN_JUPITER_RATE} to {MAX_JUPITER_RATE}")
    return requests


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"must be {what}")
        return text

    return check


def _runbook_url(text: str) -> str:
    if not _RUNBOOK_URL.fullmatch(text):
        raise ValueError(
            "must be a URL that begins with https://, of up to 500 characters and without '#': a section"
            " follows it"
        )
    return text


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


Flag = Annotated[bool, BeforeValidator(_flag)]
KmsKey = Annotated[bool | str, BeforeValidator(_kms)]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
SigningSecret = Annotated[SecretStr, BeforeValidator(_signing_secret)]
SecretUrl = Annotated[SecretStr, BeforeValidator(_secret_url)]
Origin = Annotated[str, AfterValidator(parse_origin)]
_Token = Annotated[str, BeforeValidator(_token)]
Origins = Annotated[
    tuple[Annotated[str, BeforeValidator(_origin)], ...],
    BeforeValidator(listed("a list of origins", list)),
]
Tokens = Annotated[Mapping[str, _Token], BeforeValidator(listed("a map of symbols to mints", dict))]
TokenNames = Annotated[tuple[_Token, ...], BeforeValidator(_list)]
Addresses = Annotated[tuple[Annotated[str, BeforeValidator(_address)], ...], BeforeValidator(_list)]
Regions = Annotated[tuple[Annotated[str, BeforeValidator(_region)], ...], BeforeValidator(_list)]
PriceJump = Annotated[int, AfterValidator(_price_jump)]
JupiterRate = Annotated[int, AfterValidator(_jupiter_rate)]
RetentionDays = Annotated[int, AfterValidator(_retention_days)]
CloudflareId = Annotated[
    str,
    AfterValidator(_matching(_CLOUDFLARE_ID, "an id of Cloudflare: 32 digits and letters a to f")),
]
Hostname = Annotated[
    str, AfterValidator(_matching(_HOSTNAME, "a hostname in lower case, such as edge.example.com"))
]
Subdomain = Annotated[
    str, AfterValidator(_matching(_SUBDOMAIN, "the part before .workers.dev, in lower case"))
]
RunbookUrl = Annotated[str, AfterValidator(_runbook_url)]
Email = Annotated[str, AfterValidator(_email)]
