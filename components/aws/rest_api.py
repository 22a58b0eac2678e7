"""The HTTP side: Helius posts here, and everybody reads prices here."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.lambda_function import LambdaFunction
from components.settings.groups import Throttle
from functions.glow.metrics import DIMENSION, NAMESPACE, Metric

# No header is logged, so no bearer is.
_ACCESS_LOG_FIELDS: Final = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "routeKey": "$context.routeKey",
    "path": "$context.path",
    "status": "$context.status",
    "responseLatencyMs": "$context.responseLatency",
    "integrationError": "$context.integrationErrorMessage",
}
_STACK_FIELD: Final = "stack"
_STAGE: Final = "$default"


@dataclass(frozen=True, kw_only=True)
class RestApiArgs:
    prefix: str
    log_retention_days: int


class RestApi(pulumi.ComponentResource):
    """HTTP API on its `$default` stage: routes, a throttle for each, access logs.

    It is made before the functions and the edge, which are told `url`. `serve` then gives it routes,
    and `deploy` the stage, which has to come last: it holds the throttle of every route.
    """

    api_id: pulumi.Output[str]
    url: pulumi.Output[str]

    def __init__(
        self, name: str, args: RestApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:RestApi", name, None, opts)
        self._name = name
        self._prefix = args.prefix
        self._api = self._http_api(args)
        self._access_log_group = self._access_logs(args)
        self._routes: list[aws.apigatewayv2.Route] = []
        self._throttles: dict[str, Throttle] = {}
        self.api_id = self._api.id
        self.url = self._api.api_endpoint
        self.register_outputs({"url": self.url})

    def serve(
        self,
        function: LambdaFunction,
        *,
        keys: Sequence[str],
        throttle: Throttle,
        throttled: Metric | None = None,
    ) -> None:
        """Let `function` answer the routes `keys`, such as "GET /tokens/{token}/price".

        `throttled` counts what `throttle` refuses, on routes without parameters.
        """
        integration = self._integration(function)
        for key in keys:
            self._routes.append(self._route(key, function, integration))
            self._throttles[key] = throttle
            if throttled is not None:
                self._count_refusals(key, throttled)

    def deploy(self) -> aws.apigatewayv2.Stage:
        """The stage, with all that is served by now."""
        return aws.apigatewayv2.Stage(
            f"{self._name}-stage",
            api_id=self._api.id,
            name=_STAGE,
            auto_deploy=True,
            access_log_settings=aws.apigatewayv2.StageAccessLogSettingsArgs(
                destination_arn=self._access_log_group.arn,
                # A metric's dimension has to be a field of the line.
                format=json.dumps({**_ACCESS_LOG_FIELDS, _STACK_FIELD: self._prefix}),
            ),
            route_settings=[
                aws.apigatewayv2.StageRouteSettingArgs(
                    route_key=key,
                    throttling_rate_limit=throttle.rate,
                    throttling_burst_limit=throttle.burst,
                )
                for key, throttle in self._throttles.items()
            ],
            # A stage refuses settings for a route that does not exist yet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._routes),
        )

    def _http_api(self, args: RestApiArgs) -> aws.apigatewayv2.Api:
        # Without cors_configuration: the functions say who may read (functions/glow/runtime/cors.py).
        return aws.apigatewayv2.Api(
            f"{self._name}-api",
            name=f"{args.prefix}-RestApi",
            protocol_type="HTTP",
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _integration(self, function: LambdaFunction) -> aws.apigatewayv2.Integration:
        return aws.apigatewayv2.Integration(
            f"{self._name}-{function.slug}",
            api_id=self._api.id,
            integration_type="AWS_PROXY",
            integration_uri=function.invoke_arn,
            payload_format_version="2.0",
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _route(
        self, key: str, function: LambdaFunction, integration: aws.apigatewayv2.Integration
    ) -> aws.apigatewayv2.Route:
        method, path = key.split(" ")
        permission = function.allow_invoke(
            _slug(key),
            # Any stage, as is usual for an HTTP API. `*` stands for any segments: a parameter, or `{proxy+}`.
            pulumi.Output.concat(
                self._api.execution_arn, "/*/", method, re.sub(r"\{\w+\+?\}", "*", path)
            ),
        )
        return aws.apigatewayv2.Route(
            f"{self._name}-{_slug(key)}",
            api_id=self._api.id,
            route_key=key,
            target=pulumi.Output.concat("integrations/", integration.id),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )

    def _count_refusals(self, key: str, metric: Metric) -> None:
        """API Gateway's own `4xx` has the 404 of every stranger in it, and no function sees a 429.

        It may leave out lines where there are very many (Developer Guide, "Monitor HTTP APIs"). By the
        path: whether such a line has a `routeKey` is written nowhere.
        """
        slug, path = _slug(key), key.split(" ")[1]
        aws.cloudwatch.LogMetricFilter(
            f"{self._name}-throttled-{slug}",
            name=f"throttled-{slug}",
            log_group_name=self._access_log_group.name,
            pattern=f'{{ ($.status = "429") && ($.path = "{path}") }}',
            metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
                namespace=NAMESPACE,
                name=metric.name,
                value="1",
                unit=metric.unit,
                dimensions={DIMENSION: f"$.{_STACK_FIELD}"},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _access_logs(self, args: RestApiArgs) -> aws.cloudwatch.LogGroup:
        # API Gateway adds each log group to the account's log resource policy, which holds 5,120
        # characters. Groups with this prefix need no entry there.
        return aws.cloudwatch.LogGroup(
            f"{self._name}-access-logs",
            name=f"/aws/vendedlogs/{args.prefix}-RestApi",
            retention_in_days=args.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _slug(key: str) -> str:
    """`GET /tokens/{token}` as part of a name."""
    return re.sub(r"\W+", "-", key).strip("-")
