"""The two APIs: routes, shares of the account's quota, logs; and what operators are told."""

import json

from components.settings.quota import READ_ROUTES
from tests.api.descriptions import REST, SOCKETS
from tests.stack.recording import EDGE, Deployment, deploy

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
PREFLIGHT = "OPTIONS /{proxy+}"
ROUTES = (
    *("$connect", "$disconnect", "$default"),
    *("authorize", "subscribePrice", "unsubscribePrice", "ping"),
)


def routes(deployment: Deployment, api: str) -> dict[str, str]:
    return {
        route.inputs["routeKey"]: route.inputs["target"]
        for route in deployment.of_type("aws:apigatewayv2/route:Route")
        if route.inputs["apiId"] == f"{api}-id"
    }


def test_rest_routes_lead_to_their_functions(prod: Deployment) -> None:
    webhook, prices = "integrations/glow-rest-webhook-id", "integrations/glow-rest-prices-id"
    discovery = "integrations/glow-rest-discovery-id"
    candles = "integrations/glow-rest-candles-id"

    assert routes(prod, "glow-rest-api") == {
        "POST /webhook/price": webhook,
        "GET /health/live": prices,
        "HEAD /health/live": prices,
        "GET /tokens/{token}/price": prices,
        "GET /tokens/{token}/prices": prices,
        PREFLIGHT: prices,
        "GET /tokens": candles,
        "GET /tokens/{token}/candles": candles,
        "GET /connect/{token}": discovery,
        "GET /connect": discovery,
    }
    for name, function in (
        ("webhook", "HeliusPriceWebhook"),
        ("prices", "PriceApi"),
        ("discovery", "Discovery"),
        ("candles", "CandleApi"),
    ):
        assert prod.named(f"glow-rest-{name}").inputs == {
            "apiId": "glow-rest-api-id",
            "integrationType": "AWS_PROXY",
            "integrationUri": f"arn:invoke:glow-prod-{function}",
            "payloadFormatVersion": "2.0",
        }


def test_every_route_is_described_in_the_docs_and_no_other(prod: Deployment) -> None:
    described = {operation.ok().label for operation in REST.get_all_operations()}
    said = {
        reference["$ref"].rpartition("/")[2]
        for operation in SOCKETS["operations"].values()
        for reference in operation["messages"]
        if operation["action"] == "receive" and operation["channel"]["$ref"] == "#/channels/live"
    }

    # OpenAPI has no path for "any": the description says it in words.
    assert routes(prod, "glow-rest-api").keys() - {PREFLIGHT} == described
    assert routes(prod, "glow-websocket-api").keys() == {
        "$connect",
        "$disconnect",
        "$default",
        *said,
    }


def test_webhook_keeps_its_share_of_the_quota_whatever_the_readers_do() -> None:
    deployment = deploy(config={"webhookRateLimit": "2000", "restBurstLimit": "7"})

    settings = deployment.named("glow-rest-stage").inputs["routeSettings"]

    shares = {
        share["routeKey"]: (share["throttlingRateLimit"], share["throttlingBurstLimit"])
        for share in settings
    }
    assert shares == {
        "POST /webhook/price": (2000, 1000),
        "GET /health/live": (500, 7),
        "HEAD /health/live": (500, 7),
        "GET /tokens/{token}/price": (500, 7),
        "GET /tokens/{token}/prices": (500, 7),
        "GET /tokens": (500, 7),
        "GET /tokens/{token}/candles": (500, 7),
        PREFLIGHT: (500, 7),
        "GET /connect/{token}": (500, 7),
        "GET /connect": (500, 7),
    }


def test_rest_stage_deploys_itself_and_logs_no_header(prod: Deployment) -> None:
    stage = prod.named("glow-rest-stage").inputs

    assert (stage["name"], stage["autoDeploy"]) == ("$default", True)
    logs = stage["accessLogSettings"]
    assert logs["destinationArn"] == "arn:LogGroup:/aws/vendedlogs/glow-prod-RestApi"
    assert "header" not in logs["format"].lower()
    assert "authoriz" not in logs["format"].lower()


def test_browsers_are_answered_by_the_functions_which_know_origins_of_any_port() -> None:
    listed = '["https://app.example.com", "http://localhost:*", "null", "file://"]'

    deployment = deploy(config={"allowedOrigins": listed})

    # While it is set, API Gateway drops what the functions say.
    assert "corsConfiguration" not in deployment.named("glow-rest-api").inputs
    told = "https://app.example.com,http://localhost:*,null,file://"
    assert origins(deployment) == dict.fromkeys(
        ("prices", "candles", "discovery", "connections"), told
    )


def test_page_that_the_edge_shows_may_read_and_connect_too() -> None:
    listed = {"allowedOrigins": '["https://app.example.com"]'}

    with_edge = origins(deploy(config={**EDGE, **listed}))

    assert set(with_edge.values()) == {"https://app.example.com,https://edge.example.com"}
    assert not origins(deploy())


def origins(deployment: Deployment) -> dict[str, str]:
    """The web origins that the functions let in, of those that are told any."""
    told = {
        function.name.removeprefix("glow-").removesuffix("-function"): json.loads(
            function.inputs["code"].read("functions/lists.json")
        )
        for function in deployment.of_type("aws:lambda/function:Function")
    }
    return {
        name: ",".join(lists["allowedOrigins"])
        for name, lists in told.items()
        if lists.get("allowedOrigins")
    }


