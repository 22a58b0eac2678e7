"""One resource of each type that the stand-in knows. `tiny:step` is "first", "second" or a fault."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
step = config.require("step")
is_second = step == "second"

match step:
    case "unhandled-input":
        aws.sqs.Queue("letters", max_message_size=2048)
    case "missing-input":
        keys: Any = [{"name": "token"}]  # Any, because the type checker would refuse it, too
        aws.dynamodb.Table("prices", hash_key="token", attributes=keys)
    case "unknown-type":
        aws.s3.Bucket("files")
    case "input-that-is-no-json":
        aws.lambda_.Invocation("call", function_name="tiny-callee", input="hello")
    case _:
        pass
if step not in {"first", "second"}:
    raise SystemExit(0)

table = aws.dynamodb.Table(
    "prices",
    name="tiny-prices",
    billing_mode="PAY_PER_REQUEST",
    hash_key="token",
    range_key="slot" if is_second else "id",
    attributes=[
        aws.dynamodb.TableAttributeArgs(name="token", type="S"),
        aws.dynamodb.TableAttributeArgs(name="slot" if is_second else "id", type="S"),
    ],
    ttl=aws.dynamodb.TableTtlArgs(attribute_name="expiresAt", enabled=True),
    point_in_time_recovery=aws.dynamodb.TablePointInTimeRecoveryArgs(enabled=True),
    deletion_protection_enabled=False,
)

dead = aws.sqs.Queue(
    "dead", name="tiny-dead.fifo", fifo_queue=True, message_retention_seconds=1209600
)
queue = aws.sqs.Queue(
    "updates",
    name="tiny-updates.fifo",
    fifo_queue=True,
    content_based_deduplication=False,
    deduplication_scope="messageGroup",
    fifo_throughput_limit="perMessageGroupId",
    sqs_managed_sse_enabled=True,
    visibility_timeout_seconds=None if is_second else 60,
    redrive_policy=pulumi.Output.json_dumps(
        {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 3}
    ),
)
aws.sqs.RedriveAllowPolicy(
    "dead-source",
    queue_url=dead.url,
    redrive_allow_policy=pulumi.Output.json_dumps(
        {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}
    ),
)
unnamed = aws.sqs.Queue("unnamed")

role = aws.iam.Role(
    "role",
    name="tiny-role",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                }
            ],
        }
    ),
)
may_poll = aws.iam.RolePolicy(
    "may-poll",
    role=role.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                    "Resource": queue.arn,
                }
            ],
        }
    ),
)
logs = aws.cloudwatch.LogGroup(
    "logs", name="/aws/lambda/tiny-answer", retention_in_days=7 if is_second else 14
)
aws.cloudwatch.LogMetricFilter(
    "refusals",
    name="tiny-refusals",
    log_group_name=logs.name,
    pattern='{ $.status = "429" }' if is_second else '{ $.status = "503" }',
    metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
        namespace="Tests", name="Refusals", value="1", dimensions={"Stack": "$.stack"}
    ),
)
layer = aws.lambda_.LayerVersion(
    "layer",
    layer_name="tiny-layer",
    code=pulumi.AssetArchive(
        {
            "python/layered.py": pulumi.StringAsset(f"STEP = {step!r}\n"),
        }
    ),
    compatible_runtimes=["python3.11"],
    compatible_architectures=["x86_64"],
)
CODE = """
import os, layered
def handler(event, context):
    words = layered.STEP, os.environ["STEP"], os.environ["GREETING"]
    return {"statusCode": 200, "body": " ".join(words)}
