"""`pulumi up`, again, after a crash of the cloud, and down: the stack's own life."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from getpass import getuser
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.cloud import LocalCloud
from local.errors import LocalError
from local.stack import EDGE_SECRET, HELIUS_API_KEY, WEBHOOK_SECRET, LocalStack
from tests.local.aws import Aws
from tests.local.helius import registered
from tests.local.processes import ProcessList
from tests.local.wire import Listeners, Wire, a_trade, wait_for
from workspace.errors import WorkspaceError
from workspace.paths import REPOSITORY


@pytest.fixture
def own_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("own"), aws_port=0, worker_port=0) as cloud:
        yield cloud


def test_preview_after_up_shows_no_change(stack: LocalStack) -> None:
    stack.preview(expect_no_changes=True)


def test_no_secret_is_in_state_outputs_logs_or_a_process_list(
    stack: LocalStack, cloud: LocalCloud, wire: Wire, aws: Aws, processes: ProcessList
) -> None:
    wire.send(a_trade(), token="SECRETIVE")
    with ProcessList() as while_set:
        wait_for(
            lambda: stack.config_set(WEBHOOK_SECRET, wire.key, secret=True),
            lambda _: while_set.shows("pulumi", "config set", WEBHOOK_SECRET),
            "a look at the command that sets a secret",
        )
    config: dict[str, Any] = json.loads(stack.run("config", "--json", "--show-secrets"))
    secrets = {
        key: each["value"]
        for key, each in config.items()
        if each["secret"] and key.startswith(("glow:", "cloudflare:"))
    }
    lines = list(_logged(aws))
    assert any("SECRETIVE" in line for line in lines)
    assert processes.shows("pulumi", "up --yes")
    places = {
        "state": stack.run("stack", "export"),
        "outputs": str(stack.outputs()),
        "processes": "\n".join(processes.seen | while_set.seen),
        "functions' logs": "\n".join(lines),
        **{log.name: log.read_text(errors="replace") for log in cloud.root.rglob("*.log")},
    }

    assert {HELIUS_API_KEY, WEBHOOK_SECRET, EDGE_SECRET} <= {*secrets}
    found = [
        (key, place)
        for key, secret in secrets.items()
        for place, text in places.items()
        if secret in text
    ]
    assert found == []


def _logged(aws: Aws) -> Iterator[str]:
    """Every line of every function."""
    logs = aws.client("logs")
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"]
            )
            for page in pages:
                yield from (event["message"] for event in page["events"])


@pytest.mark.timeout(600)
async def test_stack_heals_after_ctrl_c_and_after_the_cloud_lost_everything_and_is_destroyed(
    own_cloud: LocalCloud, aws: Aws
) -> None:
    stack = LocalStack(own_cloud)
    stack.prepare()
    stack.config_set("USE_EDGE_BROADCAST", "false")

    _interrupt_up(own_cloud.root)
    locks = own_cloud.root / "state" / ".pulumi" / "locks"
    assert list(locks.glob("**/*.json")) == []
    _leave_lock_of_killed_engine(locks)
    stack.up()

    before = stack.outputs()
    own_cloud.restart_aws()
    stack.up()

    outputs = stack.outputs()
    urls = ("RestApiUrl", "WebSocketUrl", "WebhookUrl")
    assert {name: outputs[name] for name in urls} == {name: before[name] for name in urls}
    wire = Wire(str(outputs["RestApiUrl"]), str(outputs["WebSocketUrl"]), stack.webhook_key())
    trade = a_trade()
    async with Listeners(wire) as listeners:
        listener = await listeners.subscribed("HEALED")
        wire.send(trade, token="HEALED")
        await listener.hear_trade(trade)
    dynamodb = Aws(aws.session, own_cloud.aws_url).client("dynamodb")
    item = dynamodb.get_item(TableName=outputs["RoutesTableName"], Key={"id": {"S": "ROUTING"}})
    assert item["Item"]["current"]["S"] == outputs["Routing"]
    stack.preview(expect_no_changes=True)

    stack.destroy()

    assert _what_is_left(Aws(aws.session, own_cloud.aws_url)) == {}
    assert registered(own_cloud.helius_url) == []
    with pytest.raises(LocalError, match=r"Nothing is deployed on .* Deploy it: make up"):
        stack.endpoints()


def _interrupt_up(root: Path) -> None:
    """Press Ctrl-C in an `up` that has made something; nothing that it started may be left."""
    code = (
        "import pathlib, sys; from local.cloud import LocalCloud; from local.stack import LocalStack;"
        "LocalStack(LocalCloud(pathlib.Path(sys.argv[1]))).up(lambda line: print(line, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(root)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stdout is not None
        printed: list[str] = []
        for line in up.stdout:
            printed.append(line)
            if "aws:" in line and " created (" in line:
                break
        started = psutil.Process(up.pid).children(recursive=True)
        names = [process.name() for process in started]
        up.send_signal(signal.SIGINT)
        rest, said = up.communicate()
    assert "pulumi-language-python" in names, printed
    assert "was interrupted. Go on: make up" in said, [*printed, rest]
    assert "update canceled" in rest
    assert [process for process in started if _is_alive(process)] == []


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _leave_lock_of_killed_engine(locks: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    lock = {
        "pid": dead.pid,
        "username": getuser(),
        "hostname": socket.gethostname(),
        "timestamp": "2026-01-01T00:00:00.123456789Z",
    }
    folder = locks / "organization" / "glow" / "local"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "5ff0c4b1-0d5e-4a54-8d0b-3b8f6a3c1f11.json").write_text(json.dumps(lock))


def _what_is_left(aws: Aws) -> dict[str, list[Any]]:
    """Everything in the account that a stack could have made."""
    found: dict[str, list[Any]] = {
        "tables": aws.client("dynamodb").list_tables()["TableNames"],
        "queues": aws.client("sqs").list_queues().get("QueueUrls", []),
        "functions": aws.client("lambda").list_functions()["Functions"],
        "layers": aws.client("lambda").list_layers()["Layers"],
        "mappings": aws.client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "apis": aws.client("apigatewayv2").get_apis()["Items"],
        "roles": aws.client("iam").list_roles()["Roles"],
        "log groups": aws.client("logs").describe_log_groups()["logGroups"],
        "alarms": aws.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "topics": aws.client("sns").list_topics()["Topics"],
    }
    return {kind: things for kind, things in found.items() if things}


def test_bad_configuration_stops_at_preview_all_at_once(own_cloud: LocalCloud) -> None:
    stack = LocalStack(own_cloud)
    stack.prepare()
    stack.config_set("logRetentionDays", "soon")
    stack.config_set("tokens", '{"BONK": "not a mint!"}')

    with pytest.raises(WorkspaceError) as refused:
        stack.preview()

    message = str(refused.value)
    assert "glow:logRetentionDays" in message
    assert "glow:tokens" in message
    assert "bin/pulumi-local config set" in message
