"""How Helius posts to a webhook: one second for the answer, then three more tries, a second apart."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import httpx

from local.helius.recordings import Recording
from workspace.helius import ACCEPTED, ANSWER_SECONDS, FINAL_STATUS, PAUSE_SECONDS, RETRIES

Webhook = Mapping[str, object]


@dataclass(frozen=True)
class Delivery:
    """What became of a post: the status of each try, or the name of the error in its place."""

    webhook_id: str
    tries: list[int | str]

    @property
    def is_accepted(self) -> bool:
        return self.tries[-1] == ACCEPTED


def is_for(webhook: Webhook, recording: Recording) -> bool:
    """Whether Helius would post it to this webhook."""
    types = cast("list[str]", webhook["transactionTypes"])
    addresses = cast("list[str]", webhook["accountAddresses"])
    is_wanted = "ANY" in types or recording.type in types
    is_mainnet = not str(webhook["webhookType"]).endswith("Devnet")
    is_watched = not recording.accounts.isdisjoint(addresses)
    return webhook["active"] is True and is_wanted and is_mainnet and is_watched


def deliver(
    recording: Recording, webhook: Webhook, *, sleep: Callable[[float], None] = time.sleep
) -> Delivery:
    """Post it, in the form that the webhook has. Helius knows no more tries, and loses it then."""
    delivery = Delivery(str(webhook["webhookID"]), [])
    body = recording.body(str(webhook["webhookType"]))
    for _ in range(1 + RETRIES):
        if delivery.tries:
            sleep(PAUSE_SECONDS)
        delivery.tries.append(_post(body, webhook))
        if delivery.tries[-1] in (ACCEPTED, FINAL_STATUS):
            break
    return delivery


def _post(body: object, webhook: Webhook) -> int | str:
    """The secret goes as it was registered: Helius puts nothing before it."""
    secret = webhook.get("authHeader")
    headers = {} if secret is None else {"Authorization": str(secret)}
    try:
        answer = httpx.post(
            str(webhook["webhookURL"]), json=body, headers=headers, timeout=ANSWER_SECONDS
        )
    except httpx.HTTPError as error:
        return type(error).__name__
    return answer.status_code