"""
function = aws.lambda_.Function(
    "answer",
    name="tiny-answer",
    role=role.arn,
    handler="main.handler",
    runtime="python3.11",
    architectures=["x86_64"],
    memory_size=None if is_second else 256,
    timeout=10,
    layers=[layer.arn],
    code=pulumi.AssetArchive({"main.py": pulumi.StringAsset(CODE)}),
    environment=aws.lambda_.FunctionEnvironmentArgs(
        variables={"STEP": step, "GREETING": config.require_secret("greeting")}
    ),
    logging_config=aws.lambda_.FunctionLoggingConfigArgs(
        log_format="JSON",
        log_group=logs.name,
        application_log_level="INFO",
        system_log_level="WARN",
    ),
    tracing_config=aws.lambda_.FunctionTracingConfigArgs(
        mode="PassThrough" if is_second else "Active"
    ),
    opts=pulumi.ResourceOptions(depends_on=[may_poll]),
)
aws.lambda_.EventSourceMapping(
    "updates-to-answer",
    event_source_arn=queue.arn,
    function_name=function.arn,
    batch_size=10,
    function_response_types=["ReportBatchItemFailures"],
    scaling_config=aws.lambda_.EventSourceMappingScalingConfigArgs(
        maximum_concurrency=20 if is_second else 10
    ),
)

CALLEE = """
import uuid
def handler(event, context):
    if event["caller"] == "stranger":
        raise PermissionError("strangers may not call")
    return {"caller": event["caller"], "call": str(uuid.uuid4())}
