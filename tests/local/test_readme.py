"""What the README shows works as it is printed."""

import json
import re
from pathlib import Path

from tests.local.wire import Listeners, Wire

README = (Path(__file__).parent.parent.parent / "README.md").read_text()


async def test_trade_of_the_readme_gives_the_update_of_the_readme(
    wire: Wire, listeners: Listeners
) -> None:
    sent = re.search(r"x-token: (\w+)' -d '(\{.*?\})'\n(\{.*?\})\n", README, re.DOTALL)
    assert sent
    token, body, answer = sent.groups()
    shown = re.search(r"```json\n(\{\"type\":\"PRICE_UPDATE\".*?\})\n```", README, re.DOTALL)
    assert shown
    listener = await listeners.subscribed(token)

    response = wire.post(json.dumps(json.loads(body)), token=token)

    assert response.json() == json.loads(answer)
    await listener.hear(lambda heard: bool(heard.updates), "the update")
    assert listener.updates == [json.loads(shown.group(1))]
