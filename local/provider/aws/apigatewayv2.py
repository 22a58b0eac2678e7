"""API Gateway's HTTP and WebSocket APIs.

AWS gives each API its own host. An emulator has one address for all APIs, so in `apiEndpoint` and
`invokeUrl` the API and the stage are in the path.
"""

from hashlib import sha256
from typing import Any, ClassVar, Final

from pulumi_aws import apigatewayv2

from local.provider.aws.base import AwsResource
from local.provider.aws.session import Session
from local.provider.resource import OWN, Block, Inputs, State
from local.provider.values import Properties, text

# This stage is served without its name in the path.
DEFAULT_STAGE: Final = "$default"

# The emulator removes these settings when it gets an empty value; AWS has a separate call for each.
CLEARED_WHEN_EMPTY: Final = frozenset(
    {"AccessLogSettings", "DefaultRouteSettings", "RouteSettings"}
)

# The emulator takes an API's id from this tag.
ID_TAG: Final = "ms-custom-id"
ID_CHARACTERS: Final = 8


class Api(AwsResource):
    """aws.apigatewayv2.Api."""

    args = apigatewayv2.ApiArgs
    inputs: ClassVar[Inputs] = {
        "corsConfiguration": Block(
            "CorsConfiguration",
            {
                "allowMethods": "AllowMethods",
                "allowOrigins": "AllowOrigins",
                "exposeHeaders": "ExposeHeaders",
                "maxAge": "MaxAge",
            },
        ),
        "name": "Name",
        "protocolType": "ProtocolType",
        "routeSelectionExpression": "RouteSelectionExpression",
    }
    replaced_by = frozenset({"protocolType"})
    defaults: ClassVar[Properties] = {"corsConfiguration": None}
    outputs = frozenset({"apiEndpoint", "arn", "executionArn"})
    autoname = "name"
    importable = True

    def create(self, inputs: Properties) -> str:
        """Make it under an id that follows from its name.

        So the URLs in an app's settings stay true when an emptied cloud is filled again.
        """
        api, apis = self.request(inputs), self.aws.apigatewayv2
        api_id = sha256(api["Name"].encode()).hexdigest()[:ID_CHARACTERS]
        try:
            return apis.create_api(**api, Tags={ID_TAG: api_id})["ApiId"]
        except apis.exceptions.ConflictException:
            # A second one of that name: AWS allows it, and a replacement is made before its
            # predecessor is deleted.
            return apis.create_api(**api)["ApiId"]

    def read(self, state: State) -> Properties:
        api = self.aws.apigatewayv2.get_api(ApiId=state.id)
        return {
            **self.response(api),
            "apiEndpoint": _endpoint(self.aws, state.id, api["ProtocolType"]),
            "arn": _arn(self.aws, state.id),
            "executionArn": _execution_arn(self.aws, state.id),
        }

    def update(self, state: State, news: Properties) -> None:
        if "corsConfiguration" in state.properties and "corsConfiguration" not in news:
            self.aws.apigatewayv2.delete_cors_configuration(ApiId=state.id)
        api = self.request(news)
        del api["ProtocolType"]
        self.aws.apigatewayv2.update_api(ApiId=state.id, **api)

    def delete(self, state: State) -> None:
        self.aws.apigatewayv2.delete_api(ApiId=state.id)


class Integration(AwsResource):
    """aws.apigatewayv2.Integration."""

    args = apigatewayv2.IntegrationArgs
    inputs: ClassVar[Inputs] = {
        "apiId": "ApiId",
        "integrationMethod": "IntegrationMethod",
        "integrationType": "IntegrationType",
        "integrationUri": "IntegrationUri",
        "payloadFormatVersion": "PayloadFormatVersion",
    }
    replaced_by = frozenset({"apiId", "integrationType"})
    outputs = frozenset[str]()

    def create(self, inputs: Properties) -> str:
        return self.aws.apigatewayv2.create_integration(**self.request(inputs))["IntegrationId"]

    def read(self, state: State) -> Properties:
        integration = self.aws.apigatewayv2.get_integration(
            ApiId=state.text("apiId"), IntegrationId=state.id
        )
        return self.response(integration)

    def update(self, state: State, news: Properties) -> None:
        self.aws.apigatewayv2.update_integration(IntegrationId=state.id, **self.request(news))

    def delete(self, state: State) -> None:
        self.aws.apigatewayv2.delete_integration(ApiId=state.text("apiId"), IntegrationId=state.id)


