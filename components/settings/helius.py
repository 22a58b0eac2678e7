"""The part of config under `helius`: the webhook that the stack keeps at Helius."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from components.settings.values import Addresses, Flag, Origin, listed

WebhookType = Literal["raw", "enhanced", "rawDevnet", "enhancedDevnet"]
"""As Helius names them. On mainnet `raw` or `enhanced`."""


class HeliusSettings(BaseModel):
    """The webhook of one stack. A field's first example is how its key is set."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    manage_webhook: Flag = Field(
        default=False,
        examples=["--path helius.manageWebhook true"],
        description="Keep a webhook at Helius that posts to this stack. One with the same URL is taken"
        " over. Needs `HeliusApiKey`. Back to `false` deletes it there.",
    )
    webhook_type: WebhookType = Field(
        default="raw",
        examples=["--plaintext --path helius.webhookType raw"],
        description="`raw`, `enhanced`, `rawDevnet` or `enhancedDevnet`. Raw bodies come earlier and say"
        " where in its block a trade stands.",
    )
    addresses: Addresses = Field(
        default=(),
        examples=[
            "--plaintext --path 'helius.addresses[0]' DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
        ],
        description="Accounts whose transactions Helius posts, such as mints or pools. Default: the mints"
        " of `tokens`.",
    )
    swaps_only: Flag = Field(
        default=False,
        examples=["--path helius.swapsOnly true"],
        description="Have Helius post what it calls SWAP, BUY or SELL alone. It saves credits, and misses"
        " the trades that Helius calls UNKNOWN or something else. For `enhanced` only.",
    )
    api_base_url: Origin = Field(
        default="https://api.helius.xyz",
        examples=["--plaintext --path helius.apiBaseUrl https://api.helius.xyz"],
        description="Origin of Helius's webhook API.",
    )

    def watched(self, mints: Sequence[str]) -> Sequence[str]:
        """The accounts whose transactions Helius is to post; `mints` are those of `tokens`."""
        return sorted({*(self.addresses or mints)})


@dataclass(frozen=True)
class HeliusAccess:
    """Where Helius's API is, and the key to it."""

    origin: str
    key: str = field(repr=False)

    @classmethod
    def of(cls, config: Callable[[str], str | None]) -> Self:
        """Read it from a stack's config, which `load.py` has checked. `config` returns what stands there,
        by key: this is for the process that manages the webhook, which has no other settings."""
        settings = _PARSED.validate_python(config("helius") or "{}")
        return cls(settings.api_base_url, config("HeliusApiKey") or "")


Helius = Annotated[HeliusSettings, BeforeValidator(listed("a map of settings", dict))]
_PARSED: TypeAdapter[HeliusSettings] = TypeAdapter(Helius)
