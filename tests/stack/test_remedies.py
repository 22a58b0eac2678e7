"""Each command that a bad config is answered with is run by the Pulumi CLI, and mends it."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings.load import SettingsError, parse_settings
from workspace.engine import ignore
from workspace.paths import REPOSITORY
from workspace.pulumi import with_tools

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
WIF = "EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm"
SECRET = "a-secret-of-helius-0123456789-abcdef"
PUBLIC_KEY = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAERSgaqM+3SlrgCbwo6B5MV/lxEEjN
6AJE7LGnkP6nhzDBQ8nZl1vTEA0otUTinsjPd1aUfFguMAJMGAvVUYMdpA==
-----END PUBLIC KEY-----
"""
EDGE = {"accountId": "8f3b1c9e07d24a65b1e9f0c3d7a8462e", "workersDevSubdomain": "glow"}

# What a user has at hand and the message cannot know.
AT_HAND = {
    "<your Helius API key>": SECRET,
    "<the old secret>": SECRET,
    "<your Jupiter API key>": SECRET,
    "<https://your-rpc…>": "https://rpc.example.com/v1?key=0123",
    "<your Cloudflare account id>": "8f3b1c9e07d24a65b1e9f0c3d7a8462e",
    "<the id of the hostname's zone>": "07d24a65b1e9f0c3d7a8462e8f3b1c9e",
    "<the subdomain of your account>": "glow",
    "<the mint>": WIF,
    "<the mint of SOL>": "So11111111111111111111111111111111111111112",
    "<the mint of a.b>": WIF,
}

BAD_CONFIGS: dict[str, dict[str, object]] = {
    "nothing is set": {},
    "edge is on without anything": {"USE_EDGE_BROADCAST": "true"},
    "scalars": {
        "USE_EDGE_BROADCAST": "yes",
        "EdgeBroadcastUrl": "https://edge.example.com/broadcast",
        "edgeRetryTries": "1",
        "edgeRetryBaseSeconds": "0",
        "requireOrigin": "maybe",
        "lambdaRuntime": "nodejs22.x",
        "lambdaArchitecture": "arm",
        "lambdaSystem": "windows",
        "lambdaMemoryMb": "much",
        "callTimeoutMs": "20",
        "logRetentionDays": "8",
        "priceRetentionDays": "0",
        "protect": "1",
        "kms": "alias/mine",
        "kmsPrevious": "alias/mine",
        "tracing": "on",
        "alarmEmail": "oncall",
        "broadcastConcurrency": "1",
        "jupiterRequestsPerMinute": "5",
        "jupiterUrl": "http://localhost:1",
        "quietAfterSeconds": "59",
        "solUsdMaxAgeSeconds": "179",
        "webhookRateLimit": "10001",
        "websocketAccessLogs": "never",
        "tokenz": "a",
        "with.a.dot": "a",
    },
    "limits that leave nothing to post with": {
        "accountRequestsPerSecond": "1000",
        "webhookRateLimit": "900",
    },
    "secrets in plain text": {
        "HeliusApiKey": SECRET,
        "HeliusWebhookSecret": SECRET,
        "HeliusWebhookSecretPrevious": "has a space",
        "EdgeBroadcastSecret": SECRET,
        "EdgeBroadcastSecretPrevious": SECRET,
        "JupiterApiKey": SECRET,
        "RpcUrl": "http://rpc.example.com",
    },
    "texts in place of lists and maps": {
        "tokens": "SOL",
        "allowedOrigins": "https://app.example.com",
        "edge": "soon",
        "routing": {"edgeTokens": "BONK", "awsRegions": "us-east-1"},
    },
    "lists and maps in place of each other": {
        "tokens": ["SOL"],
        "allowedOrigins": {"a": "https://app.example.com"},
        "edge": [1],
        "routing": ["edgePercent"],
    },
    "entries": {
        "tokens": {"SOL": "no mint!", "BONK": BONK, "CAT": BONK, "a.b": "no mint!", "c.d": BONK},
        "allowedOrigins": ["https://a.example.com", "http://b.example.com", "c.example.com"],
        "routing": {
            "edgeTokens": ["DOG", "BONK", "FROG", BONK, "BONC", "no mint!", 7],
            "awsRegions": ["us-east-1", "virginia"],
            "edgePercent": 101,
            "edgePercentage": 3,
        },
    },
    "a typo without tokens": {"routing": {"edgeTokens": [BONK, "WIF"]}},
    "too many": {
        "tokens": {f"T{number}": f"mint{number}" for number in range(100, 152)},
        "allowedOrigins": [f"https://a{number}.example.com" for number in range(22)],
        "routing": {"edgeTokens": ["DOG", *(f"T{number}" for number in range(100, 131))]},
    },
    "too large": {
        "tokens": {f"T{number}{'x' * 60}": f"{number}{'y' * 60}" for number in range(50)},
        "allowedOrigins": [
            f"https://{number:062}.{'a' * 62}.{'a' * 62}.{'a' * 54}.example" for number in range(20)
        ],
        "edge": EDGE,
    },
    "required origin without any": {"requireOrigin": "true"},
    "edge with two addresses": {
        "edge": {**EDGE, "hostname": "edge.example.com", "windowMs": -1, "windowMS": 5}
    },
    "edge with no address": {"edge": {"accountId": "me"}},
    "edge with a route and no hostname": {"edge": {**EDGE, "route": True}},
    "a budget of which nobody hears": {"alarms": {"monthlyBudgetUsd": 200}},
    "listeners of a token without a key": {"listeners": "token"},
    "listeners with keys that are none": {
        "listeners": "tokens",
        "ListenerSecret": "short",
        "ListenerSecretPrevious": SECRET,
    },
    "listeners with a private key": {
        "listeners": "token",
        "listenerPublicKey": "-----BEGIN PRIVATE KEY-----\nMC4CAQ",
    },
    "listeners with two kinds of keys": {
        "ListenerSecret": SECRET,
        "ListenerSecretPrevious": SECRET,
        "listenerPublicKey": "no key",
    },
    "edge on the own machine": {"EdgeBroadcastUrl": "http://127.0.0.1:8787"},
}


