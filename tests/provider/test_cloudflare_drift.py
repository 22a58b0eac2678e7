"""What was changed or deleted by hand in Cloudflare is seen by a refresh."""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import grpc
import pytest

from local.provider.cloudflare import RESOURCES, Cloudflare
from local.provider.cloudflare.api import Api
from local.provider.echoed import ECHOED
from local.provider.resource import State
from local.provider.values import Properties, Value
from tests.provider.client import Found, Provider, served
from tests.provider.cloudflare_engine import LocalCloudflare

DOMAIN: Final = "cloudflare:index/workersCustomDomain:WorkersCustomDomain"
RECORD: Final = "cloudflare:index/dnsRecord:DnsRecord"
ROUTE: Final = "cloudflare:index/workersRoute:WorkersRoute"
VERSION: Final = "cloudflare:index/workerVersion:WorkerVersion"
WORKER: Final = "cloudflare:index/worker:Worker"

CODE: Final = b'export default { fetch: () => new Response("here") };'

Made: TypeAlias = Mapping[str, Found]


@dataclass(frozen=True)
class Account:
    """The account's address, its API, and a provider that is connected to it."""

    id: str
    zone: str
    api: Api
    provider: Provider
    config: Properties


@dataclass(frozen=True)
class ByHand:
    """A change outside Pulumi, and the input in which a refresh shows it."""

    token: str
    change: Callable[[Account, Made], object]
    shown: Properties


def _worker(account: Account, made: Made) -> str:
    return f"accounts/{account.id}/workers/workers/{made[WORKER].id}"


CHANGES: Final = (
    ByHand(
        WORKER,
        lambda account, made: account.api.call(
            "PUT",
            _worker(account, made),
            {"name": "kept", "observability": {"enabled": True}, "subdomain": {"enabled": True}},
        ),
        {
            "observability": {"enabled": True},
            "subdomain": {"enabled": True},
            "tags": [],
        },
    ),
    ByHand(
        DOMAIN,
        lambda account, _: account.api.call(
            "PUT",
            f"accounts/{account.id}/workers/domains",
            {"hostname": "kept.glow.test", "service": "other", "zone_id": account.zone},
        ),
        {"service": "other"},
    ),
    ByHand(
        ROUTE,
        lambda account, made: account.api.call(
            "PUT",
            f"zones/{account.zone}/workers/routes/{made[ROUTE].id}",
            {"pattern": "other.glow.test/*", "script": "other"},
        ),
        {"pattern": "other.glow.test/*", "script": "other"},
    ),
    ByHand(
        RECORD,
        lambda account, made: account.api.call(
            "PUT",
            f"zones/{account.zone}/dns_records/{made[RECORD].id}",
            {
                "name": "kept-record.glow.test",
                "type": "AAAA",
                "content": "100::",
                "ttl": 60,
                "comment": "mine",
            },
        ),
        {"comment": "mine", "proxied": False, "ttl": 60},
    ),
)

# A version never changes; new code is a new version.
UNCHANGEABLE: Final = frozenset({VERSION})

# Deleted by hand, in this order. Cloudflare deletes a Worker's versions with it.
DELETIONS: Final[tuple[Callable[[Account, Made], str], ...]] = (
    lambda account, made: f"zones/{account.zone}/dns_records/{made[RECORD].id}",
    lambda account, made: f"zones/{account.zone}/workers/routes/{made[ROUTE].id}",
    lambda account, made: f"accounts/{account.id}/workers/domains/{made[DOMAIN].id}",
    _worker,
)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with (
        LocalCloudflare(tmp_path_factory.mktemp("cloudflare")) as cloudflare,
        served(Cloudflare()) as provider,
    ):
        ready = cloudflare.ready
        config: Properties = {
            "apiToken": ready["account"]["apiToken"],
            "baseUrl": ready["api"],
        }
        provider.configure(config)
        zone = ready["account"]["zone"]["id"]
        made = Account(ready["account"]["id"], zone, Api.of(config), provider, config)
        make_worker(made, "other")
        yield made


@pytest.fixture(scope="module")
def kept(account: Account) -> Made:
    return make_all(account, "kept")


@pytest.fixture(scope="module")
def deleted(account: Account) -> Made:
    """Resources that somebody has deleted."""
    made = make_all(account, "gone")
    for path in DELETIONS:
        account.api.call("DELETE", path(account, made))
    return made


