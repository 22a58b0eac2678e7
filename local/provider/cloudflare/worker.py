"""Workers: their name and settings, without code."""

from typing import ClassVar, Final

from pulumi_cloudflare import WorkerArgs

from local.provider.cloudflare.base import CloudflareResource
from local.provider.resource import OWN, Block, Inputs, State
from local.provider.values import Properties, text

TRACES: Final = {
    "enabled": "enabled",
    "headSamplingRate": "head_sampling_rate",
    "persist": "persist",
}


class Worker(CloudflareResource):
    """cloudflare.Worker.

    The real provider has more outputs: when the Worker was updated and deployed, and what refers to
    it. They are left out, because they change with each version and domain without an update.
    """

    args = WorkerArgs
    inputs: ClassVar[Inputs] = {
        "accountId": OWN,
        "force": OWN,
        "logpush": "logpush",
        "name": "name",
        "observability": Block(
            "observability",
            {
                "enabled": "enabled",
                "headSamplingRate": "head_sampling_rate",
                "logs": Block("logs", {**TRACES, "invocationLogs": "invocation_logs"}),
                "traces": Block("traces", TRACES),
            },
        ),
        "subdomain": Block(
            "subdomain", {"enabled": "enabled", "previewsEnabled": "previews_enabled"}
        ),
        "tags": "tags",
        "tailConsumers": Block("tail_consumers", {"name": "name"}),
    }
    replaced_by = frozenset({"accountId"})
    defaults: ClassVar[Properties] = {
        "logpush": False,
        "observability": {"enabled": False},
        "subdomain": {"enabled": False, "previewsEnabled": False},
        "tags": [],
        "tailConsumers": [],
    }
    outputs = frozenset({"createdOn"})
    importable = True

    @classmethod
    def imported(cls, given: str) -> State:
        """What is known of a Worker: its id is imported as `<account id>/<worker id>`."""
        account, _, worker = given.partition("/")
        return State(worker, {"accountId": account})

    def create(self, inputs: Properties) -> str:
        return self.api.create(_path(inputs), self.request(inputs))

    def read(self, state: State) -> Properties:
        worker = self.api.call("GET", f"{_path(state.properties)}/{state.id}")
        return {**self.response(worker), "createdOn": worker["created_on"]}

    def update(self, state: State, news: Properties) -> None:
        self.api.call("PUT", f"{_path(news)}/{state.id}", self.request(news))

    def delete(self, state: State) -> None:
        forced = {"force": "true"} if state.properties.get("force") else None
        self.api.call("DELETE", f"{_path(state.properties)}/{state.id}", query=forced)


def _path(properties: Properties) -> str:
    return f"accounts/{text(properties, 'accountId')}/workers/workers"