"""
callee = aws.lambda_.Function(
    "callee",
    name="tiny-callee",
    role=role.arn,
    handler="main.handler",
    runtime="python3.11",
    code=pulumi.AssetArchive({"main.py": pulumi.StringAsset(CALLEE)}),
    logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=logs.name),
)
call = aws.lambda_.Invocation(
    "call",
    function_name=callee.name,
    input=json.dumps({"caller": config.get("caller")}),
    triggers={"step": step},
)

aws.scheduler.Schedule(
    "schedule",
    name="tiny-schedule",
    schedule_expression="rate(2 hours)" if is_second else "rate(1 hour)",
    flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
    target=aws.scheduler.ScheduleTargetArgs(
        arn=callee.arn,
        role_arn=role.arn,
        retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(maximum_retry_attempts=0),
    ),
)

http = aws.apigatewayv2.Api(
    "http",
    name="tiny-http",
    protocol_type="HTTP",
    cors_configuration=None
    if is_second
    else aws.apigatewayv2.ApiCorsConfigurationArgs(
        allow_origins=["*"], allow_methods=["GET"], max_age=60
    ),
)
http_integration = aws.apigatewayv2.Integration(
    "http-answer",
    api_id=http.id,
    integration_type="AWS_PROXY",
    integration_uri=function.invoke_arn,
    payload_format_version="2.0",
)
http_route = aws.apigatewayv2.Route(
    "http-route",
    api_id=http.id,
    route_key="GET /answer",
    target=pulumi.Output.concat("integrations/", http_integration.id),
)
aws.lambda_.Permission(
    "http-may-invoke",
    action="lambda:InvokeFunction",
    function=function.name,
    principal="apigateway.amazonaws.com",
    source_arn=pulumi.Output.concat(http.execution_arn, "/*/GET/answer"),
)
http_stage = aws.apigatewayv2.Stage(
    "http-stage",
    api_id=http.id,
    name="$default",
    auto_deploy=True,
    access_log_settings=None
    if is_second
    else aws.apigatewayv2.StageAccessLogSettingsArgs(
        destination_arn=logs.arn, format="$context.requestId"
    ),
    route_settings=[
        aws.apigatewayv2.StageRouteSettingArgs(
            route_key="GET /answer", throttling_rate_limit=10, throttling_burst_limit=5
        )
    ],
    opts=pulumi.ResourceOptions(depends_on=[http_route]),
)

socket = aws.apigatewayv2.Api(
    "socket",
    name="tiny-socket",
    protocol_type="WEBSOCKET",
    route_selection_expression="$request.body.action",
)
socket_integration = aws.apigatewayv2.Integration(
    "socket-answer",
    api_id=socket.id,
    integration_type="AWS_PROXY",
    integration_method="POST",
    integration_uri=function.invoke_arn,
)
socket_route = aws.apigatewayv2.Route(
    "socket-route",
    api_id=socket.id,
    route_key="$default",
    target=pulumi.Output.concat("integrations/", socket_integration.id),
    route_response_selection_expression="$default",
)
response = aws.apigatewayv2.RouteResponse(
    "socket-response", api_id=socket.id, route_id=socket_route.id, route_response_key="$default"
)
deployment = aws.apigatewayv2.Deployment(
    "deployment",
    api_id=socket.id,
    triggers={"step": step},
    opts=pulumi.ResourceOptions(depends_on=[socket_route, response]),
)
socket_stage = aws.apigatewayv2.Stage(
    "socket-stage",
    api_id=socket.id,
    name="live",
    deployment_id=deployment.id,
    default_route_settings=aws.apigatewayv2.StageDefaultRouteSettingsArgs(
        throttling_rate_limit=100, throttling_burst_limit=50
    ),
)

topic = aws.sns.Topic("alarms", name="tiny-alarms")
aws.sns.TopicSubscription(
    "email", topic=topic.arn, protocol="email", endpoint="someone@example.com"
)
aws.cloudwatch.MetricAlarm(
    "dead-letters",
    name="tiny-dead-letters",
    alarm_description="Updates were lost.",
    namespace="AWS/SQS",
    metric_name="ApproximateNumberOfMessagesVisible",
    dimensions={"QueueName": dead.name},
    statistic="Maximum",
    period=60,
    evaluation_periods=1,
    comparison_operator="GreaterThanThreshold",
    threshold=1 if is_second else 0,
    treat_missing_data="notBreaching",
    alarm_actions=[topic.arn],
    ok_actions=[topic.arn],
)
late = aws.cloudwatch.MetricAlarm(
    "late",
    name="tiny-late",
    namespace="Tiny",
    metric_name="Time",
    extended_statistic="p99",
    period=60,
    evaluation_periods=1,
    comparison_operator="GreaterThanThreshold",
    threshold=1,
    treat_missing_data="missing",
    insufficient_data_actions=[topic.arn],
)
aws.cloudwatch.CompositeAlarm(
    "path",
    alarm_name="tiny-path",
    alarm_description="Something rings.",
    alarm_rule=pulumi.Output.concat('ALARM("', late.name, '")', " OR FALSE" if is_second else ""),
    alarm_actions=[topic.arn],
    ok_actions=[topic.arn],
)
aws.cloudwatch.Dashboard(
    "dashboard",
    dashboard_name="tiny-dashboard",
    dashboard_body=pulumi.Output.json_dumps(
        {"widgets": [], "start": "-PT1H" if is_second else "-PT3H"}
    ),
)
aws.budgets.Budget(
    "budget",
    name="tiny-budget",
    budget_type="COST",
    limit_amount="200" if is_second else "100",
    limit_unit="USD",
    time_unit="MONTHLY",
    notifications=[
        aws.budgets.BudgetNotificationArgs(
            notification_type="ACTUAL",
            comparison_operator="GREATER_THAN",
            threshold=90 if is_second else 80,
            threshold_type="PERCENTAGE",
            subscriber_email_addresses=["someone@example.com"],
        )
    ],
)
key = aws.kms.Key(
    "key",
    description="Second." if is_second else "First.",
    enable_key_rotation=True,
    deletion_window_in_days=30,
)
aws.kms.Alias("alias", name="alias/tiny", target_key_id=key.id)

pulumi.export("answerUrl", pulumi.Output.concat(http_stage.invoke_url, "answer"))
pulumi.export("apiEndpoint", http.api_endpoint)
pulumi.export("socketUrl", socket_stage.invoke_url)
pulumi.export("unnamedQueue", unnamed.name)
pulumi.export("called", call.result)
