"""The base class of all Cloudflare resource types: the API, and its "not found" errors."""

from local.provider import resource
from local.provider.cloudflare.api import Api, ApiError
from local.provider.values import Properties, Value


class CloudflareResource(resource.Resource):
    """A Cloudflare resource type, with the API of one configuration."""

    deletes_what_is_gone = False

    def __init__(self, api: Api) -> None:
        self.api = api

    def is_missing(self, error: Exception) -> bool:
        """Whether Cloudflare answered that the resource does not exist."""
        return isinstance(error, ApiError) and error.status == 404

    def response(self, answered: Properties) -> Properties:
        """What Cloudflare answered, under Pulumi's names."""
        return resource.response(self.inputs, answered)

    def request(self, values: Properties) -> dict[str, Value]:
        """The values under Cloudflare's names."""
        return resource.request(self.inputs, values)
