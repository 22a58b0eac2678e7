"""The webhook at Helius. A dynamic resource: Pulumi has no provider for Helius.

Not a call of a Lambda function, the other way to do this within a stack: that could not be refreshed,
so nobody would hear that Helius has switched the webhook off.

What Pulumi does with it is done in a process of its own, which gets the stack's config. So the key is
read where it is used, and is no property of the resource. State names the class of the provider;
it holds nothing of an instance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi import dynamic

from components.helius import wanted
from components.helius.api import HeliusApi
from components.settings.helius import HeliusAccess

# Helius calls real trades UNKNOWN, TRANSFER or TOKEN_MINT too; the parser tells them apart.
_ANY: Final = ("ANY",)
# Trades on pump.fun's AMM are BUY and SELL.
_SWAPS: Final = ("BUY", "SELL", "SWAP")


class HeliusWebhookProvider(dynamic.ResourceProvider):
    """Creates, changes and deletes it. Its methods are called by the names that Pulumi gave them."""

    serialize_as_secret_always = False  # there is nothing in it

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        access = HeliusAccess.of(req.config.get)
        self.helius = HeliusApi(access.origin, access.key)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        return dynamic.DiffResult(changes=wanted.differs(_olds, _news))

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Register it. One that posts to the same URL is taken over, and others that do are deleted:
        each trade would come twice, and they would keep an old secret."""
        body = wanted.body_of(props)
        same = [each for each in self.helius.all() if each.url == props[wanted.URL]]
        same.sort(key=lambda each: (not each.active, each.id))
        if not same:
            made = self.helius.create(body)
            return dynamic.CreateResult(made.id, wanted.remembered(props))
        taken, *others = same
        self._adjust(taken.id, body)
        for other in others:
            self.helius.delete(other.id)
        return dynamic.CreateResult(taken.id, wanted.remembered(props))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        webhook = self.helius.get(id_)
        if webhook is None:
            return dynamic.ReadResult("", {})
        return dynamic.ReadResult(id_, wanted.found(webhook, props))

    def update(
        self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]
    ) -> dynamic.UpdateResult:
        self._adjust(_id, wanted.body_of(_news))
        return dynamic.UpdateResult(wanted.remembered(_news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        self.helius.delete(_id)

    def _adjust(self, webhook_id: str, body: Mapping[str, object]) -> None:
        """Give it all of `body`, and have it post again if Helius has switched it off."""
        adjusted = self.helius.replace(webhook_id, body)
        if not adjusted.active:
            self.helius.switch_on(webhook_id)


@dataclass(frozen=True, kw_only=True)
class HeliusWebhookArgs:
    url: pulumi.Input[str]
    """What it posts to."""
    kind: str
    """RAW or ENHANCED, as Helius names them."""
    swaps_only: bool
    addresses: Sequence[str]
    secret: pulumi.Input[str]
    """What it sends as a bearer."""


class HeliusWebhook(dynamic.Resource, module="glow", name="HeliusWebhook"):
    """The webhook that posts to this stack."""

    def __init__(
        self, name: str, args: HeliusWebhookArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            HeliusWebhookProvider(),
            name,
            {
                wanted.URL: args.url,
                wanted.TYPE: args.kind,
                wanted.TRANSACTION_TYPES: list(_SWAPS if args.swaps_only else _ANY),
                wanted.ADDRESSES: sorted(args.addresses),
                wanted.AUTHORIZATION: pulumi.Output.concat("Bearer ", args.secret),
            },
            opts,
        )
