"""The edge path: a Cloudflare Worker, its rooms and hubs (Durable Objects), and its address."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.verification import listener_secrets
from components.packaging import WorkerModule
from components.settings.access_tokens import AccessTokens
from components.settings.bearer_secret import BearerSecret
from components.settings.edge import EdgeSettings

# The date that tests/worker runs with; a later one may change what the runtime does.
_COMPATIBILITY_DATE: Final = "2026-04-07"
_MAIN_MODULE: Final = "index.js"
# Binding → class, of the rooms of one token each and of the hubs for clients of many.
_CLASSES: Final = {"BROADCAST_ROOM": "BroadcastRoom", "CLIENT_HUB": "ClientHub"}
# Discard-Only Address Block (RFC 6666): Cloudflare proxies the record, and nothing is behind it.
_NOWHERE: Final = "100::"
_AUTOMATIC_TTL: Final = 1
_SECONDS_PER_MINUTE: Final = 60
_MAX_LIMIT_NAMESPACE: Final = 2**31 - 1  # no bound is documented; this fits a signed integer


@dataclass(frozen=True, kw_only=True)
class EdgeBroadcastArgs:
    settings: EdgeSettings
    worker_name: str
    protected: bool
    modules: Sequence[WorkerModule]
    secret: BearerSecret
    access_tokens: AccessTokens
    variables: Mapping[str, pulumi.Input[str]]


class EdgeBroadcast(pulumi.ComponentResource):
    """A Worker that runs the version of this program, and what leads requests to it.

    `WorkersScript` would send its migrations again with each change (docs/edge.md).
    """

    version: cloudflare.WorkerVersion
    address: list[pulumi.Resource]

    def __init__(
        self, name: str, args: EdgeBroadcastArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:cloudflare:EdgeBroadcast", name, None, opts)
        self._name = name
        self._worker = self._named_worker(args)
        self.version = self._live_version(args)
        self.address = self._address(args)
        self.register_outputs({"worker": self._worker.name, "version": self.version.id})

    @property
    def deployed(self) -> list[pulumi.Resource]:
        """What has to be in place before a function posts to the worker."""
        return [self.version, *self.address]

    def _named_worker(self, args: EdgeBroadcastArgs) -> cloudflare.Worker:
        return cloudflare.Worker(
            f"{self._name}-worker",
            account_id=args.settings.account_id,
            name=args.worker_name,
            observability=cloudflare.WorkerObservabilityArgs(
                enabled=True,
                # A line for each request would cost more than the edge itself (docs/edge.md). What
                # the worker writes of its own it samples itself: an error must not be left out.
                logs=cloudflare.WorkerObservabilityLogsArgs(
                    enabled=True, head_sampling_rate=1, invocation_logs=False
                ),
            ),
            subdomain=cloudflare.WorkerSubdomainArgs(
                enabled=args.settings.hostname is None, previews_enabled=False
            ),
            # Deleting a worker deletes what its objects have stored.
            opts=pulumi.ResourceOptions(parent=self, protect=args.protected),
        )

    def _live_version(self, args: EdgeBroadcastArgs) -> cloudflare.WorkerVersion:
        return cloudflare.WorkerVersion(
            f"{self._name}-version",
            account_id=args.settings.account_id,
            worker_id=self._worker.id,
            deploy=True,
            main_module=_MAIN_MODULE,
            modules=[
                cloudflare.WorkerVersionModuleArgs(
                    name=module.name,
                    content_type=module.content_type,
                    # Not content_file: its path would make a new version on each machine.
                    content_base64=base64.b64encode(module.content).decode(),
                )
                for module in args.modules
            ],
            bindings=_bindings(args),
            compatibility_date=_COMPATIBILITY_DATE,
            exports={
                class_name: cloudflare.WorkerVersionExportsArgs(
                    type="durable-object", storage="sqlite"
                )
                for class_name in _CLASSES.values()
            },
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _address(self, args: EdgeBroadcastArgs) -> list[pulumi.Resource]:
        hostname, zone_id = args.settings.hostname, args.settings.zone_id
        if hostname is None or zone_id is None:
            return []
        if args.settings.route:
            return self._route(hostname, zone_id)
        # Made after a version is live: a domain without one answers with an error page.
        domain = cloudflare.WorkersCustomDomain(
            f"{self._name}-domain",
            account_id=args.settings.account_id,
            hostname=hostname,
            service=self._worker.name,
            zone_id=zone_id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.version]),
        )
        return [domain]

    def _route(self, hostname: str, zone_id: str) -> list[pulumi.Resource]:
        after_version = pulumi.ResourceOptions(parent=self, depends_on=[self.version])
        record = cloudflare.DnsRecord(
            f"{self._name}-record",
            zone_id=zone_id,
            name=hostname,
            type="AAAA",
            content=_NOWHERE,
            ttl=_AUTOMATIC_TTL,
            proxied=True,
            opts=after_version,
        )
        route = cloudflare.WorkersRoute(
            f"{self._name}-route",
            zone_id=zone_id,
            pattern=f"{hostname}/*",
            script=self._worker.name,
            opts=after_version,
        )
        return [record, route]


def _limit_namespace(worker_name: str) -> str:
    """A whole number above zero that is this worker's: the limits of one number are counted as one
    in the whole account."""
    return str(1 + zlib.crc32(worker_name.encode()) % _MAX_LIMIT_NAMESPACE)


def _bindings(args: EdgeBroadcastArgs) -> list[cloudflare.WorkerVersionBindingArgs]:
    """Sorted by name: the provider takes another order for a new version."""
    bindings = {
        "CONNECT_LIMIT": cloudflare.WorkerVersionBindingArgs(
            name="CONNECT_LIMIT",
            type="ratelimit",
            namespace_id=_limit_namespace(args.worker_name),
            simple=cloudflare.WorkerVersionBindingSimpleArgs(
                limit=args.settings.connects_per_minute, period=_SECONDS_PER_MINUTE
            ),
        )
    }
    if args.settings.analytics:
        bindings["ANALYTICS"] = cloudflare.WorkerVersionBindingArgs(
            name="ANALYTICS",
            type="analytics_engine",
            dataset=args.worker_name.replace("-", "_"),  # it is a table's name in SQL
        )
    if not args.settings.first_version_without_binding:
        for name, class_name in _CLASSES.items():
            bindings[name] = cloudflare.WorkerVersionBindingArgs(
                name=name, type="durable_object_namespace", class_name=class_name
            )
    for name, text in args.variables.items():
        bindings[name] = cloudflare.WorkerVersionBindingArgs(
            name=name, type="plain_text", text=text
        )
    secrets = {
        "WEBHOOK_SECRET": args.secret.current,
        "WEBHOOK_SECRET_PREVIOUS": args.secret.previous,
        **listener_secrets(args.access_tokens),
    }
    for name, secret in secrets.items():
        if secret is not None:
            bindings[name] = cloudflare.WorkerVersionBindingArgs(
                name=name, type="secret_text", text=pulumi.Output.secret(secret)
            )
    return [bindings[name] for name in sorted(bindings)]
