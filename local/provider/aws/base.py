"""What all AWS resource types share: their clients, and how AWS says that something is not there."""

from typing import Any, Final

from botocore.exceptions import ClientError

from local.provider import resource
from local.provider.aws.session import Session
from local.provider.values import Properties

# Each service has its own word for it.
NOT_FOUND: Final = frozenset({
    "AWS.SimpleQueueService.NonExistentQueue", "NoSuchEntity", "NotFound", "NotFoundException",
    "QueueDoesNotExist", "ResourceNotFoundException",
})  # fmt: skip


class GoneError(Exception):
    """The thing is not among those that AWS lists."""


class AwsResource(resource.Resource):
    """An AWS resource type on the clients of one configuration."""

    def __init__(self, session: Session) -> None:
        self.aws = session

    def is_missing(self, error: Exception) -> bool:
        """Whether AWS answered that there is no such thing."""
        if isinstance(error, ClientError):
            return error.response.get("Error", {}).get("Code") in NOT_FOUND
        return isinstance(error, GoneError)

    def request(self, values: Properties) -> dict[str, Any]:
        """The values under AWS's names. botocore checks them against the service's model."""
        return resource.request(self.inputs, values)
