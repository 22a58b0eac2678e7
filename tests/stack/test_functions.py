"""The functions: what they run on and what they are told."""

import json

import pytest

from components.settings.routing import MAX_EDGE_TOKENS
from components.settings.values import MAX_ORIGINS, MAX_TOKENS
from tests.stack.recording import (
    EDGE,
    EDGE_SECRET,
    NODE,
    ROOT,
    WEBHOOK_SECRET,
    Deployment,
    Secret,
    deploy,
)

FUNCTIONS = {
    "webhook": "HeliusPriceWebhook",
    "broadcast": "BroadcastWorker",
    "later": "LaterWorker",
    "connections": "PriceConnections",
    "prices": "PriceApi",
    "candles": "CandleApi",
    "candle_roller": "CandleRoller",
    "edge_retry": "EdgeRetryWorker",
    "discovery": "Discovery",
    "completion": "CompletionWorker",
    "holes": "HoleWatch",
    "quotes": "QuoteCollector",
    "route_mover": "RouteMover",
    "route_worker": "RouteWorker",
}
JUPITER_KEY = "a-key-of-jupiter-0123456789"
MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
OTHER_MINT = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"


def child(module: str, kind: str) -> str:
    return f"glow-{module.replace('_', '-')}-{kind}"


def environment(deployment: Deployment, module: str) -> dict[str, object]:
    return deployment.named(child(module, "function")).inputs["environment"]["variables"]


def lists(deployment: Deployment, module: str) -> object:
    archive = deployment.named(child(module, "function")).inputs["code"]
    return json.loads(archive.read("functions/lists.json"))


def test_every_handler_in_the_folder_is_deployed() -> None:
    with_all = deploy(config={"routing": '{"autoRollback": true}'})
    handlers = {
        f"functions.{path.stem}.handler"
        for path in (ROOT / "functions").glob("*.py")
        if "\ndef handler(" in path.read_text()
    }

    deployed = [each.inputs["handler"] for each in with_all.of_type("aws:lambda/function:Function")]

    assert sorted(deployed) == sorted(handlers)


@pytest.mark.parametrize(("module", "name"), FUNCTIONS.items())
def test_function_runs_its_module_on_the_platform_of_config(
    prod: Deployment, module: str, name: str
) -> None:
    function = prod.named(child(module, "function")).inputs

    assert function["name"] == f"glow-prod-{name}"
    assert function["handler"] == f"functions.{module}.handler"
    assert function["code"].name == f"{module}.zip"
    assert (function["runtime"], function["architectures"]) == ("python3.13", ["arm64"])
    assert function["memorySize"] == 1769


def test_functions_are_traced_where_config_says_so(prod: Deployment) -> None:
    """Off is said as well: the provider leaves on what is no longer mentioned."""
    for deployment, mode in ((prod, "PassThrough"), (deploy(config={"tracing": "true"}), "Active")):
        functions = deployment.of_type("aws:lambda/function:Function")
        assert {each.inputs["tracingConfig"]["mode"] for each in functions} == {mode}


@pytest.mark.parametrize(("module", "name"), FUNCTIONS.items())
def test_function_logs_json_to_its_own_group_with_an_end(module: str, name: str) -> None:
    deployment = deploy(config={"logRetentionDays": "14"})

    assert deployment.named(child(module, "logs")).inputs == {
        "name": f"/aws/lambda/glow-prod-{name}",
        "retentionInDays": 14,
    }
    assert deployment.named(child(module, "function")).inputs["loggingConfig"] == {
        "logFormat": "JSON",
        "logGroup": f"/aws/lambda/glow-prod-{name}",
        "applicationLogLevel": "INFO",
        "systemLogLevel": "WARN",
    }


def test_only_functions_that_post_carry_the_dependencies(prod: Deployment) -> None:
    layers = {
        module: bool(prod.named(child(module, "function")).inputs["layers"]) for module in FUNCTIONS
    }

    assert [module for module, has_one in layers.items() if not has_one] == [
        "prices",
        "candles",
        "candle_roller",
        "discovery",
    ]


