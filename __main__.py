"""The stack: settings in, resources made, outputs out."""

from pathlib import Path

import pulumi

from components.aws.lambda_function import LambdaPlatform
from components.aws.monitoring import Monitoring, MonitoringArgs
from components.aws.pipeline import AwsPipeline
from components.aws.pipeline_args import AwsPipelineArgs, Throttles
from components.aws.rest_api import RestApi, RestApiArgs
from components.aws.throttle import Throttle
from components.aws.websocket_api import WebSocketApi, WebSocketApiArgs
from components.bearer_secret import BearerSecret
from components.edge.target import EdgeTarget
from components.packaging import (
    FUNCTIONS,
    Target,
    dependency_archive,
    function_archive,
    worker_modules,
)
from components.routing.last_outputs import last_output
from components.routing.report import route_report
from components.settings.edge import worker_name
from components.settings.load import encrypted, load_settings

settings = load_settings()
root = Path(__file__).resolve().parent
prefix = f"glow-{pulumi.get_stack()}"
target = Target(
    runtime=settings.lambda_runtime,
    architecture=settings.lambda_architecture,
    system=settings.lambda_system,
)

edge_name = worker_name(pulumi.get_stack())
edge_url = settings.edge_origin(edge_name)
edge_secret = BearerSecret(
    current=encrypted(settings.edge_broadcast_secret),
    previous=encrypted(settings.edge_broadcast_secret_previous),
)
policy = settings.policy
pulumi.info(route_report(policy, before=last_output("Routing"), tokens=settings.tokens))

# Made before the functions that they call: these, and the edge, have to know their addresses.
rest = RestApi(
    "glow-rest",
    RestApiArgs(
        prefix=prefix,
        cors_origins=settings.cors_origins(edge_url),
        log_retention_days=settings.log_retention_days,
    ),
)
websocket = WebSocketApi("glow-websocket", WebSocketApiArgs(prefix=prefix))
edge_variables = settings.edge_variables(
    pulumi.get_stack(), rest_url=rest.url, websocket_url=websocket.url
)

edge_is_deployed: list[pulumi.Resource] = []
if settings.edge is not None:
    # The SDK takes 3 s to import, which a stack without an edge need not wait for.
    from components.edge.broadcast import EdgeBroadcast, EdgeBroadcastArgs

    edge_is_deployed += EdgeBroadcast(
        "glow-edge",
        EdgeBroadcastArgs(
            account_id=settings.edge.account_id,
            worker_name=edge_name,
            protected=settings.protect,
            modules=worker_modules(root),
            secret=edge_secret,
            variables=edge_variables,
            hostname=settings.edge.hostname,
            zone_id=settings.edge.zone_id,
            is_route=settings.edge.route,
            binds_rooms=not settings.edge.first_version_without_binding,
        ),
    ).deployed

pipeline = AwsPipeline(
    "glow",
    AwsPipelineArgs(
        prefix=prefix,
        protected=settings.protect,
        platform=LambdaPlatform(
            runtime=target.runtime,
            architecture=target.architecture,
            memory_mb=settings.lambda_memory_mb,
            log_retention_days=settings.log_retention_days,
        ),
        archives={
            module: pulumi.FileArchive(str(function_archive(root, module))) for module in FUNCTIONS
        },
        dependencies=pulumi.FileArchive(str(dependency_archive(root, target))),
        rest=rest,
        websocket=websocket,
        webhook_secret=BearerSecret(
            current=encrypted(settings.webhook_secret),
            previous=encrypted(settings.helius_webhook_secret_previous),
        ),
        edge=EdgeTarget(url=edge_url, secret=edge_secret, deployed=edge_is_deployed),
        edge_retry_tries=settings.edge_retry_tries,
        edge_retry_base_seconds=settings.edge_retry_base_seconds,
        policy=policy,
        route_grace_seconds=settings.routing.grace_seconds,
        aws_connects_per_second=settings.routing.aws_connects_per_second,
        tokens=settings.mints,
        price_retention_days=settings.price_retention_days,
        call_timeout_ms=settings.call_timeout_ms,
        allowed_origins=settings.allowed_origins,
        require_origin=settings.require_origin,
        throttles=Throttles(
            webhook=Throttle(rate=settings.webhook_rate_limit, burst=settings.webhook_burst_limit),
            rest=Throttle(rate=settings.rest_rate_limit, burst=settings.rest_burst_limit),
            websocket=Throttle(
                rate=settings.websocket_rate_limit, burst=settings.websocket_burst_limit
            ),
        ),
        broadcast_concurrency=settings.broadcast_concurrency,
        websocket_access_logs=settings.websocket_access_logs,
    ),
)
Monitoring(
    "glow-monitoring",
    MonitoringArgs(
        prefix=prefix,
        queue=pipeline.storage.updates,
        edge_retry_queue=pipeline.storage.debts,
        route_queue=pipeline.storage.route_tasks,
        functions=pipeline.functions,
        email=settings.alarm_email,
    ),
)

pulumi.export("RestApiUrl", rest.url)
pulumi.export("WebhookUrl", pulumi.Output.concat(rest.url, "/webhook/price"))
pulumi.export("WebSocketUrl", pipeline.websocket.url)
if edge_url is not None:
    pulumi.export("EdgeUrl", edge_url)
    # The provider hides the worker's variables as if they were secrets: here a preview shows them.
    pulumi.export("EdgeVariables", edge_variables)
pulumi.export("PriceTableName", pipeline.storage.price_store.prices.name)
pulumi.export("ConnectionsTableName", pipeline.storage.price_store.connections.name)
pulumi.export("RoutesTableName", pipeline.storage.route_store.table.name)
pulumi.export("BroadcastQueueUrl", pipeline.storage.updates.queue.url)
pulumi.export("BroadcastDeadLetterQueueUrl", pipeline.storage.updates.dead_letters.url)
pulumi.export("EdgeRetryQueueUrl", pipeline.storage.debts.queue.url)
pulumi.export("EdgeRetryDeadLetterQueueUrl", pipeline.storage.debts.dead_letters.url)
pulumi.export("RouteQueueUrl", pipeline.storage.route_tasks.queue.url)
pulumi.export("RouteDeadLetterQueueUrl", pipeline.storage.route_tasks.dead_letters.url)
# What the next preview compares with.
pulumi.export("Routing", policy.to_json())
pulumi.export(
    "FunctionNames", {name: each.function_name for name, each in pipeline.functions.items()}
)
