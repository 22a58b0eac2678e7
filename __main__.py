"""The stack: settings in, resources made, outputs out."""

from pathlib import Path

import pulumi

from components.aws.alarm_table import Watched
from components.aws.encryption import EncryptionKeyArgs, encryption_keys
from components.aws.log_groups import LeftBehind
from components.aws.monitoring import Monitoring, MonitoringArgs
from components.aws.rest_api import RestApi, RestApiArgs
from components.aws.websocket_api import WebSocketApi, WebSocketApiArgs
from components.edge.target import EdgeTarget
from components.edge.verification import listener_variables
from components.helius.webhook import HeliusWebhook, HeliusWebhookArgs
from components.packaging import (
    LayerPackages,
    Target,
    dependency_archive,
    function_archive,
    worker_modules,
)
from components.pipeline.aws_pipeline import AwsPipeline, AwsPipelineArgs
from components.routing.last_outputs import last_names, last_output
from components.routing.report import route_report
from components.routing.set_back import tell_set_back
from components.settings.access_tokens import AccessTokens
from components.settings.bearer_secret import BearerSecret
from components.settings.changes import change_outputs, require_possible_change
from components.settings.edge import worker_name
from components.settings.groups import hole_settings, pipeline_settings
from components.settings.load import load_aws_region, load_settings
from components.settings.quotes import quotes_line
from ops.cost.preview import cost_line
from ops.cost.prices import read_prices

settings = load_settings()
root = Path(__file__).resolve().parent
stack = pulumi.get_stack()
described = change_outputs(settings)
require_possible_change(settings, stack, last={name: last_output(name) for name in described})
prefix = f"glow-{stack}"
policy = settings.policy
last_routing = last_output("Routing")
pulumi.info(route_report(policy, before=last_routing, tokens=settings.tokens))
if settings.routing.auto_rollback:
    tell_set_back(f"{prefix}-RoutesTable", policy, before=last_routing)
if told := quotes_line(settings):
    pulumi.info(told)
pulumi.info(cost_line(read_prices(), tokens=len(settings.tokens)))

edge_name = worker_name(stack)
edge_url = settings.edge_origin(edge_name)
edge_secret = BearerSecret.encrypted(
    current=settings.edge_broadcast_secret, previous=settings.edge_broadcast_secret_previous
)
access_tokens = AccessTokens.of(settings)

# Made before the functions and the edge, which have to know these addresses.
rest = RestApi(
    "glow-rest",
    RestApiArgs(prefix=prefix, log_retention_days=settings.log_retention_days),
)
websocket = WebSocketApi("glow-websocket", WebSocketApiArgs(prefix=prefix))
edge_variables = settings.edge_variables(
    stack,
    aws_region=load_aws_region(),
    rest_url=rest.url,
    websocket_url=websocket.url,
    listeners=listener_variables(access_tokens),
)

keys = encryption_keys(
    settings.kms,
    previous=settings.kms_previous,
    own=EncryptionKeyArgs(prefix=prefix, sibling_arn=websocket.api.execution_arn),
)

edge_is_deployed: list[pulumi.Resource] = []
if settings.edge is not None:
    # The SDK takes 3 s to import, which a stack without an edge need not wait for.
    from components.edge.broadcast import EdgeBroadcast, EdgeBroadcastArgs

    edge = EdgeBroadcast(
        "glow-edge",
        EdgeBroadcastArgs(
            settings=settings.edge,
            worker_name=edge_name,
            protected=settings.protect,
            modules=worker_modules(root),
            secret=edge_secret,
            access_tokens=access_tokens,
            variables=edge_variables,
        ),
    )
    edge_is_deployed += edge.deployed
    pulumi.export("EdgeVersion", edge.version.id)

