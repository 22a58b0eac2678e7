"""The functions: what they run on and what they are told."""

import pytest

from tests.stack.recording import WEBHOOK_SECRET, Deployment, Secret, deploy

FUNCTIONS = {
    "webhook": "HeliusPriceWebhook",
    "broadcast": "BroadcastWorker",
    "connections": "PriceConnections",
    "prices": "PriceApi",
}
MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
OTHER_MINT = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"


def environment(deployment: Deployment, module: str) -> dict[str, object]:
    return deployment.named(f"glow-{module}-function").inputs["environment"]["variables"]


@pytest.mark.parametrize(("module", "name"), FUNCTIONS.items())
def test_function_runs_its_module_on_the_platform_of_config(
    prod: Deployment, module: str, name: str
) -> None:
    function = prod.named(f"glow-{module}-function").inputs

    assert function["name"] == f"glow-prod-{name}"
    assert function["handler"] == f"functions.{module}.handler"
    assert function["code"] == f"{module}.zip"
    assert (function["runtime"], function["architectures"]) == ("python3.13", ["arm64"])
    assert function["memorySize"] == 1769


@pytest.mark.parametrize(("module", "name"), FUNCTIONS.items())
def test_function_logs_json_to_its_own_group_with_an_end(module: str, name: str) -> None:
    deployment = deploy(config={"logRetentionDays": "14"})

    assert deployment.named(f"glow-{module}-logs").inputs == {
        "name": f"/aws/lambda/glow-prod-{name}",
        "retentionInDays": 14,
    }
    assert deployment.named(f"glow-{module}-function").inputs["loggingConfig"] == {
        "logFormat": "JSON",
        "logGroup": f"/aws/lambda/glow-prod-{name}",
        "applicationLogLevel": "INFO",
        "systemLogLevel": "WARN",
    }


def test_only_functions_that_post_carry_the_dependencies(prod: Deployment) -> None:
    layers = {
        module: bool(prod.named(f"glow-{module}-function").inputs["layers"]) for module in FUNCTIONS
    }

    assert layers == {"webhook": False, "broadcast": True, "connections": True, "prices": False}


def test_function_is_told_what_it_needs_and_no_more() -> None:
    deployment = deploy(
        config={
            "tokens": f'{{"USDC": "{MINT}", "BONK": "{OTHER_MINT}"}}',
            "allowedOrigins": '["https://app.example.com", "http://localhost:*"]',
            "requireOrigin": "true",
            "priceRetentionDays": "2",
        }
    )

    prices = {"PRICES_TABLE": "glow-prod-PriceTimeSeriesTable"}
    connections = {"CONNECTIONS_TABLE": "glow-prod-PriceConnectionsTable"}
    callback = {"WEBSOCKET_CALLBACK_URL": "https://glow-prod-WebSocketApi.example/live"}
    tokens = {"TOKENS": f"{OTHER_MINT},{MINT}"}
    retention = {"PRICE_RETENTION_SECONDS": "172800"}
    queue = "https://sqs.example/glow-prod-Broadcast"
    assert {module: environment(deployment, module) for module in FUNCTIONS} == {
        "webhook": {
            **prices,
            **retention,
            **tokens,
            "BROADCAST_QUEUE_URL": f"{queue}Queue.fifo",
            "CALL_TIMEOUT_MS": "200",
            "HELIUS_WEBHOOK_SECRET": Secret(WEBHOOK_SECRET),
            "USE_EDGE_BROADCAST": "false",
        },
        "broadcast": {
            **prices,
            **connections,
            **callback,
            "BROADCAST_DEAD_LETTER_QUEUE_URL": f"{queue}DeadLetterQueue.fifo",
        },
        "connections": {
            **prices,
            **connections,
            **callback,
            **tokens,
            "ALLOWED_ORIGINS": "https://app.example.com,http://localhost:*",
            "REQUIRE_ORIGIN": "true",
        },
        "prices": {**prices, **retention, **tokens},
    }


def test_every_secret_of_the_webhook_is_encrypted_in_state() -> None:
    secrets = {
        "HeliusWebhookSecretPrevious": "the-old-secret-of-helius",
        "EdgeBroadcastSecret": "what-the-worker-expects",
        "EdgeBroadcastSecretPrevious": "what-the-worker-expected",
    }
    told = environment(
        deploy(config={**secrets, "EdgeBroadcastUrl": "https://edge.example.com"}), "webhook"
    )

    assert told["EDGE_BROADCAST_URL"] == "https://edge.example.com"
    assert told["HELIUS_WEBHOOK_SECRET_PREVIOUS"] == Secret("the-old-secret-of-helius")
    assert told["EDGE_BROADCAST_SECRET"] == Secret("what-the-worker-expects")
    assert told["EDGE_BROADCAST_SECRET_PREVIOUS"] == Secret("what-the-worker-expected")
