"""The webhook alone, at the Helius that `glow:helius` names."""

import pulumi

from components.helius.webhook import HeliusWebhook, HeliusWebhookArgs

config = pulumi.Config()
HeliusWebhook(
    "webhook",
    HeliusWebhookArgs(
        url="http://127.0.0.1:1/webhook/price",
        kind=config.get("kind") or "raw",
        swaps_only=False,
        addresses=["Mint111"],
        secret=config.require_secret("HeliusWebhookSecret"),
    ),
)