class Route(AwsResource):
    """aws.apigatewayv2.Route."""

    args = apigatewayv2.RouteArgs
    inputs: ClassVar[Inputs] = {
        "apiId": "ApiId",
        "routeKey": "RouteKey",
        "routeResponseSelectionExpression": "RouteResponseSelectionExpression",
        "target": "Target",
    }
    replaced_by = frozenset({"apiId"})
    defaults: ClassVar[Properties] = {"routeResponseSelectionExpression": None}
    outputs = frozenset[str]()

    def create(self, inputs: Properties) -> str:
        self._refuse_what_aws_refuses(inputs, existing=None)
        return self.aws.apigatewayv2.create_route(**self.request(inputs))["RouteId"]

    def read(self, state: State) -> Properties:
        route = self.aws.apigatewayv2.get_route(ApiId=state.text("apiId"), RouteId=state.id)
        return self.response(route)

    def update(self, state: State, news: Properties) -> None:
        self._refuse_what_aws_refuses(news, existing=state.id)
        route = self.request(news)
        for name in self.request(state.properties).keys() - route.keys():
            route[name] = ""
        self.aws.apigatewayv2.update_route(RouteId=state.id, **route)

    def delete(self, state: State) -> None:
        self.aws.apigatewayv2.delete_route(ApiId=state.text("apiId"), RouteId=state.id)

    def _refuse_what_aws_refuses(self, inputs: Properties, *, existing: str | None) -> None:
        """Raise ValueError for a second route with the same key, or a target that does not exist."""
        api_id, key = text(inputs, "apiId"), text(inputs, "routeKey")
        for route in self.aws.apigatewayv2.get_routes(ApiId=api_id)["Items"]:
            if route["RouteKey"] == key and route.get("RouteId") != existing:
                raise ValueError(f"Route with key {key} already exists for this API")
        integration_id = text(inputs, "target").removeprefix("integrations/")
        self.aws.apigatewayv2.get_integration(ApiId=api_id, IntegrationId=integration_id)


class RouteResponse(AwsResource):
    """aws.apigatewayv2.RouteResponse."""

    args = apigatewayv2.RouteResponseArgs
    inputs: ClassVar[Inputs] = {
        "apiId": "ApiId",
        "routeId": "RouteId",
        "routeResponseKey": "RouteResponseKey",
    }
    replaced_by = frozenset({"apiId", "routeId"})
    outputs = frozenset[str]()

    def create(self, inputs: Properties) -> str:
        response = self.aws.apigatewayv2.create_route_response(**self.request(inputs))
        return response["RouteResponseId"]

    def read(self, state: State) -> Properties:
        return self.response(self.aws.apigatewayv2.get_route_response(**self._address(state)))

    def update(self, state: State, news: Properties) -> None:
        self.aws.apigatewayv2.update_route_response(RouteResponseId=state.id, **self.request(news))

    def delete(self, state: State) -> None:
        self.aws.apigatewayv2.delete_route_response(**self._address(state))

    def _address(self, state: State) -> dict[str, Any]:
        parents = self.request({name: state.properties[name] for name in ("apiId", "routeId")})
        return {**parents, "RouteResponseId": state.id}


class Deployment(AwsResource):
    """aws.apigatewayv2.Deployment: a snapshot of the routes, made anew when `triggers` change."""

    args = apigatewayv2.DeploymentArgs
    inputs: ClassVar[Inputs] = {"apiId": "ApiId", "triggers": OWN}
    replaced_by = frozenset(inputs)
    outputs = frozenset({"autoDeployed"})

    def create(self, inputs: Properties) -> str:
        if not self.aws.apigatewayv2.get_routes(ApiId=text(inputs, "apiId"))["Items"]:
            raise ValueError("at least one route is required before an API can be deployed")
        return self.aws.apigatewayv2.create_deployment(**self.request(inputs))["DeploymentId"]

    def read(self, state: State) -> Properties:
        deployment = self.aws.apigatewayv2.get_deployment(
            ApiId=state.text("apiId"), DeploymentId=state.id
        )
        return {"autoDeployed": deployment.get("AutoDeployed", False)}

    def delete(self, state: State) -> None:
        api_id = state.text("apiId")
        for stage in self.aws.apigatewayv2.get_stages(ApiId=api_id)["Items"]:
            if stage.get("DeploymentId") == state.id:
                raise ValueError(
                    f"stage {stage['StageName']} still points to deployment {state.id}: AWS"
                    " refuses to delete it"
                )
        self.aws.apigatewayv2.delete_deployment(ApiId=api_id, DeploymentId=state.id)