def test_websocket_routes_lead_to_one_function_that_answers_messages(prod: Deployment) -> None:
    target = "integrations/glow-websocket-stage-function-id"
    assert routes(prod, "glow-websocket-api") == dict.fromkeys(ROUTES, target)

    answered = {
        response.inputs["routeId"]
        for response in prod.of_type("aws:apigatewayv2/routeResponse:RouteResponse")
    }
    assert answered == {
        f"glow-websocket-stage-{route}-id"
        for route in ("default", "authorize", "subscribePrice", "unsubscribePrice", "ping")
    }
    assert prod.named("glow-websocket-api").inputs["routeSelectionExpression"] == (
        "$request.body.action"
    )


def test_websocket_stage_serves_a_deployment_made_after_all_routes(prod: Deployment) -> None:
    deployment = prod.named("glow-websocket-stage-deployment")
    stage = prod.named("glow-websocket-stage-stage").inputs

    made_before = {resource.urn for resource in prod.resources if _belongs_to_routes(resource.type)}
    websocket = {urn for urn in made_before if "::glow-websocket-stage-" in urn}
    assert websocket <= deployment.depends_on
    assert stage["deploymentId"] == "glow-websocket-stage-deployment-id"
    assert "autoDeploy" not in stage
    assert stage["defaultRouteSettings"] == {
        "throttlingRateLimit": 500,
        "throttlingBurstLimit": 500,
    }


def test_websocket_deployment_is_renewed_when_a_route_or_its_function_changes(
    prod: Deployment,
) -> None:
    snapshot = prod.named("glow-websocket-stage-deployment").inputs["triggers"]["snapshot"]

    assert "arn:invoke:glow-prod-PriceConnections" in snapshot
    assert "integrations/glow-websocket-stage-function-id" in snapshot
    assert all(f'"{route}"' in snapshot for route in ROUTES)


def test_websocket_accesses_are_logged_only_where_the_account_can(prod: Deployment) -> None:
    logged = deploy(config={"websocketAccessLogs": "true"})

    assert "accessLogSettings" not in prod.named("glow-websocket-stage-stage").inputs
    destination = logged.named("glow-websocket-stage-stage").inputs["accessLogSettings"]
    assert destination["destinationArn"] == "arn:LogGroup:/aws/vendedlogs/glow-prod-WebSocketApi"
    assert not logged.of_type("aws:apigateway/account:Account")


def test_every_log_group_has_an_end() -> None:
    deployment = deploy(config={"logRetentionDays": "7", "websocketAccessLogs": "true"})

    retention = {group.inputs["retentionInDays"] for group in deployment.of_type(LOG_GROUP)}

    assert retention == {7}


def test_quota_is_kept_for_every_read_route(prod: Deployment) -> None:
    stage = prod.named("glow-rest-stage").inputs

    reads = [each for each in stage["routeSettings"] if not each["routeKey"].startswith("POST ")]
    assert len(reads) == READ_ROUTES


def test_operators_are_told_addresses_and_names(prod: Deployment) -> None:
    assert prod.outputs == {
        "RestApiUrl": "https://glow-prod-RestApi.example",
        "WebhookUrl": "https://glow-prod-RestApi.example/webhook/price",
        "WebSocketUrl": "https://api.example/live",
        "PriceTableName": "glow-prod-PriceTimeSeriesTable",
        "CandlesTableName": "glow-prod-CandlesTable",
        "ConnectionsTableName": "glow-prod-PriceConnectionsTable",
        "RoutesTableName": "glow-prod-RoutesTable",
        "BroadcastQueueUrl": "https://sqs.example/glow-prod-BroadcastQueue.fifo",
        "BroadcastDeadLetterQueueUrl": (
            "https://sqs.example/glow-prod-BroadcastDeadLetterQueue.fifo"
        ),
        "EdgeRetryQueueUrl": "https://sqs.example/glow-prod-EdgeRetryQueue.fifo",
        "EdgeRetryDeadLetterQueueUrl": (
            "https://sqs.example/glow-prod-EdgeRetryDeadLetterQueue.fifo"
        ),
        "RouteQueueUrl": "https://sqs.example/glow-prod-RouteQueue.fifo",
        "RouteDeadLetterQueueUrl": "https://sqs.example/glow-prod-RouteDeadLetterQueue.fifo",
        "LaterQueueUrl": "https://sqs.example/glow-prod-LaterQueue",
        "LaterDeadLetterQueueUrl": "https://sqs.example/glow-prod-LaterDeadLetterQueue",
        "CompletionQueueUrl": "https://sqs.example/glow-prod-CompletionQueue",
        "CompletionDeadLetterQueueUrl": "https://sqs.example/glow-prod-CompletionDeadLetterQueue",
        "CandleRetentionDays": "365",
        "CandleFailuresQueueUrl": "https://sqs.example/glow-prod-CandleFailuresQueue",
        "Kms": "false",
        "Routing": (
            '{"edgeIsOn":false,"edgeTokens":[],"edgePercent":100,"awsRegions":[],"dual":false}'
        ),
        "FunctionNames": {
            "webhook": "glow-prod-HeliusPriceWebhook",
            "broadcast": "glow-prod-BroadcastWorker",
            "later": "glow-prod-LaterWorker",
            "connections": "glow-prod-PriceConnections",
            "prices": "glow-prod-PriceApi",
            "candles": "glow-prod-CandleApi",
            "candle-roller": "glow-prod-CandleRoller",
            "edge-retry": "glow-prod-EdgeRetryWorker",
            "discovery": "glow-prod-Discovery",
            "quotes": "glow-prod-QuoteCollector",
            "completion": "glow-prod-CompletionWorker",
            "holes": "glow-prod-HoleWatch",
            "route-mover": "glow-prod-RouteMover",
            "route-worker": "glow-prod-RouteWorker",
        },
    }


def _belongs_to_routes(kind: str) -> bool:
    return kind.rpartition(":")[2] in {"Integration", "Route", "RouteResponse"}