target = Target(
    runtime=settings.lambda_runtime,
    architecture=settings.lambda_architecture,
    system=settings.lambda_system,
)
packages = LayerPackages.WITH_PUBLIC_KEYS if settings.listener_public_key else LayerPackages.USUAL
pipeline = AwsPipeline(
    "glow",
    AwsPipelineArgs(
        prefix=prefix,
        settings=pipeline_settings(settings),
        code=lambda module, lists: pulumi.FileArchive(str(function_archive(root, module, lists))),
        dependencies=pulumi.FileArchive(str(dependency_archive(root, target, packages))),
        rest=rest,
        websocket=websocket,
        edge=EdgeTarget(url=edge_url, secret=edge_secret, deployed=edge_is_deployed),
        left_behind=LeftBehind(prefix, functions=last_names("FunctionNames")),
        keys=keys,
    ),
)
storage = pipeline.storage
webhook_url = pulumi.Output.concat(rest.url, "/webhook/price")
if settings.helius.manage_webhook:
    # Last, so that what Helius posts is taken from the first trade on. While the secret is rotated, the
    # function accepts both before Helius is told the new one.
    HeliusWebhook(
        "glow-helius-webhook",
        HeliusWebhookArgs(
            url=webhook_url,
            kind=settings.helius.webhook_type,
            swaps_only=settings.helius.swaps_only,
            addresses=settings.helius.watched(list(settings.tokens.values())),
            secret=pulumi.Output.secret(settings.bearer),
        ),
        pulumi.ResourceOptions(depends_on=[rest, pipeline]),
    )
Monitoring(
    "glow-monitoring",
    MonitoringArgs(
        watched=Watched(
            prefix=prefix,
            updates=storage.updates,
            undelivered=storage.undelivered,
            route_tasks=storage.route_tasks,
            later=storage.later,
            completions=storage.completions,
            candles=storage.candles,
            functions=pipeline.functions,
            rest_api_id=rest.api_id,
            websocket_api_id=websocket.api.id,
            requests_per_second=settings.account_requests_per_second,
            latency_ms=settings.alarms.latency_ms,
            call_timeout_ms=settings.call_timeout_ms,
            no_trade_minutes=settings.alarms.no_trade_minutes,
            sol_usd_max_age_seconds=settings.sol_usd_max_age_seconds
            if settings.jupiter_rate
            else None,
            hole_turn_seconds=hole_settings(settings).turn_seconds,
        ),
        email=settings.alarm_email,
        runbook_url=settings.alarms.runbook_url,
        monthly_budget_usd=settings.alarms.monthly_budget_usd,
    ),
)

pulumi.export("RestApiUrl", rest.url)
pulumi.export("WebhookUrl", webhook_url)
pulumi.export("WebSocketUrl", pipeline.websocket.url)
if edge_url is not None:
    pulumi.export("EdgeUrl", edge_url)
    # The provider hides the worker's variables as if they were secrets: here a preview shows them.
    pulumi.export("EdgeVariables", edge_variables)
pulumi.export("PriceTableName", storage.prices.prices.name)
pulumi.export("CandlesTableName", storage.candles.table.name)
pulumi.export("ConnectionsTableName", storage.prices.connections.name)
pulumi.export("RoutesTableName", storage.routes.table.name)
pulumi.export("BroadcastQueueUrl", storage.updates.queue.url)
pulumi.export("BroadcastDeadLetterQueueUrl", storage.updates.dead_letters.url)
pulumi.export("EdgeRetryQueueUrl", storage.undelivered.queue.url)
pulumi.export("EdgeRetryDeadLetterQueueUrl", storage.undelivered.dead_letters.url)
pulumi.export("RouteQueueUrl", storage.route_tasks.queue.url)
pulumi.export("RouteDeadLetterQueueUrl", storage.route_tasks.dead_letters.url)
pulumi.export("LaterQueueUrl", storage.later.queue.url)
pulumi.export("LaterDeadLetterQueueUrl", storage.later.dead_letters.url)
pulumi.export("CompletionQueueUrl", storage.completions.queue.url)
pulumi.export("CompletionDeadLetterQueueUrl", storage.completions.dead_letters.url)
pulumi.export("CandleRetentionDays", str(settings.candle_retention_days))
pulumi.export("CandleFailuresQueueUrl", storage.candles.failures.url)
# What the next preview compares with.
for name, text in described.items():
    pulumi.export(name, text)
pulumi.export("Routing", policy.to_json())
pulumi.export(
    "FunctionNames", {name: each.function_name for name, each in pipeline.functions.items()}
)
