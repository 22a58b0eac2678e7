"""Where Cloudflare makes the rooms: near the functions that post to them."""

from typing import Final, Literal, get_args

# Cloudflare's location hints (docs "Data location" of Durable Objects).
LocationHint = Literal["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"]
LOCATION_HINTS: Final = get_args(LocationHint)

# The longest prefix of an AWS region counts.
_NEAR: Final[dict[str, LocationHint]] = {
    "af-": "afr",
    "ap-": "apac",
    "ap-southeast-2": "oc",  # Sydney
    "ap-southeast-4": "oc",  # Melbourne
    "ap-southeast-6": "oc",  # Auckland
    "ca-": "enam",
    "ca-west-": "wnam",
    "cn-": "apac",
    "eu-": "weur",
    "il-": "me",
    "me-": "me",
    "mx-": "wnam",
    "sa-": "sam",
    "us-": "enam",
    "us-gov-west-": "wnam",
    "us-west-": "wnam",
}


def location_near(aws_region: str) -> LocationHint | None:
    """The hint nearest to an AWS region; None if the region is not known."""
    prefixes = [prefix for prefix in _NEAR if aws_region.startswith(prefix)]
    return _NEAR[max(prefixes, key=len)] if prefixes else None
