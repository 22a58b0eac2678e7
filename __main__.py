"""The stack: settings in, resources made, outputs out."""

from pathlib import Path

import pulumi

from components.aws_pipeline import (
    AwsPipeline,
    AwsPipelineArgs,
    EdgeTarget,
    FunctionArchives,
    Throttles,
)
from components.bearer_secret import BearerSecret
from components.edge_settings import worker_name
from components.lambda_function import LambdaPlatform
from components.monitoring import Monitoring, MonitoringArgs
from components.packaging import Target, dependency_archive, function_archive, worker_modules
from components.settings import Settings, encrypted
from components.throttle import Throttle

settings = Settings.load()
root = Path(__file__).resolve().parent
prefix = f"glow-{pulumi.get_stack()}"
target = Target(
    runtime=settings.lambda_runtime,
    architecture=settings.lambda_architecture,
    system=settings.lambda_system,
)

edge_name = worker_name(pulumi.get_stack())
edge_url = settings.edge_origin(edge_name)
edge_variables = settings.edge_variables(pulumi.get_stack())
edge_secret = BearerSecret(
    current=encrypted(settings.edge_broadcast_secret),
    previous=encrypted(settings.edge_broadcast_secret_previous),
)
edge_is_deployed: list[pulumi.Resource] = []
if settings.edge is not None:
    # The SDK takes 3 s to import, which a stack without an edge need not wait for.
    from components.edge_broadcast import EdgeBroadcast, EdgeBroadcastArgs

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
        archives=FunctionArchives(
            webhook=pulumi.FileArchive(str(function_archive(root, "webhook"))),
            broadcast=pulumi.FileArchive(str(function_archive(root, "broadcast"))),
            connections=pulumi.FileArchive(str(function_archive(root, "connections"))),
            prices=pulumi.FileArchive(str(function_archive(root, "prices"))),
            edge_retry=pulumi.FileArchive(str(function_archive(root, "edge_retry"))),
            dependencies=pulumi.FileArchive(str(dependency_archive(root, target))),
        ),
        webhook_secret=BearerSecret(
            current=encrypted(settings.webhook_secret),
            previous=encrypted(settings.helius_webhook_secret_previous),
        ),
        edge=EdgeTarget(
            is_on=settings.use_edge_broadcast,
            url=edge_url,
            secret=edge_secret,
            tries=settings.edge_retry_tries,
            base_seconds=settings.edge_retry_base_seconds,
            deployed=edge_is_deployed,
        ),
        tokens=settings.mints,
        price_retention_days=settings.price_retention_days,
        call_timeout_ms=settings.call_timeout_ms,
        allowed_origins=settings.allowed_origins,
        cors_origins=settings.cors_origins,
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
functions = {
    "webhook": pipeline.webhook,
    "broadcast": pipeline.broadcast,
    "connections": pipeline.connections,
    "prices": pipeline.prices,
    "edge-retry": pipeline.edge_retry,
}
Monitoring(
    "glow-monitoring",
    MonitoringArgs(
        prefix=prefix,
        queue=pipeline.queue,
        edge_retry_queue=pipeline.edge_retry_queue,
        functions=functions,
        email=settings.alarm_email,
    ),
)

pulumi.export("RestApiUrl", pipeline.rest.url)
pulumi.export("WebhookUrl", pulumi.Output.concat(pipeline.rest.url, "/webhook/price"))
pulumi.export("WebSocketUrl", pipeline.websocket.url)
if edge_url is not None:
    pulumi.export("EdgeUrl", edge_url)
    # The provider hides the worker's variables as if they were secrets: here a preview shows them.
    pulumi.export("EdgeVariables", edge_variables)
pulumi.export("PriceTableName", pipeline.store.prices.name)
pulumi.export("ConnectionsTableName", pipeline.store.connections.name)
pulumi.export("BroadcastQueueUrl", pipeline.queue.queue.url)
pulumi.export("BroadcastDeadLetterQueueUrl", pipeline.queue.dead_letters.url)
pulumi.export("EdgeRetryQueueUrl", pipeline.edge_retry_queue.queue.url)
pulumi.export("EdgeRetryDeadLetterQueueUrl", pipeline.edge_retry_queue.dead_letters.url)
pulumi.export("FunctionNames", {name: f.function_name for name, f in functions.items()})
