"""An edge that misbehaves: AWS connections hear each trade at once, edge clients once it is well."""

import pytest

from local.cloud import LocalCloud
from tests.functions.edge import LOST, NEVER, Edge
from tests.local.wire import Listeners, Wire, a_trade


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(500, id="answers-500"),
        pytest.param(401, id="refuses-both-secrets"),
        pytest.param(NEVER, id="never-answers"),
        pytest.param(LOST, id="loses-its-answer"),
    ],
)
async def test_trade_is_heard_on_aws_at_once_and_at_the_edge_once_it_is_well(
    cloud: LocalCloud, wire: Wire, edge_url: str, listeners: Listeners, fault: int
) -> None:
    token = f"FAULT_{fault}"
    on_aws = await listeners.subscribed(token)
    trade = a_trade()
    cloud.stop_cloudflare()
    try:
        with Edge(port=int(edge_url.rsplit(":", 1)[1])) as misbehaving:
            misbehaving.answer = lambda _post: fault
            wire.send(trade, token=token)
            await on_aws.hear_trade(trade)
    finally:
        cloud.start_cloudflare()

    at_edge = await listeners.at_edge(edge_url, token)
    await at_edge.hear_trade(trade)

    assert at_edge.signatures() == [trade["txSignature"]]