def test_function_is_told_what_it_needs_and_no_more() -> None:
    deployment = deploy(
        config={
            "tokens": f'{{"USDC": "{MINT}", "BONK": "{OTHER_MINT}"}}',
            "allowedOrigins": '["https://app.example.com", "http://localhost:*"]',
            "requireOrigin": "true",
            "priceRetentionDays": "2",
            "JupiterApiKey": JUPITER_KEY,
            "jupiterRequestsPerMinute": "60",
            "quietAfterSeconds": "600",
            "solUsdMaxAgeSeconds": "240",
            "candleRetentionDays": "3",
            "maxPriceJump": "30",
            "routing": '{"edgeTokens": ["BONK"], "graceSeconds": 90}',
        }
    )

    stack = {"STACK": "glow-prod"}
    prices = {"PRICES_TABLE": "glow-prod-PriceTimeSeriesTable"}
    candles = {"CANDLES_TABLE": "glow-prod-CandlesTable"}
    posts = {
        "CONNECTIONS_TABLE": "glow-prod-PriceConnectionsTable",
        "WEBSOCKET_CALLBACK_URL": "https://glow-prod-WebSocketApi.example/live",
        # 10,000 without webhook 1,000, nine read routes of 500 and clients' messages 500.
        "POSTS_PER_SECOND": "4000",
        "POSTING_PROCESSES": "14",
    }
    retention = {"PRICE_RETENTION_SECONDS": "172800"}
    queue = "https://sqs.example/glow-prod-Broadcast"
    retry_queue = "https://sqs.example/glow-prod-EdgeRetry"
    route_queue = "https://sqs.example/glow-prod-Route"
    later_queue = "https://sqs.example/glow-prod-Later"
    completion_queue = "https://sqs.example/glow-prod-Completion"
    stores = {
        **prices,
        **retention,
        "SOL_USD_MAX_AGE_SECONDS": "240",
        "LATER_QUEUE_URL": f"{later_queue}Queue",
        "MAX_PRICE_JUMP": "30",
    }
    websocket = {"WEBSOCKET_URL": "wss://glow-prod-WebSocketApi.example/live"}
    routes = {"ROUTES_TABLE": "glow-prod-RoutesTable"}
    follows = {**routes, "USE_EDGE_BROADCAST": "false"}
    publishes = {
        **follows,
        "BROADCAST_QUEUE_URL": f"{queue}Queue.fifo",
        "EDGE_RETRY_QUEUE_URL": f"{retry_queue}Queue.fifo",
        "ROUTE_QUEUE_URL": f"{route_queue}Queue.fifo",
    }
    moves = {**routes, "ROUTE_QUEUE_URL": f"{route_queue}Queue.fifo"}
    assert {module: environment(deployment, module) for module in FUNCTIONS} == {
        "webhook": {
            **stack,
            **stores,
            **publishes,
            "CALL_TIMEOUT_MS": "200",
            "COMPLETIONS_PER_BODY": "5",
            "COMPLETION_QUEUE_URL": f"{completion_queue}Queue",
            "HELIUS_WEBHOOK_SECRET": Secret(WEBHOOK_SECRET),
        },
        "broadcast": {
            **stack,
            **prices,
            **posts,
            "BROADCAST_QUEUE_URL": f"{queue}Queue.fifo",
            "BROADCAST_DEAD_LETTER_QUEUE_URL": f"{queue}DeadLetterQueue.fifo",
            "BROADCAST_TRIES": "10",
            "LATER_QUEUE_URL": f"{later_queue}Queue",
        },
        "later": {
            **stack,
            **prices,
            **posts,
            **publishes,
            "MAX_PRICE_JUMP": "30",
            "LATER_QUEUE_URL": f"{later_queue}Queue",
            "LATER_DEAD_LETTER_QUEUE_URL": f"{later_queue}DeadLetterQueue",
            "LATER_TRIES": "10",
        },
        "connections": {
            **stack,
            **prices,
            **posts,
            **websocket,
            **follows,
            "REQUIRE_ORIGIN": "true",
        },
        "prices": {**stack, **prices, **retention},
        "candles": {**stack, **prices, **candles, **routes},
        "candle_roller": {**prices, **candles, "CANDLE_RETENTION_SECONDS": "259200"},
        "edge_retry": {
            **stack,
            "EDGE_RETRY_QUEUE_URL": f"{retry_queue}Queue.fifo",
            "EDGE_RETRY_DEAD_LETTER_QUEUE_URL": f"{retry_queue}DeadLetterQueue.fifo",
            "EDGE_RETRY_TRIES": "10",
            "EDGE_RETRY_BASE_SECONDS": "1",
        },
        "discovery": {**stack, **websocket, **follows},
        "completion": {
            **stack,
            **stores,
            **publishes,
            "COMPLETION_QUEUE_URL": f"{completion_queue}Queue",
            "COMPLETION_DEAD_LETTER_QUEUE_URL": f"{completion_queue}DeadLetterQueue",
            "COMPLETION_TRIES": "14",
            "RPC_URL": Secret(NODE),
        },
        "holes": {
            **stack,
            **prices,
            **retention,
            "HOLE_CHECK_SECONDS": "300",
            "RPC_URL": Secret(NODE),
        },
        "quotes": {
            **stack,
            **prices,
            **retention,
            **publishes,
            "MAX_PRICE_JUMP": "30",
            "JUPITER_URL": "https://api.jup.ag",
            "JUPITER_API_KEY": Secret(JUPITER_KEY),
            "JUPITER_REQUESTS_PER_MINUTE": "60",
            "QUIET_AFTER_SECONDS": "600",
            "SOL_USD_MAX_AGE_SECONDS": "240",
        },
        "route_mover": moves,
        "route_worker": {
            **moves,
            **prices,
            **posts,
            **websocket,
            "AWS_CONNECTS_PER_SECOND": "250",
            "ROUTE_GRACE_SECONDS": "90",
            "ROUTE_DEAD_LETTER_QUEUE_URL": f"{route_queue}DeadLetterQueue.fifo",
            "ROUTE_QUEUE_TRIES": "20",
        },
    }