class Stage(AwsResource):
    """aws.apigatewayv2.Stage."""

    args = apigatewayv2.StageArgs
    inputs: ClassVar[Inputs] = {
        "accessLogSettings": Block(
            "AccessLogSettings", {"destinationArn": "DestinationArn", "format": "Format"}
        ),
        "apiId": "ApiId",
        "autoDeploy": "AutoDeploy",
        "defaultRouteSettings": Block(
            "DefaultRouteSettings",
            {
                "throttlingBurstLimit": "ThrottlingBurstLimit",
                "throttlingRateLimit": "ThrottlingRateLimit",
            },
        ),
        "deploymentId": "DeploymentId",
        "name": "StageName",
        "routeSettings": Block(
            "RouteSettings",
            {
                "routeKey": "RouteKey",
                "throttlingBurstLimit": "ThrottlingBurstLimit",
                "throttlingRateLimit": "ThrottlingRateLimit",
            },
        ),
    }
    replaced_by = frozenset({"apiId", "name"})
    defaults: ClassVar[Properties] = {
        "accessLogSettings": None,
        "defaultRouteSettings": {},
        "routeSettings": [],
    }
    outputs = frozenset({"arn", "executionArn", "invokeUrl"})
    autoname = "name"

    def create(self, inputs: Properties) -> str:
        self._refuse_what_aws_refuses(inputs)
        return self.aws.apigatewayv2.create_stage(**self._stage(inputs))["StageName"]

    def read(self, state: State) -> Properties:
        api_id = state.text("apiId")
        api = self.aws.apigatewayv2.get_api(ApiId=api_id)
        stage = self.aws.apigatewayv2.get_stage(ApiId=api_id, StageName=state.id)
        routes = stage.get("RouteSettings", {}).items()
        path = "" if state.id == DEFAULT_STAGE else state.id
        return {
            **self.response(
                {**stage, "RouteSettings": [{"RouteKey": key, **value} for key, value in routes]}
            ),
            "arn": f"{_arn(self.aws, api_id)}/stages/{state.id}",
            "executionArn": f"{_execution_arn(self.aws, api_id)}/{state.id}",
            "invokeUrl": f"{_endpoint(self.aws, api_id, api['ProtocolType'])}/{path}",
        }

    def update(self, state: State, news: Properties) -> None:
        self._refuse_what_aws_refuses(news)
        stage = self._stage(news)
        for setting in self.request(state.properties).keys() & CLEARED_WHEN_EMPTY - stage.keys():
            stage[setting] = {}
        self.aws.apigatewayv2.update_stage(**stage)

    def delete(self, state: State) -> None:
        self.aws.apigatewayv2.delete_stage(ApiId=state.text("apiId"), StageName=state.id)

    def _stage(self, inputs: Properties) -> dict[str, Any]:
        """The request, with the route settings keyed by route key."""
        stage = self.request(inputs)
        settings = stage.get("RouteSettings", [])
        stage["RouteSettings"] = {setting.pop("RouteKey"): setting for setting in settings}
        return stage

    def _refuse_what_aws_refuses(self, inputs: Properties) -> None:
        """Raise for a deployment that does not exist, or for settings of a missing route."""
        api_id = text(inputs, "apiId")
        if "deploymentId" in inputs:
            self.aws.apigatewayv2.get_deployment(
                ApiId=api_id, DeploymentId=text(inputs, "deploymentId")
            )
        routes = self.aws.apigatewayv2.get_routes(ApiId=api_id)["Items"]
        for key in self._stage(inputs)["RouteSettings"].keys() - {r["RouteKey"] for r in routes}:
            raise ValueError(f"unable to find route by key {key} within the provided RouteSettings")


def _endpoint(aws: Session, api_id: str, protocol: str) -> str:
    url = f"{aws.api_gateway_url}/_aws/execute-api/{api_id}"
    return url.replace("http", "ws", 1) if protocol == "WEBSOCKET" else url


def _arn(aws: Session, api_id: str) -> str:
    return f"arn:aws:apigateway:{aws.region}::/apis/{api_id}"


def _execution_arn(aws: Session, api_id: str) -> str:
    return f"arn:aws:execute-api:{aws.region}:{aws.account}:{api_id}"
