"""Requests that schemathesis makes up, good and bad: the answers are those of docs/openapi.yaml.

What the other tests hear of the stack is held against the descriptions as well (wire.py).
"""

from collections.abc import Iterator
from typing import Any

from tests.api.descriptions import MADE_UP, REST, assert_made_up_case_is_answered_as_described
from tests.local.wire import Listeners, Wire, a_trade

YEARS_AGO = "1230768000-000000000000-0"


@REST.parametrize()
@MADE_UP
def test_made_up_request_is_answered_as_described(case: Any, wire: Wire) -> None:
    assert_made_up_case_is_answered_as_described(
        case, wire.rest_url, wire.key, without=checks_that_do_not_apply(case)
    )


def checks_that_do_not_apply(case: Any) -> Iterator[str]:
    yield "unsupported_method"  # wants a 405, but API Gateway answers 404
    match case.operation.label:
        case "GET /tokens/{token}/prices":
            yield "positive_data_acceptance"  # OpenAPI cannot say "exactly one of these two"
        case "GET /tokens/{token}/candles":
            yield "positive_data_acceptance"  # or that `from` lies before `to`
        case "POST /webhook/price":
            yield "positive_data_acceptance"  # or what time it is, or which body needs x-token
            if isinstance(case.body, list):
                yield "negative_data_rejection"  # any array is accepted, and x-token is not read
        case _:
            pass


async def test_every_message_of_the_socket_is_as_described(
    wire: Wire, listeners: Listeners
) -> None:
    listener = await listeners.subscribed("HEARD", after=YEARS_AGO)
    trade, other = a_trade(), a_trade()
    for each in (trade, other):
        wire.send(each, token="HEARD")
        await listener.hear_trade(each)  # alone: two at once would be a batch
    back = await listeners.subscribed("HEARD", after=YEARS_AGO)

    await back.hear_type("PRICE_BATCH")
    for message in ({"action": "ping"}, {"action": "unsubscribePrice", "token": "HEARD"}, {}):
        await back.say(message)
    await back.hear_type("ERROR")

    assert {message["type"] for message in listener.messages + back.messages} == {
        *("SUBSCRIBED", "UNSUBSCRIBED", "pong", "ERROR"),
        *("PRICE_UPDATE", "PRICE_BATCH", "GAP"),
    }