def test_function_finds_in_its_archive_what_config_lists_and_no_more() -> None:
    deployment = deploy(
        config={
            "tokens": f'{{"USDC": "{MINT}", "BONK": "{OTHER_MINT}"}}',
            "allowedOrigins": '["https://app.example.com", "http://localhost:*"]',
        }
    )
    tokens = {"tokens": [f"BONK={OTHER_MINT}", f"USDC={MINT}"]}
    origins = {"allowedOrigins": ["https://app.example.com", "http://localhost:*"]}

    assert {module: lists(deployment, module) for module in FUNCTIONS} == {
        "webhook": tokens,
        "broadcast": {},
        "later": {},
        "connections": {**tokens, **origins},
        "prices": {**tokens, **origins},
        "candles": {**tokens, **origins},
        "candle_roller": {},
        "edge_retry": {},
        "discovery": {**tokens, **origins},
        "completion": tokens,
        "holes": {**tokens, "addresses": [OTHER_MINT, MINT]},
        "quotes": tokens,
        "route_mover": tokens,
        "route_worker": tokens,
    }


def test_most_that_config_can_list_leaves_the_environment_as_it_is() -> None:
    mints = [f"{number:02}{'m' * 42}" for number in range(MAX_TOKENS)]
    many = {
        "tokens": json.dumps({f"SYMBOL{number}": mint for number, mint in enumerate(mints)}),
        "routing": json.dumps({"edgeTokens": mints[:MAX_EDGE_TOKENS]}),
        "allowedOrigins": json.dumps(
            [f"https://{'app' * 20}{number}.example.com" for number in range(MAX_ORIGINS)]
        ),
    }
    few, deployment = deploy(), deploy(config=many)

    for module in FUNCTIONS:
        assert environment(deployment, module) == environment(few, module)


@pytest.mark.parametrize(
    "module", ["webhook", "edge_retry", "later", "quotes", "route_mover", "route_worker"]
)
def test_every_secret_of_the_edge_is_encrypted_in_state(module: str) -> None:
    previous = "what-the-worker-expected"
    told = environment(deploy(config={**EDGE, "EdgeBroadcastSecretPrevious": previous}), module)

    assert told["EDGE_BROADCAST_URL"] == "https://edge.example.com"
    assert told["EDGE_BROADCAST_SECRET"] == Secret(EDGE_SECRET)
    assert told["EDGE_BROADCAST_SECRET_PREVIOUS"] == Secret(previous)


@pytest.mark.parametrize(
    "module", ["broadcast", "connections", "discovery", "prices", "candles", "candle_roller"]
)
def test_function_that_does_not_post_to_the_edge_knows_no_secret(module: str) -> None:
    previous = "what-the-worker-expected"
    told = environment(deploy(config={**EDGE, "EdgeBroadcastSecretPrevious": previous}), module)

    assert not [name for name, value in told.items() if isinstance(value, Secret)]
    assert not {name for name in told if "SECRET" in name}


@pytest.mark.parametrize("module", ["connections", "discovery"])
def test_function_that_sends_clients_to_the_edge_knows_where_it_is(module: str) -> None:
    told = environment(deploy(config=EDGE), module)

    assert told["EDGE_BROADCAST_URL"] == "https://edge.example.com"


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


def test_key_of_jupiter_is_told_to_the_function_that_asks_it_and_to_no_other() -> None:
    deployment = deploy(config={"JupiterApiKey": JUPITER_KEY})

    told = {name for name in FUNCTIONS if JUPITER_KEY in str(environment(deployment, name))}
    everything = [str(each.inputs) for each in deployment.resources if "quotes" not in each.name]

    assert told == {"quotes"}
    assert JUPITER_KEY not in "".join([*everything, str(deployment.outputs), deployment.told])
