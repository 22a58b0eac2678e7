"""The AWS resource types that the program uses, for an emulator such as ministack."""

from collections.abc import Mapping
from importlib import metadata
from typing import Final

from local.provider.aws import (
    apigatewayv2,
    budgets,
    cloudwatch,
    dynamodb,
    iam,
    invocation,
    kms,
    lambda_,
    scheduler,
    sns,
    sqs,
)
from local.provider.aws.base import AwsResource
from local.provider.aws.session import SETTINGS, Session
from local.provider.resource import Cloud, Connected
from local.provider.values import Properties

RESOURCES: Final[Mapping[str, type[AwsResource]]] = {
    "aws:apigatewayv2/api:Api": apigatewayv2.Api,
    "aws:apigatewayv2/deployment:Deployment": apigatewayv2.Deployment,
    "aws:apigatewayv2/integration:Integration": apigatewayv2.Integration,
    "aws:apigatewayv2/route:Route": apigatewayv2.Route,
    "aws:apigatewayv2/routeResponse:RouteResponse": apigatewayv2.RouteResponse,
    "aws:apigatewayv2/stage:Stage": apigatewayv2.Stage,
    "aws:budgets/budget:Budget": budgets.Budget,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": cloudwatch.CompositeAlarm,
    "aws:cloudwatch/dashboard:Dashboard": cloudwatch.Dashboard,
    "aws:cloudwatch/logGroup:LogGroup": cloudwatch.LogGroup,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": cloudwatch.LogMetricFilter,
    "aws:cloudwatch/metricAlarm:MetricAlarm": cloudwatch.MetricAlarm,
    "aws:dynamodb/table:Table": dynamodb.Table,
    "aws:iam/role:Role": iam.Role,
    "aws:iam/rolePolicy:RolePolicy": iam.RolePolicy,
    "aws:kms/alias:Alias": kms.Alias,
    "aws:kms/key:Key": kms.Key,
    "aws:lambda/eventSourceMapping:EventSourceMapping": lambda_.EventSourceMapping,
    "aws:lambda/function:Function": lambda_.Function,
    "aws:lambda/invocation:Invocation": invocation.Invocation,
    "aws:lambda/layerVersion:LayerVersion": lambda_.LayerVersion,
    "aws:lambda/permission:Permission": lambda_.Permission,
    "aws:scheduler/schedule:Schedule": scheduler.Schedule,
    "aws:sns/topic:Topic": sns.Topic,
    "aws:sns/topicSubscription:TopicSubscription": sns.TopicSubscription,
    "aws:sqs/queue:Queue": sqs.Queue,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": sqs.RedriveAllowPolicy,
}


class Aws(Cloud):
    """Stands in for pulumi-resource-aws: same type tokens, settings and endpoints."""

    version = metadata.version("pulumi-aws")
    settings = SETTINGS
    replaced_by = frozenset({"region"})
    resources = RESOURCES

    def connect(self, config: Properties) -> Connected:
        session = Session.of(config)
        return Connected(
            resources={token: kind(session) for token, kind in RESOURCES.items()},
            functions={
                "aws:cloudwatch/getLogGroups:getLogGroups": cloudwatch.LogGroups(session),
                "aws:dynamodb/getTableItem:getTableItem": dynamodb.TableItem(session),
            },
        )
