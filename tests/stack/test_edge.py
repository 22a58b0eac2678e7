"""The edge path: the worker, its address, and a new version only when something has changed."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from components.settings.changes import require_possible_change
from components.settings.load import parse_settings
from components.settings.problems import SettingsError
from tests.stack.recording import EDGE, EDGE_SECRET, ROOT, Deployment, Registered, Secret, deploy

ACCOUNT, ZONE = "a" * 32, "b" * 32
CUSTOM_DOMAIN = {"accountId": ACCOUNT, "zoneId": ZONE, "hostname": "edge.example.com"}
WORKERS_DEV = {"accountId": ACCOUNT, "workersDevSubdomain": "glow"}
WORKER = "cloudflare:index/worker:Worker"
VERSION = "cloudflare:index/workerVersion:WorkerVersion"
PREVIOUS = "what-the-edge-worker-expected"


@pytest.fixture(scope="module")
def edge() -> Deployment:
    return deploy(config=EDGE)


def deploy_edge(edge: object, stack: str = "prod", **config: str) -> Deployment:
    return deploy(stack, {**EDGE, "edge": json.dumps(edge), **config})


def cloudflare(deployment: Deployment) -> list[Registered]:
    return [each for each in deployment.resources if each.type.startswith("cloudflare:")]


def environment(function: Registered) -> dict[str, Any]:
    return function.inputs["environment"]["variables"]


def bindings(deployment: Deployment) -> dict[str, Any]:
    [version] = deployment.of_type(VERSION)
    return {
        binding["name"]: {key: value for key, value in binding.items() if key != "name"}
        for binding in version.inputs["bindings"]
    }


def test_without_edge_there_is_nothing_at_cloudflare(prod: Deployment) -> None:
    assert cloudflare(prod) == []
    assert "EdgeUrl" not in prod.outputs


def test_edge_is_a_worker_its_live_version_and_its_domain(edge: Deployment) -> None:
    worker, version, domain = cloudflare(edge)

    assert (worker.type, version.type) == (WORKER, VERSION)
    assert worker.inputs == {
        "accountId": ACCOUNT,
        "name": "glow-broadcast",
        "observability": {
            "enabled": True,
            "logs": {"enabled": True, "headSamplingRate": 1, "invocationLogs": False},
        },
        "subdomain": {"enabled": False, "previewsEnabled": False},
    }
    assert domain.type == "cloudflare:index/workersCustomDomain:WorkersCustomDomain"
    assert domain.inputs == {
        "accountId": ACCOUNT,
        "hostname": "edge.example.com",
        "service": "glow-broadcast",
        "zoneId": ZONE,
    }
    assert version.urn in domain.depends_on
    assert edge.outputs["EdgeUrl"] == "https://edge.example.com"


def test_version_is_live_at_once_and_declares_its_classes_without_migrations(
    edge: Deployment,
) -> None:
    version = edge.named("glow-edge-version").inputs

    assert set(version) == {
        *("accountId", "workerId", "deploy", "mainModule", "modules", "bindings", "exports"),
        "compatibilityDate",
    }
    assert version["workerId"] == "glow-edge-worker-id"
    assert version["deploy"] is True
    assert version["mainModule"] == "index.js"
    assert version["exports"] == {
        name: {"type": "durable-object", "storage": "sqlite"}
        for name in ("BroadcastRoom", "ClientHub")
    }


def test_what_is_in_the_folder_is_what_is_deployed(edge: Deployment) -> None:
    modules = edge.named("glow-edge-version").inputs["modules"]

    code = {file.name: file.read_bytes() for file in (ROOT / "worker").glob("*.js")}
    texts = {
        "glow.js.txt": (ROOT / "client" / "glow.js").read_bytes(),
        **{
            f"{file.name}.txt": file.read_bytes()
            for file in (ROOT / "worker" / "browser").rglob("*.js")
        },
    }
    assert {module["name"]: base64.b64decode(module["contentBase64"]) for module in modules} == {
        **code,
        **texts,
    }
    assert {module["name"]: module["contentType"] for module in modules} == {
        **dict.fromkeys(code, "application/javascript+module"),
        **dict.fromkeys(texts, "text/plain"),
    }
    assert [module["name"] for module in modules] == sorted(module["name"] for module in modules)


def test_version_does_not_depend_on_the_machine_that_deploys_it(edge: Deployment) -> None:
    assert str(Path.cwd()) not in str(edge.named("glow-edge-version").inputs)
    assert str(ROOT) not in str(edge.named("glow-edge-version").inputs)


def test_bindings_are_sorted_because_another_order_is_another_version() -> None:
    tokens = {"tokens": '{"SOL": "mintB", "BONK": "mintA"}'}
    [version] = deploy(config={**EDGE, **tokens}).of_type(VERSION)

    names = [binding["name"] for binding in version.inputs["bindings"]]

    assert names == sorted(names)


def test_worker_is_told_what_it_needs_and_no_more() -> None:
    told = bindings(
        deploy_edge(
            {
                **CUSTOM_DOMAIN,
                "region": "weur",
                "windowMs": 20,
                "maxConnectionsPerRoom": 5,
                "maxClientsPerHub": 6,
                "maxTokensPerHub": 107,
                "testPage": True,
            },
            EdgeBroadcastSecretPrevious=PREVIOUS,
            tokens='{"SOL": "mintB", "BONK": "mintA"}',
            allowedOrigins='["https://app.example.com", "null"]',
            requireOrigin="true",
        )
    )
    texts = {name: b["text"] for name, b in told.items() if b["type"] == "plain_text"}

    assert told["BROADCAST_ROOM"] == {
        "type": "durable_object_namespace",
        "className": "BroadcastRoom",
    }
    assert told["CLIENT_HUB"] == {
        "type": "durable_object_namespace",
        "className": "ClientHub",
    }
    assert told["CONNECT_LIMIT"] == {
        "type": "ratelimit",
        "namespaceId": "1717988283",
        "simple": {"limit": 1000, "period": 60},
    }
    assert texts == {
        "ALLOWED_ORIGINS": "https://app.example.com,null",
        "LOCATION_HINT": "weur",
        "LOG_SAMPLING": "0.1",
        "MAX_BUFFERED_BYTES": "262144",
        "MAX_CLIENTS_PER_HUB": "6",
        "MAX_CONNECTIONS_PER_ROOM": "5",
        "MAX_TOKENS_PER_HUB": "107",
        "REQUIRE_ORIGIN": "true",
        "REST_API_URL": "https://glow-prod-RestApi.example",
        "ROOM_GENERATION": "0",
        "TEST_PAGE": "true",
        "TOKENS": "BONK=mintA,SOL=mintB",
        "WEBSOCKET_URL": "wss://glow-prod-WebSocketApi.example/live",
        "WINDOW_MS": "20",
    }
    assert told["WEBHOOK_SECRET"] == {"type": "secret_text", "text": Secret(EDGE_SECRET)}
    assert told["WEBHOOK_SECRET_PREVIOUS"] == {"type": "secret_text", "text": Secret(PREVIOUS)}
    assert len(told) == 3 + len(texts) + 2


def test_points_go_to_the_workers_own_data_set_where_config_says_so(edge: Deployment) -> None:
    on = deploy_edge({**CUSTOM_DOMAIN, "analytics": True})

    assert "ANALYTICS" not in bindings(edge)
    assert bindings(on)["ANALYTICS"] == {"type": "analytics_engine", "dataset": "glow_broadcast"}


def test_variables_are_shown_because_the_provider_hides_them() -> None:
    outputs = deploy_edge({**CUSTOM_DOMAIN, "windowMs": 20}).outputs

    assert outputs["EdgeVariables"]["WINDOW_MS"] == "20"
    assert EDGE_SECRET not in str(outputs)


def test_only_the_fallback_leaves_rooms_and_hubs_unbound(edge: Deployment) -> None:
    fallback = deploy_edge({**CUSTOM_DOMAIN, "firstVersionWithoutBinding": True})

    assert set(bindings(edge)) - set(bindings(fallback)) == {
        "BROADCAST_ROOM",
        "CLIENT_HUB",
    }
    assert fallback.named("glow-edge-version").inputs["exports"]


def test_worker_of_prod_is_protected_and_its_versions_can_be_replaced(edge: Deployment) -> None:
    other = deploy("dev", EDGE)

    assert [each.name for each in cloudflare(edge) if each.protect] == ["glow-edge-worker"]
    assert not any(each.protect for each in cloudflare(other))


def test_route_has_a_record_of_its_own() -> None:
    _, version, record, route = cloudflare(deploy_edge({**CUSTOM_DOMAIN, "route": True}))

    assert record.inputs == {
        "zoneId": ZONE,
        "name": "edge.example.com",
        "type": "AAAA",
        "content": "100::",
        "ttl": 1,
        "proxied": True,
    }
    assert route.inputs == {
        "zoneId": ZONE,
        "pattern": "edge.example.com/*",
        "script": "glow-broadcast",
    }
    assert version.urn in route.depends_on


@pytest.mark.parametrize(
    ("place", "route"), [("edge.example.com/*", False), ("edge.example.com", True)]
)
def test_route_and_domain_do_not_follow_each_other_on_one_hostname(
    place: str, *, route: bool
) -> None:
    with pytest.raises(SettingsError) as refused:
        deploy(
            config={**EDGE, "edge": json.dumps({**CUSTOM_DOMAIN, "route": route})},
            last_outputs={"EdgePlace": place},
        )

    assert f"glow:edge.route is {str(route).lower()}, but it was" in str(refused.value)
    assert "pulumi config set --plaintext --path edge.hostname" in str(refused.value)


@pytest.mark.parametrize(
    ("place", "now"),
    [
        ("edge-2.example.com/*", CUSTOM_DOMAIN),
        ("edge-2.example.com", {**CUSTOM_DOMAIN, "route": True}),
        ("edge.example.com", CUSTOM_DOMAIN),
        ("edge.example.com", WORKERS_DEV),
        ("glow.workers.dev", {**CUSTOM_DOMAIN, "route": True}),
    ],
)
def test_any_other_change_of_address_is_deployed(place: str, now: dict[str, object]) -> None:
    settings = parse_settings(
        {"HeliusWebhookSecret": PREVIOUS, **EDGE, "edge": json.dumps(now)},
        secrets={"HeliusWebhookSecret", "EdgeBroadcastSecret"},
        stack="prod",
    )

    require_possible_change(settings, "prod", last={"EdgePlace": place})


def test_route_of_the_last_up_is_known(edge: Deployment) -> None:
    on = deploy_edge({**CUSTOM_DOMAIN, "route": True})

    assert (edge.outputs["EdgePlace"], on.outputs["EdgePlace"]) == (
        "edge.example.com",
        "edge.example.com/*",
    )


def test_without_a_zone_it_answers_at_workers_dev() -> None:
    deployment = deploy_edge(WORKERS_DEV, stack="dev")
    worker, _ = cloudflare(deployment)

    assert worker.inputs["name"] == "glow-broadcast-dev"
    assert worker.inputs["subdomain"] == {"enabled": True, "previewsEnabled": False}
    assert deployment.outputs["EdgeUrl"] == "https://glow-broadcast-dev.glow.workers.dev"


def test_explicit_url_wins_and_needs_no_worker() -> None:
    url = "https://elsewhere.example.com"
    config = {"EdgeBroadcastSecret": EDGE_SECRET, "EdgeBroadcastUrl": url}
    alone, beside = deploy(config=config), deploy(config={**EDGE, **config})

    assert cloudflare(alone) == []
    assert alone.outputs["EdgeUrl"] == beside.outputs["EdgeUrl"] == url


@pytest.mark.parametrize("function", ["webhook", "edge-retry", "route-mover", "route-worker"])
def test_functions_that_post_are_changed_after_the_worker(edge: Deployment, function: str) -> None:
    deployed = {edge.named(f"glow-edge-{part}").urn for part in ("version", "domain")}

    assert deployed <= edge.named(f"glow-{function}-function").depends_on


def test_flag_changes_the_routing_and_nothing_else(edge: Deployment) -> None:
    on = deploy(config={**EDGE, "USE_EDGE_BROADCAST": "true"})
    before, after = ({each.urn: each for each in d.resources} for d in (edge, on))

    changed = [urn for urn in before.keys() | after.keys() if before.get(urn) != after.get(urn)]

    assert {before[urn].name for urn in changed} == {
        *(
            f"glow-{each}-function"
            for each in ("webhook", "connections", "discovery", "later", "completion", "quotes")
        ),
        "glow-route-control-change",
    }
    for urn in changed:
        if before[urn].type == "aws:lambda/function:Function":
            told, news = environment(before[urn]), environment(after[urn])
            assert {name for name in told | news if told.get(name) != news.get(name)} == {
                "USE_EDGE_BROADCAST"
            }
