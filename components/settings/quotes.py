"""What a preview says of prices in US dollars. Pure."""

from components.settings.model import Settings


def quotes_line(settings: Settings) -> str | None:
    """What is less than it could be; None where nothing is."""
    if settings.jupiter_requests_per_minute == 0:
        return "Prices in US dollars: none, because glow:jupiterRequestsPerMinute is 0."
    if settings.jupiter_api_key is not None:
        return None
    return (
        f"Prices in US dollars: Jupiter is asked without a key, {settings.jupiter_rate} times a minute at"
        f" most instead of {settings.jupiter_requests_per_minute}. With a free key:"
        ' pulumi config set --secret JupiterApiKey "<your Jupiter API key>"'
    )
