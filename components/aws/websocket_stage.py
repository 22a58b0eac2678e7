"""The WebSocket API's routes, and the deployment that it needs to serve them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.lambda_function import LambdaFunction
from components.aws.websocket_api import STAGE, WebSocketApi
from components.settings.groups import Throttle

_LIFECYCLE_ROUTES: Final = ("$connect", "$disconnect")
# What the function returns for these goes back over the socket, by their route response.
_MESSAGE_ROUTES: Final = ("$default", "authorize", "subscribePrice", "unsubscribePrice", "ping")
_ACCESS_LOG_FORMAT: Final = json.dumps(
    {
        "requestId": "$context.requestId",
        "time": "$context.requestTime",
        "ip": "$context.identity.sourceIp",
        "routeKey": "$context.routeKey",
        "eventType": "$context.eventType",
        "connectionId": "$context.connectionId",
        "status": "$context.status",
        "integrationError": "$context.integrationErrorMessage",
    }
)


@dataclass(frozen=True, kw_only=True)
class WebSocketStageArgs:
    prefix: str
    api: WebSocketApi
    function: LambdaFunction
    throttle: Throttle
    access_logs: bool
    """Needs the role that API Gateway logs with. There is one per account and region, and no stack
    may own it: when that stack is destroyed, the logs of all others would stop."""
    log_retention_days: int


class WebSocketStage(pulumi.ComponentResource):
    """Routes to one function, deployed to the stage `live`."""

    url: pulumi.Output[str]

    def __init__(
        self, name: str, args: WebSocketStageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:WebSocketStage", name, None, opts)
        self._name = name
        self._api = args.api.api
        integration = self._integration(args)
        routes = {key: self._route(key, args, integration) for key in _LIFECYCLE_ROUTES}
        routes |= {key: self._route(key, args, integration, "$default") for key in _MESSAGE_ROUTES}
        responses = [self._response(key, routes[key]) for key in _MESSAGE_ROUTES]
        deployment = self._deployment(integration, routes, responses)
        stage = self._stage(args, deployment)
        self.url = stage.invoke_url
        self.register_outputs({"url": self.url})

    def _integration(self, args: WebSocketStageArgs) -> aws.apigatewayv2.Integration:
        return aws.apigatewayv2.Integration(
            f"{self._name}-function",
            api_id=self._api.id,
            integration_type="AWS_PROXY",
            integration_method="POST",
            integration_uri=args.function.invoke_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _route(
        self,
        key: str,
        args: WebSocketStageArgs,
        integration: aws.apigatewayv2.Integration,
        response: str | None = None,
    ) -> aws.apigatewayv2.Route:
        slug = key.removeprefix("$")
        permission = args.function.allow_invoke(
            slug, pulumi.Output.concat(self._api.execution_arn, "/", STAGE, "/", key)
        )
        return aws.apigatewayv2.Route(
            f"{self._name}-{slug}",
            api_id=self._api.id,
            route_key=key,
            target=pulumi.Output.concat("integrations/", integration.id),
            route_response_selection_expression=response,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )

    def _response(self, key: str, route: aws.apigatewayv2.Route) -> aws.apigatewayv2.RouteResponse:
        return aws.apigatewayv2.RouteResponse(
            f"{self._name}-{key.removeprefix('$')}-response",
            api_id=self._api.id,
            route_id=route.id,
            route_response_key="$default",
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _deployment(
        self,
        integration: aws.apigatewayv2.Integration,
        routes: dict[str, aws.apigatewayv2.Route],
        responses: Sequence[aws.apigatewayv2.RouteResponse],
    ) -> aws.apigatewayv2.Deployment:
        # A deployment is a snapshot, and without one the API answers 403
        # (terraform-provider-aws#17955). A change of `snapshot` makes a new one; the stage moves to
        # it before the old one goes. It may hold only what a preview knows: an unknown output would
        # replace the deployment each time.
        snapshot = {
            "function": integration.integration_uri,
            "routes": {key: route.target for key, route in routes.items()},
            "responses": list(_MESSAGE_ROUTES),
        }
        return aws.apigatewayv2.Deployment(
            f"{self._name}-deployment",
            api_id=self._api.id,
            triggers={"snapshot": pulumi.Output.json_dumps(snapshot)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*routes.values(), *responses]),
        )

    def _stage(
        self, args: WebSocketStageArgs, deployment: aws.apigatewayv2.Deployment
    ) -> aws.apigatewayv2.Stage:
        return aws.apigatewayv2.Stage(
            f"{self._name}-stage",
            api_id=self._api.id,
            name=STAGE,
            deployment_id=deployment.id,
            default_route_settings=aws.apigatewayv2.StageDefaultRouteSettingsArgs(
                throttling_rate_limit=args.throttle.rate,
                throttling_burst_limit=args.throttle.burst,
            ),
            access_log_settings=self._access_logs(args) if args.access_logs else None,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _access_logs(self, args: WebSocketStageArgs) -> aws.apigatewayv2.StageAccessLogSettingsArgs:
        log_group = aws.cloudwatch.LogGroup(
            f"{self._name}-access-logs",
            name=f"/aws/vendedlogs/{args.prefix}-WebSocketApi",
            retention_in_days=args.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.apigatewayv2.StageAccessLogSettingsArgs(
            destination_arn=log_group.arn, format=_ACCESS_LOG_FORMAT
        )
