"""Answers that a client may keep: ETag, 304 and gzip. API Gateway's HTTP APIs do none of it."""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from typing import Final

from functions.glow.runtime.http import HttpRequest, HttpResponse

# Below this, packing saves less than a packet.
MIN_GZIP_BYTES: Final = 1_024
_GZIP_LEVEL: Final = 5

Content = Mapping[str, object]


def cached_response(
    request: HttpRequest,
    content: Content,
    *,
    tagged: Content | None = None,
    max_age_seconds: int,
) -> HttpResponse:
    """`content`, packed if the client takes that; 304 without a body if it has the same already.

    `tagged` is the part by which "the same" is judged, if that is not all.
    """
    body = _json(content)
    # Weak, because it is that of the content, packed or not.
    of_tag = body if tagged is None else _json(tagged)
    tag = f'W/"{hashlib.sha256(of_tag).hexdigest()[:32]}"'
    headers = {
        "content-type": "application/json",
        "etag": tag,
        "cache-control": f"public, max-age={max_age_seconds}",
        "vary": "Accept-Encoding",
    }
    if _has_it(request.headers.get("if-none-match", ""), tag):
        return {"statusCode": 304, "headers": headers, "body": ""}
    if len(body) < MIN_GZIP_BYTES or not _takes_gzip(request.headers.get("accept-encoding", "")):
        return {"statusCode": 200, "headers": headers, "body": body.decode()}
    packed = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return {
        "statusCode": 200,
        "headers": {**headers, "content-encoding": "gzip"},
        "body": base64.b64encode(packed).decode(),
        "isBase64Encoded": True,
    }


def _json(content: Content) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _has_it(if_none_match: str, tag: str) -> bool:
    """By weak comparison (RFC 9110, 13.1.2). A proxy may have made a weak tag of a strong one."""
    tags = [each.strip() for each in if_none_match.split(",")]
    return "*" in tags or tag.removeprefix("W/") in [each.removeprefix("W/") for each in tags]


def _takes_gzip(accept_encoding: str) -> bool:
    """Whether `gzip` or `*` is named, and not refused by `q=0` (RFC 9110, 12.5.3)."""
    weights: dict[str, bool] = {}
    for each in accept_encoding.lower().split(","):
        coding, *parameters = (part.strip() for part in each.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        weights[coding] = quality.strip("0.") != ""
    return weights.get("gzip", weights.get("*", False))
