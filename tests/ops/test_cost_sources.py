"""The figures of a bill are those of the code, the settings and the measurements that they name."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from math import ceil
from typing import cast

import pytest

from bench.recorded import read_all
from components.settings.edge import EdgeSettings
from components.settings.load import parse_settings
from functions.glow import metrics
from functions.glow.paths import PATHS
from functions.glow.prices.items import item_of
from functions.glow.prices.row import Details
from functions.glow.sockets.subscriptions import subscription_key
from functions.glow.update import parse_update
from ops.cost import aws_path, edge_path, intake, quotas, usage
from ops.cost.load import MONTH_SECONDS, TYPICAL
from workspace.paths import REPOSITORY

SETTINGS = parse_settings(
    {"HeliusApiKey": "a-helius-api-key"}, secrets={"HeliusApiKey"}, stack="dev"
)
URNS = (REPOSITORY / "tests" / "stack" / "urns.txt").read_text().splitlines()
EXAMPLES = json.loads((REPOSITORY / "tests" / "contract" / "update.json").read_text())["examples"]
A_MINT = parse_update(EXAMPLES[1]["text"])  # with side and amounts


def test_limits_are_those_of_a_new_stack() -> None:
    assert SETTINGS.account_requests_per_second == quotas.API_REQUESTS_PER_SECOND
    assert SETTINGS.posts_per_second == quotas.POSTS_PER_SECOND
    assert SETTINGS.webhook_rate_limit == quotas.WEBHOOKS_PER_SECOND
    assert SETTINGS.rest_rate_limit == quotas.READS_PER_SECOND
    assert SETTINGS.websocket_rate_limit == quotas.CLIENT_MESSAGES_PER_SECOND
    assert SETTINGS.broadcast_concurrency == quotas.BROADCAST_WORKERS
    defaults = {name: field.default for name, field in EdgeSettings.model_fields.items()}
    assert defaults["max_connections_per_room"] == quotas.ROOM_SEATS
    assert defaults["max_clients_per_hub"] == edge_path.HUB_CLIENTS
    assert defaults["max_tokens_per_hub"] == quotas.HUB_TOKENS


def test_functions_are_those_of_a_new_stack() -> None:
    assert SETTINGS.lambda_memory_mb == usage.LAMBDA_MEMORY_MB
    assert SETTINGS.lambda_architecture == "arm64"
    assert SETTINGS.price_retention_days == 30


def test_stack_has_so_many_alarms_and_queues_with_a_worker() -> None:
    mappings = [urn for urn in URNS if "eventSourceMapping:EventSourceMapping" in urn]
    polled = [urn for urn in mappings if "CandleStore" not in urn]  # reading a stream is free

    assert sum("metricAlarm:MetricAlarm" in urn for urn in URNS) == intake.ALARMS
    assert sum("compositeAlarm:CompositeAlarm" in urn for urn in URNS) == intake.COMPOSITE_ALARMS
    assert sum("dashboard:Dashboard" in urn for urn in URNS) == intake.DASHBOARDS
    assert len(polled) == intake.FIFO_QUEUES + intake.STANDARD_QUEUES


def test_so_many_functions_send_to_queues_and_are_fed_from_them() -> None:
    policies = [urn for urn in URNS if "rolePolicy:RolePolicy" in urn]

    assert sum("-send-" in urn for urn in policies) == intake.SENDERS
    assert sum("-receive-" in urn for urn in policies) == intake.RECEIVERS


def test_functions_have_so_many_metrics() -> None:
    named = [each for each in vars(metrics).values() if isinstance(each, metrics.Metric)]
    rare = {  # written where not zero
        metrics.PREVIOUS_SECRET,
        metrics.PREVIOUS_LISTENER_SECRET,
        metrics.EDGE_PREVIOUS_SECRET,
        metrics.ROUTE_THROTTLED,
    }

    assert len({*named} - rare) + len(PATHS) == intake.METRICS


def test_update_of_a_mint_is_as_long_as_is_billed() -> None:
    assert 0.9 * aws_path.UPDATE_BYTES < len(A_MINT.to_json()) <= aws_path.UPDATE_BYTES
    assert len(A_MINT.to_json()) < edge_path.POST_BYTES


def test_rows_are_as_large_as_is_billed() -> None:
    details = Details(index_in_block=1_234)
    moment = {"expiresAt": {"N": "1" * 10}}
    arrival = {"arrivedAtMs": {"N": "1" * 13}, "indexInBody": {"N": "0"}}
    price_row = _bytes({**item_of(A_MINT, details), **moment, **arrival})
    subscription = {**subscription_key("L0SM9cOFvHcCIhw=", A_MINT.token), **moment}

    assert 0.9 * intake.PRICE_ROW_BYTES < price_row <= intake.PRICE_ROW_BYTES
    assert _bytes(subscription) == aws_path.SUBSCRIPTION_ROW_BYTES
    assert ceil(20 * intake.PRICE_ROW_BYTES / 4096) == intake.GATE_READS


def _bytes(item: Mapping[str, object]) -> int:
    """Names and texts count by their bytes, numbers by half their digits and one (AWS, "Item sizes")."""
    return sum(len(name) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: object) -> int:
    ((kind, text),) = cast("Mapping[str, str]", value).items()
    return len(text) if kind == "S" else ceil(len(text) / 2) + 1


def test_measured_figures_are_those_of_the_benchmarks() -> None:
    measured = read_all()
    (posts,) = (
        row[1] for row in measured["fan-out"].reports[0].rows if row[0] == "BroadcastWorker"
    )
    crowd = measured["room-crowd"].reports[0]

    assert round(1_000 / int(posts.replace(",", "")), 3) == float(aws_path.POST_MS)
    assert ("KiB/connection", "85") in [(row[0], row[1]) for row in crowd.rows]


def test_rooms_and_hubs_are_those_of_the_worker() -> None:
    assert _of_worker("limits.js", "linkPingMs: ") == edge_path.PING_SECONDS * 1000
    assert _of_worker("limits.js", "hubSeats: ") == quotas.ROOM_HUBS


def test_room_saves_as_late_as_the_worker_says() -> None:
    assert _of_worker("limits.js", "saveIdleMs: ") == edge_path.SAVE_IDLE_SECONDS * 1000
    assert _of_worker("limits.js", "saveBusyMs: ") == edge_path.SAVE_BUSY_SECONDS * 1000
    assert _of_worker("store.js", "const JOINED_UPDATES = ") == edge_path.JOINED_UPDATES


@pytest.mark.parametrize(
    ("updates_per_second", "rows"),
    [("0.05", 3.1), ("0.2", 12.4), ("0.25", 18.5), ("0.4", 27.0), ("1", 19.0), ("10", 17.1)],
)
def test_rows_written_in_a_minute_are_those_counted_on_workerd(
    updates_per_second: str, rows: float
) -> None:
    """Counted once, with a clock of its own, of `rowsWritten` and of alarms that were set."""
    load = replace(TYPICAL, tokens=1, updates_per_second=Decimal(updates_per_second))

    used = [usage for usage in edge_path.edge_path(load) if usage.price == "room_rows_written"]

    in_a_minute = sum(usage.amount for usage in used) / MONTH_SECONDS * 60
    assert float(in_a_minute) == pytest.approx(rows, rel=0.06)


def _of_worker(file: str, name: str) -> int:
    """The number that follows `name` in a module of the worker."""
    (number,) = re.findall(
        rf"{name}([\d_]+)[,;]$", (REPOSITORY / "worker" / file).read_text(), re.MULTILINE
    )
    return int(number)