def make_worker(account: Account, name: str) -> dict[str, Found]:
    """Make a Worker with a deployed version."""
    worker = account.provider.make(
        WORKER,
        {
            "accountId": account.id,
            "name": name,
            "observability": {"enabled": False},
            "subdomain": {"enabled": False},
            "tags": ["mine"],
        },
    )
    module: Value = {
        "name": "index.js",
        "contentType": "application/javascript+module",
        "contentBase64": base64.b64encode(CODE).decode(),
    }
    inputs: Properties = {
        "accountId": account.id,
        "workerId": worker.id,
        "deploy": True,
        "compatibilityDate": "2026-04-07",
        "mainModule": "index.js",
        "modules": [module],
        "bindings": [
            {"name": "TOKEN", "type": "secret_text", "text": "open-sesame"},
            {"name": "PLACE", "type": "plain_text", "text": "here"},
        ],
    }
    version = account.provider.make(VERSION, RESOURCES[VERSION].completed(inputs))
    return {WORKER: worker, VERSION: version}


def make_all(account: Account, name: str) -> Made:
    """Make one resource of each type."""
    made = make_worker(account, name)
    domain: Properties = {
        "accountId": account.id,
        "hostname": f"{name}.glow.test",
        "service": name,
        "zoneId": account.zone,
    }
    route: Properties = {"zoneId": account.zone, "pattern": f"{name}.glow.test/*", "script": name}
    record: Properties = {
        "zoneId": account.zone,
        "name": f"{name}-record.glow.test",  # a domain has a record of its own
        "type": "AAAA",
        "content": "100::",
        "ttl": 1,
        "proxied": True,
    }
    for token, inputs in ((DOMAIN, domain), (ROUTE, route), (RECORD, record)):
        made[token] = account.provider.make(token, inputs)
    return made


def _read(account: Account, token: str, known: Found) -> Found:
    return account.provider.read(token, known.id, known.inputs, known.properties)


def _changed(before: Properties, after: Properties) -> Properties:
    names = before.keys() | after.keys()
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


def test_every_type_is_in_the_tables() -> None:
    assert {by_hand.token for by_hand in CHANGES} | UNCHANGEABLE == set(RESOURCES)


@pytest.mark.parametrize("token", RESOURCES)
def test_every_input_is_read_or_listed_as_echoed(token: str, account: Account, kept: Made) -> None:
    known = kept[token]
    resource = Cloudflare().connect(account.config).resources[token]
    answered = resource.read(State(known.id, known.properties))
    unanswered = {name for name in known.inputs if answered.get(name) is None}
    assert unanswered == ECHOED.get(token, {}).keys() & known.inputs.keys()


@pytest.mark.parametrize("token", RESOURCES)
def test_what_nobody_touched_is_read_as_it_was_made(
    token: str, account: Account, kept: Made
) -> None:
    found = _read(account, token, kept[token])
    assert found.inputs == kept[token].inputs
    assert found.properties == kept[token].properties


@pytest.mark.parametrize("by_hand", CHANGES, ids=lambda by_hand: by_hand.token)
def test_change_by_hand_is_seen_and_undone(by_hand: ByHand, account: Account, kept: Made) -> None:
    token, known = by_hand.token, kept[by_hand.token]
    by_hand.change(account, kept)
    found = _read(account, token, known)
    assert _changed(known.inputs, found.inputs) == by_hand.shown
    assert _changed(known.properties, found.properties).items() >= by_hand.shown.items()
    if by_hand.shown.keys() & RESOURCES[token].replaced_by:
        return
    account.provider.update(token, found, known.inputs)
    assert _read(account, token, known).inputs == known.inputs


@pytest.mark.parametrize("token", RESOURCES)
def test_what_was_deleted_by_hand_is_gone(token: str, account: Account, deleted: Made) -> None:
    assert _read(account, token, deleted[token]) == Found("", {}, {})


@pytest.mark.parametrize("token", sorted(RESOURCES.keys() - {VERSION}))
def test_deleting_what_is_gone_fails_as_in_the_real_provider(
    token: str, account: Account, deleted: Made
) -> None:
    with pytest.raises(grpc.RpcError, match=r"\[code: \d+\]"):
        account.provider.delete(token, deleted[token].id, deleted[token].properties)


def test_worker_that_wrangler_deployed_is_imported(account: Account) -> None:
    body: Properties = {"name": "wranglers", "subdomain": {"enabled": True}}
    worker = account.api.create(f"accounts/{account.id}/workers/workers", body)
    found = account.provider.read(WORKER, f"{account.id}/{worker}", {})
    assert found.id == worker
    assert found.inputs.items() >= {"accountId": account.id, "name": "wranglers"}.items()
    assert found.inputs["subdomain"] == {"enabled": True, "previewsEnabled": False}
