"""The WebSocket API without its routes: the functions need its addresses before they exist."""

import re
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.function_role import FunctionRole

STAGE: Final = "live"


@dataclass(frozen=True, kw_only=True)
class WebSocketApiArgs:
    prefix: str


class WebSocketApi(pulumi.ComponentResource):
    """API Gateway WebSocket API without routes, and the right to post to its connections.

    It is made before the functions, which are told both URLs; `WebSocketStage` then gives it
    the routes that call them.
    """

    api: aws.apigatewayv2.Api
    url: pulumi.Output[str]
    """Where clients connect; it answers once there is a stage."""
    callback_url: pulumi.Output[str]

    def __init__(
        self, name: str, args: WebSocketApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:WebSocketApi", name, None, opts)
        self.api = aws.apigatewayv2.Api(
            f"{name}-api",
            name=f"{args.prefix}-WebSocketApi",
            protocol_type="WEBSOCKET",
            route_selection_expression="$request.body.action",
            opts=pulumi.ResourceOptions(parent=self),
        )
        endpoint = self.api.api_endpoint.apply(lambda url: re.sub("^ws", "http", url))
        self.url = pulumi.Output.concat(self.api.api_endpoint, "/", STAGE)
        self.callback_url = pulumi.Output.concat(endpoint, "/", STAGE)
        self.register_outputs({"url": self.url, "callbackUrl": self.callback_url})

    def allow_post(self, role: FunctionRole) -> None:
        role.allow("post", actions=["execute-api:ManageConnections"], on=[self._calls("POST")])

    def allow_ask(self, role: FunctionRole) -> None:
        """Let the function ask whether a connection is there."""
        role.allow("ask", actions=["execute-api:ManageConnections"], on=[self._calls("GET")])

    def allow_disconnect(self, role: FunctionRole) -> None:
        """Let the function close a connection, so that its client notices and resumes."""
        role.allow(
            "disconnect", actions=["execute-api:ManageConnections"], on=[self._calls("DELETE")]
        )

    def _calls(self, method: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(
            self.api.execution_arn, "/", STAGE, "/", method, "/@connections/*"
        )
