"""`python -m ops watch` against a fake stack."""

import asyncio
import json

import pytest

from ops.errors import OpsError
from ops.watch import as_json_line, as_line, follow
from tests.client.stack import Stack
from tests.client.trades import TOKEN, an_update


async def test_prices_are_lines_and_states_are_said_beside_them(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.protocol["pingMs"] = 200
    watching = asyncio.create_task(
        follow(TOKEN, stack.url, as_line, region="eu-west-1", origin=None, prices=2)
    )
    await stack.until(lambda: "ping" in stack.events, "a connection that is kept")
    await stack.publish({**an_update(2), "price": 0.0000025})
    await stack.publish(an_update(1))
    await watching

    said = capsys.readouterr()
    first, second = said.out.splitlines()
    assert first.startswith("15:06:42  0.0000025  edge  ")
    assert second.endswith("late")
    assert said.err.splitlines() == ["connecting · edge", "live · edge", "closed · edge"]
    assert stack.asked == [{"region": "eu-west-1"}]


async def test_scripts_get_an_object_a_line(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.protocol["pingMs"] = 200
    watching = asyncio.create_task(
        follow(TOKEN, stack.url, as_json_line, region=None, origin=None, prices=1)
    )
    await stack.until(lambda: "ping" in stack.events, "a connection that is kept")
    await stack.publish(an_update(1))
    await watching

    told = json.loads(capsys.readouterr().out)
    assert (told["token"], told["id"], told["path"]) == (TOKEN, an_update(1)["id"], "edge")


async def test_token_that_cannot_be_one_is_the_commands_error(stack: Stack) -> None:
    with pytest.raises(OpsError, match="token must be"):
        await follow("a token", stack.url, as_line, region=None, origin=None, prices=None)

    assert stack.asked == []


async def test_refusal_is_the_commands_error_and_said_once(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.connect_status = 404

    with pytest.raises(OpsError, match="UNKNOWN_TOKEN"):
        await follow(TOKEN, stack.url, as_line, region=None, origin=None, prices=None)

    assert "UNKNOWN_TOKEN" not in capsys.readouterr().err
