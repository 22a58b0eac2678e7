"""The Cloudflare resource types that the program uses, for an API such as local/cloudflare's."""

from collections.abc import Mapping
from importlib import metadata
from typing import Final

from local.provider.cloudflare import worker, worker_version, zone
from local.provider.cloudflare.api import SETTINGS, Api
from local.provider.cloudflare.base import CloudflareResource
from local.provider.resource import Cloud, Connected
from local.provider.values import Properties

RESOURCES: Final[Mapping[str, type[CloudflareResource]]] = {
    "cloudflare:index/dnsRecord:DnsRecord": zone.DnsRecord,
    "cloudflare:index/worker:Worker": worker.Worker,
    "cloudflare:index/workerVersion:WorkerVersion": worker_version.WorkerVersion,
    "cloudflare:index/workersCustomDomain:WorkersCustomDomain": zone.CustomDomain,
    "cloudflare:index/workersRoute:WorkersRoute": zone.Route,
}


class Cloudflare(Cloud):
    """Stands in for pulumi-resource-cloudflare: same type tokens and settings."""

    version = metadata.version("pulumi-cloudflare")
    settings = SETTINGS
    # Nothing: each resource has its account as an input, and a new URL or token reaches the same
    # resources.
    replaced_by = frozenset[str]()
    resources = RESOURCES

    def connect(self, config: Properties) -> Connected:
        api = Api.of(config)
        return Connected(
            resources={token: kind(api) for token, kind in RESOURCES.items()}, functions={}
        )
