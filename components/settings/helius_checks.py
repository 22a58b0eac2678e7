"""Problems between the keys of `helius` and others. Pure; `checks.py` calls it."""

from collections.abc import Iterator, Mapping

from components.settings.origin import is_loopback_origin, is_loopback_url
from components.settings.problems import NAMESPACE, Problem, removal
from components.settings.table import setting
from components.settings.values import is_address


def helius_problems(
    values: Mapping[str, str],
    helius: Mapping[str, object],
    *,
    tokens: Mapping[str, str],
    stack: str,
) -> Iterator[Problem]:
    """Yield the problems of `helius`, which is as config holds it; `tokens` by symbol."""
    if is_loopback_origin(str(helius.get("apiBaseUrl", ""))) and stack != "local":
        yield Problem(
            "helius.apiBaseUrl",
            "is on the own machine, where Helius is not: that is for stack local",
            (removal(("helius", "apiBaseUrl")),),
        )
    if is_loopback_url(values.get("RpcUrl", "")) and stack != "local":
        what = "is on the own machine, where no Lambda function finds it: that is for stack local"
        yield Problem("RpcUrl", what, (setting("RpcUrl"),))
    is_raw = str(helius.get("webhookType", "raw")).startswith("raw")
    if is_raw and helius.get("swapsOnly") in (True, "true"):
        yield Problem(
            "helius.swapsOnly",
            "is true, but helius.webhookType is raw: in what Helius has not parsed it knows no swaps",
            (removal(("helius", "swapsOnly")),),
        )
    if helius.get("manageWebhook") not in (True, "true"):
        return
    if "HeliusApiKey" not in values:
        yield Problem(
            "HeliusApiKey",
            f"is not set, but {NAMESPACE}:helius.manageWebhook is true: Helius lets nobody in without it",
            (setting("HeliusApiKey"),),
        )
    if not helius.get("addresses"):
        yield from _unwatchable(tokens)


def _unwatchable(tokens: Mapping[str, str]) -> Iterator[Problem]:
    """Problems of `tokens` as what the webhook is to watch."""
    others = [symbol for symbol, token in tokens.items() if not is_address(token)]
    if not tokens:
        what = f"is not set, nor is {NAMESPACE}:tokens: the webhook would watch nothing. Set one of them"
        yield Problem("helius.addresses", what, (setting("helius.addresses"),))
    elif others:
        what = (
            f"is not set, and {NAMESPACE}:tokens.{others[0]} is {tokens[others[0]]!r}, which is no"
            " account that Helius could watch. Set what it is to watch"
        )
        yield Problem("helius.addresses", what, (setting("helius.addresses"),))
