"""`python -m ops backfill`: what it prints, and how it ends."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
import typer

from functions.glow.prices.table import PriceTable
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.update import parse_update
from ops.backfill.command import fill
from ops.deployed import DeployedStack
from ops.errors import OpsError
from ops.settings import parse_config
from tests.functions.chain import Chain, signature_of, swaps
from tests.functions.cloud import PRICES, ROUTES, Queue, put_routes
from tests.serving import serving

Run = Callable[..., int]


@pytest.fixture
def mint() -> str:
    """A mint that no other test trades; the recorded one in length."""
    return f"Mint{uuid.uuid4().hex}{uuid.uuid4().hex}"[:44].replace("0", "1")


@pytest.fixture
def chain(mint: str) -> Iterator[Chain]:
    """A plain node, and five trades of the last minutes."""
    history = swaps(5, first_second=int(time.time()) - 300, mint=mint)
    with serving(Chain(history, is_plain=True)) as chain:
        yield chain


def config(**values: str) -> str:
    """As `pulumi config --json --show-secrets` prints it."""
    return json.dumps({f"glow:{key}": {"value": values[key], "secret": True} for key in values})


SECRET = "the-secret-that-helius-sends"


@pytest.fixture
def run(chain: Chain, queue: Queue, tasks: Queue, later: Queue, mint: str) -> Run:
    """Runs it for the last hour on a stack whose tables and queues are these; its exit code."""
    settings = parse_config(config(HeliusWebhookSecret=SECRET, RpcUrl=chain.url), stack="local")
    outputs = {
        "PriceTableName": PRICES,
        "RoutesTableName": ROUTES,
        "BroadcastQueueUrl": queue.url,
        "RouteQueueUrl": tasks.url,
        "LaterQueueUrl": later.url,
    }

    def command(*, as_json: bool = True, publishes: bool = False) -> int:
        try:
            fill(
                settings,
                DeployedStack("local", outputs),
                [mint],
                seconds=3_600,
                publishes=publishes,
                requests_per_second=1_000,
                as_json=as_json,
            )
        except typer.Exit as end:
            return end.exit_code
        return 0

    return command


def test_json_is_one_object_with_what_became_of_the_transactions(
    run: Run, chain: Chain, mint: str, prices: PriceTable, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0

    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told.pop("seconds") >= 0
    assert told == {
        "transactions": 5,
        "stored": 5,
        "duplicates": 0,
        "suspects": 0,
        "published": 0,
        "missing": 0,
        "skipped": {},
        # the refused method, two pages of signatures, and each transaction
        "requests": 1 + 2 + 5,
    }
    assert printed.err == ""
    stored = prices.tail(mint, limit=10, now=time.time())
    assert [update.tx_signature for update in stored] == [*map(signature_of, chain.history)]


def test_without_json_it_prints_a_table_and_how_far_it_has_come(
    run: Run, mint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(as_json=False) == 0

    printed = capsys.readouterr()
    rows = dict(re.findall(r"│ (\S[^│]*?) +│ (\S+) +│", printed.out))
    assert (rows["transactions read"], rows["trades stored"]) == ("5", "5")
    assert (rows["not answered by the node"], rows["requests to the node"]) == ("0", "8")
    assert re.search(rf"{mint[:8]} .* 100%", printed.err)


def test_what_the_node_does_not_answer_is_told_by_exit_code_3_and_found_by_the_next_run(
    run: Run, chain: Chain, capsys: pytest.CaptureFixture[str]
) -> None:
    chain.unknown = {signature_of(chain.history[2])}

    assert run() == 3
    assert json.loads(capsys.readouterr().out)["missing"] == 1
    chain.unknown.clear()
    assert run() == 0
    assert json.loads(capsys.readouterr().out)["stored"] == 1


def test_clients_hear_of_it_if_that_is_wished(
    run: Run,
    chain: Chain,
    queue: Queue,
    routes: RouteTable,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put_routes(routes, Routes(current=Policy(edge_is_on=False)))

    assert run(publishes=True) == 0

    assert json.loads(capsys.readouterr().out)["published"] == 5
    heard = [parse_update(record["body"]).tx_signature for record in queue.take()]
    assert heard == [*map(signature_of, chain.history)]


def test_stack_without_a_node_is_told_how_to_set_one() -> None:
    settings = parse_config(config(HeliusWebhookSecret=SECRET), stack="dev")

    with pytest.raises(OpsError, match=r"pulumi config set --secret RpcUrl .* --stack dev"):
        fill(
            settings,
            DeployedStack("dev", {}),
            [],
            seconds=60,
            publishes=False,
            requests_per_second=10,
            as_json=True,
        )
