"""What the README shows works as it is printed."""

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from local.clients import Endpoints
from local.shell import shell_variables
from tests.docs.shell import commands
from tests.local.wire import Listeners, Wire, a_trade
from workspace.paths import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
TOKEN = "TEST_TOKEN"

# In place of curl, which is not on every machine: it prints its arguments.
SHOWN_CURL = "curl() { printf '%s\\0' \"$@\"; }"

Arguments = Callable[[str], list[str]]


@pytest.fixture
def curl_arguments(wire: Wire, outputs: dict[str, Any]) -> Arguments:
    """What the shell makes of the README's curl line of a path, with the variables of `make env`."""
    endpoints = Endpoints(
        webhook_url=outputs["WebhookUrl"],
        rest_url=wire.rest_url,
        websocket_url=wire.websocket_url,
        edge_url=outputs["EdgeUrl"],
        webhook_key=wire.key,
        helius_url="",  # no command asks for it
    )

    def of(path: str) -> list[str]:
        (line,) = (line for line in commands(README) if line.startswith("curl ") and path in line)
        shown = subprocess.run(
            ["bash", "-c", f'eval "$(cat)"\n{SHOWN_CURL}\n{line}'],
            input=shell_variables(endpoints),
            capture_output=True,
            text=True,
            check=True,
        )
        return shown.stdout.split("\0")[:-1]

    return of


async def test_trade_of_the_readme_gives_the_update_of_the_readme(
    wire: Wire, listeners: Listeners, curl_arguments: Arguments, outputs: dict[str, Any]
) -> None:
    _, url, _, authorization, _, header, _, body = curl_arguments("$WebhookUrl")
    assert url == outputs["WebhookUrl"]
    assert authorization == f"Authorization: Bearer {wire.key}"
    assert header == f"x-token: {TOKEN}"
    answer = re.search(r'^\{"status":"accepted".*\}$', README, re.MULTILINE)
    shown = re.search(r"```json\n(\{\"type\":\"PRICE_UPDATE\".*?\})\n```", README, re.DOTALL)
    assert answer
    assert shown
    listener = await listeners.subscribed(TOKEN)

    response = wire.post(body, token=TOKEN)

    assert response.json() == json.loads(answer[0])
    await listener.hear(lambda heard: bool(heard.updates), "the update")
    moment = str(json.loads(body)["timestamp"])
    expected = json.loads(shown[1].replace("1790000000", moment))
    heard = {**listener.updates[-1]}
    heard.pop("priceUsd", None)  # there is none in the first minute of a stack
    assert heard == expected


@pytest.mark.parametrize("shown", [f"/connect/{TOKEN}", f'/{TOKEN}/price"', f"/{TOKEN}/prices?"])
def test_reading_as_the_readme_does_is_answered(
    wire: Wire, curl_arguments: Arguments, shown: str
) -> None:
    wire.send(a_trade(), token=TOKEN)

    url = curl_arguments(shown)[-1]

    assert wire.get(url.removeprefix(wire.rest_url)).status_code == 200
