"""The configuration of stack `local`: what depends on the cloud, and what is the user's."""

import platform
import sys
from pathlib import Path
from typing import Final, cast

import yaml

from local.helius.recordings import swap_mint

# The services that the program uses. Each has an endpoint here; without one the real AWS is called.
AWS_SERVICES: Final = (
    "apigatewayv2",
    "budgets",
    "cloudwatch",
    "dynamodb",
    "iam",
    "kms",
    "lambda",
    "logs",
    "scheduler",
    "sns",
    "sqs",
    "sts",
)

# The token of local/cloudflare's one account (account.mjs). It opens nothing else.
CLOUDFLARE_TOKEN: Final = "made-up-token-that-opens-only-the-local-cloud"  # noqa: S105  no secret

# The key of local/helius's one account.
HELIUS_KEY: Final = "made-up-key-that-opens-only-the-local-helius"

AWS_REGION: Final = "us-east-1"

LAMBDA_ARCHITECTURES: Final = {"aarch64": "arm64", "arm64": "arm64"}

# Written once. From then on they are the user's to change.
DEFAULTS: Final[dict[str, object]] = {
    "glow:USE_EDGE_BROADCAST": "true",
    # The one account of local/cloudflare (account.mjs).
    "glow:edge": {
        "accountId": "10ca10ca10ca10ca10ca10ca10ca10ca",
        "workersDevSubdomain": "glow-local",
        "connectsPerMinute": 100_000,  # every client here has the same address
    },
    # A client that says it is in this region hears on AWS what all others hear at the edge.
    # The emulator needs 0.1 s to connect a client; AWS connects many at the same time.
    # On a busy machine the rest of an `up` takes 10 s after the grace has begun.
    "glow:routing": {"awsRegions": [AWS_REGION], "graceSeconds": 20, "awsConnectsPerSecond": 5},
    # What it watches is the token of local/helius's recorded trade.
    "glow:helius": {"manageWebhook": True, "addresses": [swap_mint()]},
    "glow:allowedOrigins": ["http://localhost:*", "http://127.0.0.1:*", "null", "file://"],
}


def aws_keys(aws_url: str) -> dict[str, object]:
    """Return the AWS provider's settings for the emulator, under the real provider's names."""
    return {
        "aws:accessKey": "test",
        "aws:secretKey": "test",
        "aws:region": AWS_REGION,
        "aws:endpoints": [dict.fromkeys(AWS_SERVICES, aws_url)],
    }


def cloudflare_keys(api_url: str, worker_url: str) -> dict[str, object]:
    """Return the settings by which the Cloudflare provider and the functions find the local edge."""
    return {
        "cloudflare:apiToken": CLOUDFLARE_TOKEN,
        "cloudflare:baseUrl": api_url,
        "glow:EdgeBroadcastUrl": worker_url,
    }


def helius_keys(api_url: str) -> dict[str, object]:
    """Return the settings by which the stack finds the local Helius."""
    return {"glow:helius": {"apiBaseUrl": api_url}}


def jupiter_keys(url: str) -> dict[str, object]:
    """Return the setting by which the functions find the stand-in for Jupiter."""
    return {"glow:jupiterUrl": url}


def machine_keys() -> dict[str, object]:
    """Return what depends on this machine, because ministack runs the functions directly on it."""
    return {
        "glow:lambdaRuntime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "glow:lambdaArchitecture": LAMBDA_ARCHITECTURES.get(platform.machine().lower(), "x86_64"),
        "glow:lambdaSystem": "macos" if sys.platform == "darwin" else "linux",
    }


def merge(
    current: dict[str, object], *, follows: dict[str, object], defaults: dict[str, object]
) -> dict[str, object]:
    """Return `current` with the keys of `follows` renewed and those of `defaults` filled in.

    Of a map in `follows`, only the keys that it has are renewed.
    """
    config = defaults | current
    return config | {key: _renewed(config.get(key), value) for key, value in follows.items()}


def _renewed(old: object, new: object) -> object:
    if isinstance(old, dict) and isinstance(new, dict):
        return cast("dict[str, object]", old) | cast("dict[str, object]", new)
    return new


def regenerate(file: Path, follows: dict[str, object]) -> None:
    """Bring the stack's config `file` up to date; the user's own keys and its salt stay."""
    stack = _read(file)
    current = cast("dict[str, object]", stack.get("config") or {})
    config = merge(current, follows=follows, defaults=DEFAULTS)
    if config != current:
        file.write_text(yaml.safe_dump(stack | {"config": config}, sort_keys=False))


def has_key(file: Path, key: str) -> bool:
    """Tell whether `key`, with its namespace, is set in the config `file`."""
    return key in cast("dict[str, object]", _read(file).get("config") or {})


def _read(file: Path) -> dict[str, object]:
    text = file.read_text() if file.exists() else ""
    return cast("dict[str, object]", yaml.safe_load(text) or {})
