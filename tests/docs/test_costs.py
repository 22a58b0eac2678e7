"""docs/costs.md: what it prints is printed, and its arithmetic is the command's."""

import re
import runpy
import shlex
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from ops.cli import app
from ops.cost.bill import break_even, make_bill
from ops.cost.prices import read_prices
from tests.docs.shell import commands
from tests.ops.loads import HUNDRED_THOUSAND, WATCHLISTS
from workspace.paths import REPOSITORY

PAGE = (REPOSITORY / "docs" / "costs.md").read_text()


def _block(language: str) -> str:
    """All of that language, one after the other."""
    return "".join(re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))


def _by_hand(folder: Path) -> dict[str, Any]:
    file = folder / "arithmetic.py"
    file.write_text(_block("python"))
    return runpy.run_path(str(file))


def test_command_prints_what_the_page_shows() -> None:
    (command,) = commands(PAGE)
    arguments = shlex.split(command.removeprefix("python -m ops "))

    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"})

    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines == _block("text").splitlines(), f"docs/costs.md is to show:\n{done.stdout}"


def test_arithmetic_of_the_page_is_that_of_the_bill(tmp_path: Path) -> None:
    names = _by_hand(tmp_path)

    for path in ("aws", "edge"):
        bill = make_bill(HUNDRED_THOUSAND, path, read_prices())
        by_hand = cast("Mapping[str, float]", names[path])
        billed = {service: float(usd) for service, usd in bill.usd_by_service.items()}
        assert billed == pytest.approx(dict(by_hand), abs=0.02)


def test_figures_of_the_text_are_those_of_the_bill() -> None:
    prices = read_prices()
    aws = make_bill(HUNDRED_THOUSAND, "aws", prices)
    edge = make_bill(HUNDRED_THOUSAND, "edge", prices)
    messages = next(line for line in aws.lines if "WebSocket" in line.price.unit)
    of_edge = edge.usd_by_service
    cloudflare = of_edge["Cloudflare Workers"] + of_edge["Durable Objects"]

    quiet = break_even(replace(HUNDRED_THOUSAND, updates_per_second=Decimal("0.1")), prices)

    for usd in (messages.usd, edge.usd, cloudflare):
        assert f"${usd:,.0f}" in PAGE
    assert f"with a trade in 10 s of each token, up to {quiet.users:,} users" in PAGE


def test_arithmetic_of_watchlists_is_that_of_the_bill_and_of_the_table(tmp_path: Path) -> None:
    names = _by_hand(tmp_path)
    parts = cast("Mapping[str, float]", names["watchlists"])
    edge = make_bill(WATCHLISTS, "edge", read_prices())

    assert sum(parts.values()) == pytest.approx(
        float(edge.usd_by_service["Durable Objects"]), abs=0.02
    )
    hops, pings, hubs, rooms = parts.values()
    never_asleep = names["awake"] * 12.50
    for figure in (
        f"| {names['hops']:,.0f} M, as {names['hops'] / 20:,.0f} M requests: ${hops:,.0f} |",
        f"| {names['pings']:,.0f} M, as {names['pings'] / 20:,.0f} M requests: ${pings:,.0f} |",
        f"| 200: ${hubs + never_asleep:,.0f} | 100: ${never_asleep:,.0f} |",
        f"| {20 * names['deliveries']:,.0f} M: ${names['aws_messages']:,.0f} |",
        f"${rooms:,.0f}, if rooms held them",
    ):
        assert figure in PAGE, figure


def test_figures_of_watchlists_are_those_of_the_bill() -> None:
    prices = read_prices()
    edge = make_bill(WATCHLISTS, "edge", prices)
    rooms = make_bill(HUNDRED_THOUSAND, "edge", prices)
    (requests,) = [
        line
        for line in edge.lines
        if line.price.unit == "requests" and "Durable" in line.price.service
    ]
    of_hubs = {usage.reason: usage.amount for usage in requests.usages}

    figures = (
        f"| Durable Objects | ${edge.usd_by_service['Durable Objects']:,.0f} |",
        f"| Total, with intake and Helius | ${edge.usd:,.0f} | ${rooms.usd:,.0f}, if rooms held them | ${make_bill(WATCHLISTS, 'aws', prices).usd:,.0f} |",
        f"hubs cost ${edge.usd - rooms.usd:,.0f} a month more",
        f"as {of_hubs['updates to hubs, 20 as one'] / 1_000_000:,.0f} M requests",
    )
    for figure in figures:
        assert figure in PAGE, figure


def test_page_tells_when_the_prices_were_collected() -> None:
    assert f"collected on {read_prices().collected}" in PAGE.rpartition("## The price list")[2]
