"""One AWS resource of each type, and a change by hand for each that AWS lets one change."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from local.provider.aws.session import Session
from local.provider.values import ARCHIVE, SIGNATURE, Properties, Value, text
from tests.provider.client import Found, Provider

API: Final = "aws:apigatewayv2/api:Api"
DEPLOYMENT: Final = "aws:apigatewayv2/deployment:Deployment"
INTEGRATION: Final = "aws:apigatewayv2/integration:Integration"
ROUTE: Final = "aws:apigatewayv2/route:Route"
ROUTE_RESPONSE: Final = "aws:apigatewayv2/routeResponse:RouteResponse"
STAGE: Final = "aws:apigatewayv2/stage:Stage"
BUDGET: Final = "aws:budgets/budget:Budget"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
LOG_FILTER: Final = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
ALARM: Final = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE: Final = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
DASHBOARD: Final = "aws:cloudwatch/dashboard:Dashboard"
TABLE: Final = "aws:dynamodb/table:Table"
ROLE: Final = "aws:iam/role:Role"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
ALIAS: Final = "aws:kms/alias:Alias"
KEY: Final = "aws:kms/key:Key"
MAPPING: Final = "aws:lambda/eventSourceMapping:EventSourceMapping"
FUNCTION: Final = "aws:lambda/function:Function"
INVOCATION: Final = "aws:lambda/invocation:Invocation"
LAYER: Final = "aws:lambda/layerVersion:LayerVersion"
PERMISSION: Final = "aws:lambda/permission:Permission"
SCHEDULE: Final = "aws:scheduler/schedule:Schedule"
TOPIC: Final = "aws:sns/topic:Topic"
SUBSCRIPTION: Final = "aws:sns/topicSubscription:TopicSubscription"
QUEUE: Final = "aws:sqs/queue:Queue"
REDRIVE: Final = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"

Made: TypeAlias = Mapping[str, Found]

TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ],
}
OTHER_ARN: Final = "arn:aws:sqs:us-east-1:000000000000:another"
ANY_QUEUE: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}],
}
NO_QUEUE: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}],
}


KEY_POLICY: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


def make_all(provider: Provider, prefix: str) -> Made:
    """Create them in an order in which each finds what it needs."""
    made: dict[str, Found] = {}

    def make(token: str, **inputs: Value) -> Found:
        made[token] = provider.make(token, inputs)
        return made[token]

    make(
        TABLE,
        name=f"{prefix}-table",
        billingMode="PAY_PER_REQUEST",
        hashKey="token",
        attributes=[{"name": "token", "type": "S"}],
        ttl={"attributeName": "expiresAt", "enabled": True},
        pointInTimeRecovery={"enabled": True},
    )
    queue = make(QUEUE, name=f"{prefix}-queue", visibilityTimeoutSeconds=60)
    make(REDRIVE, queueUrl=queue.id, redriveAllowPolicy=json.dumps(_allowing("denyAll")))
    role = make(ROLE, name=f"{prefix}-role", assumeRolePolicy=json.dumps(TRUST))
    make(ROLE_POLICY, name="policy", role=role.id, policy=json.dumps(ANY_QUEUE))
    topic = make(TOPIC, name=f"{prefix}-topic")
    make(SUBSCRIPTION, topic=topic.id, protocol="email", endpoint="someone@example.com")
    make(
        ALARM,
        name=f"{prefix}-alarm",
        namespace="AWS/SQS",
        metricName="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": f"{prefix}-queue"},
        statistic="Maximum",
        period=60,
        evaluationPeriods=1,
        comparisonOperator="GreaterThanThreshold",
        threshold=0,
        alarmActions=[topic.id],
    )
    make(
        COMPOSITE,
        alarmName=f"{prefix}-path",
        alarmRule=f'ALARM("{prefix}-alarm")',
        alarmActions=[topic.id],
    )
    make(DASHBOARD, dashboardName=f"{prefix}-dashboard", dashboardBody=json.dumps({"widgets": []}))
    make(
        BUDGET,
        name=f"{prefix}-budget",
        budgetType="COST",
        limitAmount="100",
        limitUnit="USD",
        timeUnit="MONTHLY",
        notifications=[_told_at(80)],
    )
    key = make(KEY, description="of tests", enableKeyRotation=True, policy=json.dumps(KEY_POLICY))
    make(ALIAS, name=f"alias/{prefix}", targetKeyId=key.id)
    make(LOG_GROUP, name=f"/{prefix}/logs", retentionInDays=14)
    make(
        LOG_FILTER,
        name="refusals",
        logGroupName=f"/{prefix}/logs",
        pattern='{ $.status = "429" }',
        metricTransformation={
            "namespace": "Tests",
            "name": "Refusals",
            "value": "1",
            "unit": "Count",
            "dimensions": {"Stack": "$.stack"},
        },
    )
    layer = make(
        LAYER,
        layerName=f"{prefix}-layer",
        code=_archive("layered.py", "STEP = 1"),
        compatibleRuntimes=["python3.11"],
        compatibleArchitectures=["x86_64"],
    )
    function = make(
        FUNCTION,
        name=f"{prefix}-function",
        role=role.properties["arn"],
        handler="main.handler",
        runtime="python3.11",
        timeout=10,
        layers=[layer.id],
        code=_archive("main.py", "handler = lambda event, context: {}"),
        environment={"variables": {"STEP": "1"}},
        loggingConfig={"logFormat": "JSON", "logGroup": f"/{prefix}/logs"},
    )
    make(INVOCATION, functionName=function.id, input="{}")
    make(
        MAPPING,
        eventSourceArn=queue.properties["arn"],
        functionName=function.properties["arn"],
        batchSize=5,
        functionResponseTypes=["ReportBatchItemFailures"],
        scalingConfig={"maximumConcurrency": 10},
    )
    make(
        PERMISSION,
        action="lambda:InvokeFunction",
        function=function.id,
        principal="apigateway.amazonaws.com",
        sourceArn=OTHER_ARN,
        statementId="may-invoke",
    )
    make(
        SCHEDULE,
        name=f"{prefix}-schedule",
        scheduleExpression="rate(1 minute)",
        flexibleTimeWindow={"mode": "OFF"},
        state="DISABLED",
        target={
            "arn": function.properties["arn"],
            "roleArn": role.properties["arn"],
            "retryPolicy": {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 0},
        },
    )
    api = make(
        API,
        name=f"{prefix}-api",
        protocolType="WEBSOCKET",
        routeSelectionExpression="$request.body.action",
    )
    integration = make(
        INTEGRATION,
        apiId=api.id,
        integrationType="AWS_PROXY",
        integrationMethod="POST",
        integrationUri=function.properties["invokeArn"],
    )
    route = make(ROUTE, apiId=api.id, routeKey="$default", target=f"integrations/{integration.id}")
    make(ROUTE_RESPONSE, apiId=api.id, routeId=route.id, routeResponseKey="$default")
    deployment = make(DEPLOYMENT, apiId=api.id, triggers={"step": "1"})
    make(
        STAGE,
        apiId=api.id,
        name="live",
        deploymentId=deployment.id,
        defaultRouteSettings={"throttlingRateLimit": 100, "throttlingBurstLimit": 50},
    )
    return made


@dataclass(frozen=True)
class ByHand:
    """A change outside Pulumi, and the input in which a refresh shows it."""

    token: str
    change: Callable[[Session, Made], object]
    shown: Properties


CHANGES: Final = (
    ByHand(
        API,
        lambda aws, made: aws.apigatewayv2.update_api(
            ApiId=made[API].id, RouteSelectionExpression="$request.body.type"
        ),
        {"routeSelectionExpression": "$request.body.type"},
    ),
    ByHand(
        INTEGRATION,
        lambda aws, made: aws.apigatewayv2.update_integration(
            ApiId=made[API].id, IntegrationId=made[INTEGRATION].id, IntegrationUri="arn:aws:other"
        ),
        {"integrationUri": "arn:aws:other"},
    ),
    ByHand(
        ROUTE,
        lambda aws, made: aws.apigatewayv2.update_route(
            ApiId=made[API].id, RouteId=made[ROUTE].id, RouteResponseSelectionExpression="$default"
        ),
        {"routeResponseSelectionExpression": "$default"},
    ),
    ByHand(
        ROUTE_RESPONSE,
        lambda aws, made: aws.apigatewayv2.update_route_response(
            ApiId=made[API].id,
            RouteId=made[ROUTE].id,
            RouteResponseId=made[ROUTE_RESPONSE].id,
            RouteResponseKey="other",
        ),
        {"routeResponseKey": "other"},
    ),
    ByHand(
        STAGE,
        lambda aws, made: aws.apigatewayv2.update_stage(
            ApiId=made[API].id,
            StageName="live",
            DefaultRouteSettings={"ThrottlingRateLimit": 7, "ThrottlingBurstLimit": 50},
        ),
        {"defaultRouteSettings": {"throttlingRateLimit": 7, "throttlingBurstLimit": 50}},
    ),
    ByHand(
        LOG_GROUP,
        lambda aws, made: aws.logs.delete_retention_policy(logGroupName=made[LOG_GROUP].id),
        {"retentionInDays": None},
    ),
    ByHand(
        LOG_FILTER,
        lambda aws, made: aws.logs.put_metric_filter(
            logGroupName=made[LOG_GROUP].id,
            filterName=made[LOG_FILTER].id,
            filterPattern="",
            metricTransformations=[
                {"metricNamespace": "Tests", "metricName": "All", "metricValue": "1"}
            ],
        ),
        {
            "metricTransformation": {"namespace": "Tests", "name": "All", "value": "1"},
            "pattern": "",
        },
    ),
    ByHand(
        ALARM,
        lambda aws, made: aws.cloudwatch.put_metric_alarm(
            AlarmName=made[ALARM].id,
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Threshold=1000,
            Dimensions=[{"Name": "QueueName", "Value": "kept-queue"}],
        ),
        {"alarmActions": [], "threshold": 1000},
    ),
    ByHand(
        COMPOSITE,
        lambda aws, made: aws.cloudwatch.put_composite_alarm(
            AlarmName=made[COMPOSITE].id, AlarmRule="FALSE", AlarmDescription="off"
        ),
        {"alarmActions": [], "alarmDescription": "off", "alarmRule": "FALSE"},
    ),
    ByHand(
        BUDGET,
        lambda aws, made: aws.budgets.delete_notification(
            AccountId=aws.account,
            BudgetName=text(made[BUDGET].inputs, "name"),
            Notification={
                "NotificationType": "ACTUAL",
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": 80,
                "ThresholdType": "PERCENTAGE",
            },
        ),
        {"notifications": []},
    ),
    ByHand(
        KEY,
        lambda aws, made: aws.kms.disable_key_rotation(KeyId=made[KEY].id),
        {"enableKeyRotation": False},
    ),
    ByHand(
        KEY,
        lambda aws, made: aws.kms.put_key_policy(
            KeyId=made[KEY].id, Policy=json.dumps({**KEY_POLICY, "Statement": []})
        ),
        {"policy": json.dumps({**KEY_POLICY, "Statement": []})},
    ),
    ByHand(
        DASHBOARD,
        lambda aws, made: aws.cloudwatch.put_dashboard(
            DashboardName=made[DASHBOARD].id, DashboardBody=json.dumps({"widgets": [{}]})
        ),
        {"dashboardBody": json.dumps({"widgets": [{}]})},
    ),
    ByHand(
        TABLE,
        lambda aws, made: aws.dynamodb.update_continuous_backups(
            TableName=made[TABLE].id,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
        ),
        {"pointInTimeRecovery": {"enabled": False}},
    ),
    ByHand(
        TABLE,
        lambda aws, made: aws.dynamodb.update_table(
            TableName=made[TABLE].id, DeletionProtectionEnabled=True
        ),
        {"deletionProtectionEnabled": True},
    ),
    ByHand(
        TABLE,
        lambda aws, made: aws.dynamodb.update_time_to_live(
            TableName=made[TABLE].id,
            TimeToLiveSpecification={"AttributeName": "expiresAt", "Enabled": False},
        ),
        {"ttl": {"attributeName": "expiresAt", "enabled": False}},
    ),
    ByHand(
        ROLE,
        lambda aws, made: aws.iam.update_assume_role_policy(
            RoleName=made[ROLE].id, PolicyDocument=json.dumps({**TRUST, "Statement": []})
        ),
        {"assumeRolePolicy": json.dumps({**TRUST, "Statement": []})},
    ),
    ByHand(
        ROLE_POLICY,
        lambda aws, made: aws.iam.put_role_policy(
            RoleName=made[ROLE].id, PolicyName="policy", PolicyDocument=json.dumps(NO_QUEUE)
        ),
        {"policy": json.dumps(NO_QUEUE)},
    ),
    ByHand(
        MAPPING,
        lambda aws, made: aws.lambda_.update_event_source_mapping(
            UUID=made[MAPPING].id, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2}
        ),
        {"batchSize": 1, "scalingConfig": {"maximumConcurrency": 2}},
    ),
    ByHand(
        FUNCTION,
        lambda aws, made: aws.lambda_.update_function_configuration(
            FunctionName=made[FUNCTION].id,
            MemorySize=512,
            Timeout=20,
            TracingConfig={"Mode": "Active"},
            Environment={"Variables": {"STEP": "1", "DEBUG": "yes"}},
        ),
        {
            "environment": {"variables": {"STEP": "1", "DEBUG": "yes"}},
            "memorySize": 512,
            "timeout": 20,
            "tracingConfig": {"mode": "Active"},
        },
    ),
    ByHand(
        PERMISSION,
        lambda aws, made: (
            aws.lambda_.remove_permission(
                FunctionName=made[FUNCTION].id, StatementId=made[PERMISSION].id
            ),
            aws.lambda_.add_permission(
                FunctionName=made[FUNCTION].id,
                StatementId=made[PERMISSION].id,
                Action="lambda:InvokeFunction",
                Principal="sns.amazonaws.com",
            ),
        ),
        {"principal": "sns.amazonaws.com", "sourceArn": None},
    ),
    ByHand(
        SCHEDULE,
        lambda aws, made: aws.scheduler.update_schedule(
            Name="kept-schedule",
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": made[FUNCTION].properties["arn"],
                "RoleArn": made[ROLE].properties["arn"],
                "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0},
            },
        ),
        {"scheduleExpression": "rate(1 hour)", "state": "ENABLED"},
    ),
    ByHand(
        QUEUE,
        lambda aws, made: aws.sqs.set_queue_attributes(
            QueueUrl=made[QUEUE].id,
            Attributes={"VisibilityTimeout": "90", "MessageRetentionPeriod": "60"},
        ),
        {"messageRetentionSeconds": 60, "visibilityTimeoutSeconds": 90},
    ),
    ByHand(
        REDRIVE,
        lambda aws, made: aws.sqs.set_queue_attributes(
            QueueUrl=made[QUEUE].id,
            Attributes={"RedriveAllowPolicy": json.dumps(_allowing("allowAll"))},
        ),
        {"redriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"})},
    ),
)

# AWS has no call that changes one of these; an alias, only to a key, whose id is another one each time.
UNCHANGEABLE: Final = frozenset({ALIAS, DEPLOYMENT, INVOCATION, LAYER, SUBSCRIPTION, TOPIC})

# Deleted by hand, in this order.
DELETIONS: Final[Mapping[str, Callable[[Session, Made], object]]] = {
    STAGE: lambda aws, made: aws.apigatewayv2.delete_stage(ApiId=made[API].id, StageName="live"),
    DEPLOYMENT: lambda aws, made: aws.apigatewayv2.delete_deployment(
        ApiId=made[API].id, DeploymentId=made[DEPLOYMENT].id
    ),
    ROUTE_RESPONSE: lambda aws, made: aws.apigatewayv2.delete_route_response(
        ApiId=made[API].id, RouteId=made[ROUTE].id, RouteResponseId=made[ROUTE_RESPONSE].id
    ),
    ROUTE: lambda aws, made: aws.apigatewayv2.delete_route(
        ApiId=made[API].id, RouteId=made[ROUTE].id
    ),
    INTEGRATION: lambda aws, made: aws.apigatewayv2.delete_integration(
        ApiId=made[API].id, IntegrationId=made[INTEGRATION].id
    ),
    API: lambda aws, made: aws.apigatewayv2.delete_api(ApiId=made[API].id),
    PERMISSION: lambda aws, made: aws.lambda_.remove_permission(
        FunctionName=made[FUNCTION].id, StatementId=made[PERMISSION].id
    ),
    MAPPING: lambda aws, made: aws.lambda_.delete_event_source_mapping(UUID=made[MAPPING].id),
    FUNCTION: lambda aws, made: aws.lambda_.delete_function(FunctionName=made[FUNCTION].id),
    LAYER: lambda aws, made: aws.lambda_.delete_layer_version(
        LayerName=text(made[LAYER].inputs, "layerName"), VersionNumber=1
    ),
    LOG_FILTER: lambda aws, made: aws.logs.delete_metric_filter(
        logGroupName=made[LOG_GROUP].id, filterName=made[LOG_FILTER].id
    ),
    LOG_GROUP: lambda aws, made: aws.logs.delete_log_group(logGroupName=made[LOG_GROUP].id),
    BUDGET: lambda aws, made: aws.budgets.delete_budget(
        AccountId=aws.account, BudgetName=text(made[BUDGET].inputs, "name")
    ),
    ALIAS: lambda aws, made: aws.kms.delete_alias(AliasName=made[ALIAS].id),
    KEY: lambda aws, made: aws.kms.schedule_key_deletion(KeyId=made[KEY].id, PendingWindowInDays=7),
    DASHBOARD: lambda aws, made: aws.cloudwatch.delete_dashboards(
        DashboardNames=[made[DASHBOARD].id]
    ),
    COMPOSITE: lambda aws, made: aws.cloudwatch.delete_alarms(AlarmNames=[made[COMPOSITE].id]),
    ALARM: lambda aws, made: aws.cloudwatch.delete_alarms(AlarmNames=[made[ALARM].id]),
    SCHEDULE: lambda aws, made: aws.scheduler.delete_schedule(
        Name=text(made[SCHEDULE].inputs, "name")
    ),
    SUBSCRIPTION: lambda aws, made: aws.sns.unsubscribe(SubscriptionArn=made[SUBSCRIPTION].id),
    TOPIC: lambda aws, made: aws.sns.delete_topic(TopicArn=made[TOPIC].id),
    ROLE_POLICY: lambda aws, made: aws.iam.delete_role_policy(
        RoleName=made[ROLE].id, PolicyName="policy"
    ),
    ROLE: lambda aws, made: aws.iam.delete_role(RoleName=made[ROLE].id),
    REDRIVE: lambda aws, made: aws.sqs.set_queue_attributes(
        QueueUrl=made[QUEUE].id, Attributes={"RedriveAllowPolicy": ""}
    ),
    QUEUE: lambda aws, made: aws.sqs.delete_queue(QueueUrl=made[QUEUE].id),
    TABLE: lambda aws, made: aws.dynamodb.delete_table(TableName=made[TABLE].id),
}


def _told_at(percent: int) -> Value:
    return {
        "notificationType": "ACTUAL",
        "comparisonOperator": "GREATER_THAN",
        "threshold": percent,
        "thresholdType": "PERCENTAGE",
        "subscriberEmailAddresses": ["someone@example.com"],
    }


def _allowing(permission: str) -> dict[str, str]:
    return {"redrivePermission": permission}


def _archive(name: str, content: str) -> Value:
    return {SIGNATURE: ARCHIVE, "assets": {name: {"text": content}}}