@dataclass(frozen=True)
class Config:
    """The config of a stack `dev` that was never deployed."""

    folder: Path
    environment: Mapping[str, str]

    def write(self, values: Mapping[str, object]) -> None:
        config = {f"glow:{key}": value for key, value in values.items()}
        self._file.write_text(yaml.safe_dump({**self._salt(), "config": config}))

    def run(self, command: str) -> str:
        """What `command` prints, typed into a shell beside Pulumi.yaml."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        return done.stdout

    def complaint(self) -> str:
        """What the program would say to this config; empty if it takes it."""
        printed = self.run("pulumi config --json --show-secrets --stack dev")
        known: dict[str, Any] = json.loads(printed)
        own = {
            key.removeprefix("glow:"): entry
            for key, entry in known.items()
            if key.startswith("glow:")
        }
        try:
            parse_settings(
                {key: str(entry["value"]) for key, entry in own.items()},
                secrets={key for key, entry in own.items() if entry["secret"]},
                stack="dev",
            )
        except SettingsError as refused:
            return str(refused)
        return ""

    @property
    def _file(self) -> Path:
        return self.folder / "Pulumi.dev.yaml"

    def _salt(self) -> dict[str, object]:
        found = yaml.safe_load(self._file.read_text())
        return {"encryptionsalt": found["encryptionsalt"]}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(REPOSITORY / "Pulumi.yaml", folder)
    (folder / "state").mkdir()
    own = {
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase",
    }
    (folder / "public.pem").write_text(PUBLIC_KEY)
    config = Config(folder, with_tools({**os.environ, **own}, ignore))
    config.run("pulumi stack init dev --non-interactive")
    return config


def commands_in(message: str) -> list[str]:
    return [line.strip() for line in message.splitlines() if line.startswith("    ")]


def with_what_is_at_hand(command: str) -> str:
    for asked, value in AT_HAND.items():
        command = command.replace(asked, value)
    return command


@pytest.mark.parametrize("bad", BAD_CONFIGS.values(), ids=BAD_CONFIGS.keys())
def test_printed_commands_mend_every_problem_at_once(
    config: Config, bad: dict[str, object]
) -> None:
    config.write(bad)
    complaint = config.complaint()
    assert complaint

    config.run(" && ".join(map(with_what_is_at_hand, commands_in(complaint))))

    assert config.complaint() == ""
