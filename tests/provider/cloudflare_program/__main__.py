"""One resource of each type that the stand-in knows. `tiny-edge:fault` declares only a wrong one."""

from pathlib import Path

import pulumi
import pulumi_cloudflare as cloudflare

CODE = Path(__file__).parent / "code"

config = pulumi.Config()
account, zone, place = config.require("account"), config.require("zone"), config.require("place")
# Durable Object class → state; None for a live class. Live classes are bound under their own names.
classes: dict[str, str | None] = config.get_object("classes", {"Counter": None})

match config.get("fault"):
    case "unhandled-input":
        cloudflare.Worker(
            "worker",
            account_id=account,
            name="tiny",
            subdomain=cloudflare.WorkerSubdomainArgs(url="https://tiny.example"),
        )
    case "missing-input":
        cloudflare.WorkersRoute("route", zone_id=zone)
    case "unknown-type":
        cloudflare.R2Bucket("files", account_id=account, name="files")
    case "another-account":
        cloudflare.Worker("worker", account_id="another", name="tiny")
    case _:
        pass
if config.get("fault"):
    raise SystemExit(0)

worker = cloudflare.Worker(
    "worker",
    account_id=account,
    name="tiny",
    observability=cloudflare.WorkerObservabilityArgs(enabled=place == "here"),
    subdomain=cloudflare.WorkerSubdomainArgs(enabled=False, previews_enabled=False),
)
version = cloudflare.WorkerVersion(
    "version",
    account_id=account,
    worker_id=worker.id,
    deploy=True,
    compatibility_date="2026-04-07",
    main_module="index.js",
    modules=[
        cloudflare.WorkerVersionModuleArgs(
            name=name,
            content_type=content_type,
            content_file=str(CODE / name),
        )
        for name, content_type in (
            ("answer.js", "application/javascript+module"),
            ("classes.js", "application/javascript+module"),
            ("greeting.txt", "text/plain"),
            ("index.js", "application/javascript+module"),
        )
    ],
    bindings=[
        *(
            cloudflare.WorkerVersionBindingArgs(
                name=name, type="durable_object_namespace", class_name=name
            )
            for name, state in sorted(classes.items())
            if state is None
        ),
        cloudflare.WorkerVersionBindingArgs(name="DATA", type="analytics_engine", dataset="data"),
        cloudflare.WorkerVersionBindingArgs(
            name="LIMIT",
            type="ratelimit",
            namespace_id="7",
            simple=cloudflare.WorkerVersionBindingSimpleArgs(limit=100, period=60),
        ),
        cloudflare.WorkerVersionBindingArgs(name="PLACE", type="plain_text", text=place),
        cloudflare.WorkerVersionBindingArgs(
            name="TOKEN", type="secret_text", text=config.require_secret("token")
        ),
    ],
    exports={
        name: cloudflare.WorkerVersionExportsArgs(type="durable-object", storage="sqlite")
        if state is None
        else cloudflare.WorkerVersionExportsArgs(type="durable-object", state=state)
        for name, state in classes.items()
    },
)
deployed = pulumi.ResourceOptions(depends_on=[version])
cloudflare.WorkersCustomDomain(
    "domain",
    account_id=account,
    hostname="edge.glow.test",
    service=worker.name,
    zone_id=zone,
    opts=deployed,
)
cloudflare.WorkersRoute(
    "route", zone_id=zone, pattern=f"{place}.glow.test/*", script=worker.name, opts=deployed
)
cloudflare.DnsRecord(
    "record",
    zone_id=zone,
    name="here.glow.test",
    type="AAAA",
    content="100::",
    ttl=1 if place == "here" else 60,
    proxied=True,
)

pulumi.export("versionNumber", version.number)
