"""Does Helius post what is traded? Asked of Helius itself, where the stack manages the webhook."""

from __future__ import annotations

from components.helius.api import HeliusApi, HeliusError
from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.target import Target


def check_helius(target: Target) -> Finding:
    """Whether Helius has a webhook with this stack's URL, switched on, with the secret of config."""
    name = "Helius's webhook"
    hook = target.config.helius
    if hook is None:
        return skipped(name, "helius.manageWebhook is off: look at Helius's dashboard")
    try:
        registered = HeliusApi(hook.origin, hook.key).all()
    except HeliusError as error:
        return failed(
            name,
            str(error),
            cause="Helius does not answer, or HeliusApiKey is not the key of its dashboard",
            remedy=target.pulumi("config set --secret HeliusApiKey"),
        )
    own = [each for each in registered if each.url == target.webhook_url]
    if not own:
        return failed(
            name,
            "Helius has none with this URL",
            cause="it was deleted by hand",
            remedy=target.mend,
        )
    if not own[0].active:
        return failed(
            name,
            "switched off",
            cause="most of its posts failed for days, or somebody switched it off",
            remedy=f"{target.mend}, then python -m ops backfill --since 2d --stack {target.name}",
        )
    if own[0].authorization != f"Bearer {target.config.webhook_secret}":
        return failed(
            name,
            "it sends another secret than config has",
            cause="it was changed at the dashboard, or config without an up",
            remedy=target.mend,
        )
    return well(name, f"on, for {len(own[0].addresses or [])} accounts")
