"""The base class of all AWS resource types: their clients, and AWS's "not found" errors."""

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from local.provider import resource
from local.provider.aws.session import Session
from local.provider.values import Properties

# Each service has its own error code for "not found".
NOT_FOUND: Final = frozenset({
    "AWS.SimpleQueueService.NonExistentQueue", "DashboardNotFoundError", "NoSuchEntity", "NotFound",
    "NotFoundException", "QueueDoesNotExist", "ResourceNotFound", "ResourceNotFoundException",
})  # fmt: skip


class GoneError(Exception):
    """The resource is not in AWS's list."""


class AwsResource(resource.Resource):
    """An AWS resource type, with the clients of one configuration."""

    def __init__(self, session: Session) -> None:
        self.aws = session

    def is_missing(self, error: Exception) -> bool:
        """Whether AWS answered that the resource does not exist."""
        if isinstance(error, ClientError):
            return error.response.get("Error", {}).get("Code") in NOT_FOUND
        return isinstance(error, GoneError)

    def response(self, answered: Mapping[str, Any]) -> Properties:
        """What AWS answered, under Pulumi's names."""
        return resource.response(self.inputs, answered)

    def request(self, values: Properties) -> dict[str, Any]:
        """The values under AWS's names, which botocore checks against the service's model."""
        return resource.request(self.inputs, values)
