"""The webhook that the stack wants, and how it differs from what was registered. Pure.

Three forms: what the resource is given, what stack state remembers of it, what Helius is sent. State
keeps a fingerprint of the secret that Helius sends, so that a refresh can tell it from another one.
"""

import hashlib
from collections.abc import Mapping
from typing import Final, cast

from components.helius.api import Registered

Properties = Mapping[str, object]

URL: Final = "webhookUrl"
TYPE: Final = "webhookType"
TRANSACTION_TYPES: Final = "transactionTypes"
ADDRESSES: Final = "accountAddresses"
AUTHORIZATION: Final = "authHeader"
_FINGERPRINT: Final = "authFingerprint"
_ACTIVE: Final = "active"


def body_of(given: Properties) -> Mapping[str, object]:
    """What Helius is sent. Of RAW webhooks it would also post what failed."""
    return {
        "webhookURL": given[URL],
        "webhookType": given[TYPE],
        "transactionTypes": given[TRANSACTION_TYPES],
        "accountAddresses": given[ADDRESSES],
        "authHeader": given[AUTHORIZATION],
        "txnStatus": "success",
    }


def remembered(given: Properties) -> dict[str, object]:
    """What state keeps of a webhook that is as `given`: no secret."""
    return {
        URL: given[URL],
        TYPE: given[TYPE],
        TRANSACTION_TYPES: _sorted(given[TRANSACTION_TYPES]),
        ADDRESSES: _sorted(given[ADDRESSES]),
        _FINGERPRINT: _fingerprint(given[AUTHORIZATION]),
        _ACTIVE: True,
    }


def found(webhook: Registered, before: Properties) -> dict[str, object]:
    """What state keeps of `webhook`. What Helius does not tell is taken to be as `before`."""
    told: dict[str, object | None] = {
        URL: webhook.url,
        TYPE: webhook.type,
        TRANSACTION_TYPES: _sorted(webhook.transaction_types),
        ADDRESSES: _sorted(webhook.addresses),
        _FINGERPRINT: webhook.authorization and _fingerprint(webhook.authorization),
        _ACTIVE: webhook.active,
    }
    return {key: before.get(key) if value is None else value for key, value in told.items()}


def differs(state: Properties, given: Properties) -> bool:
    """Whether the webhook that `state` tells is not as `given`; also where that is not known yet."""
    return any(state.get(key) != value for key, value in remembered(given).items())


def _sorted(texts: object) -> list[str] | None:
    """Helius may answer them in another order. An unknown value stays one."""
    return sorted(cast("list[str]", texts)) if isinstance(texts, list) else cast("None", texts)


def _fingerprint(authorization: object) -> str:
    """Tells one secret from another. They are long and random, so it leads back to none."""
    return hashlib.sha256(str(authorization).encode()).hexdigest()
