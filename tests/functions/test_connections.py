"""The WebSocket routes: who connects, what a subscriber gets, and what junk gets."""

import json
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from functions import environment
from functions.glow.prices.replay import MAX_REPLAY
from functions.glow.prices.table import PriceTable
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.sockets.commands import MAX_TOKENS
from functions.glow.sockets.message_rate import MAX_MESSAGES
from functions.glow.sockets.opening import MAX_UPDATES
from functions.glow.sockets.subscriptions import Subscription, SubscriptionTable
from functions.glow.update import Update
from tests.functions.builders import (
    API_HOST,
    RETENTION_SECONDS,
    a_connect,
    a_disconnect,
    a_message,
    a_token,
    an_update,
    updates_of,
)
from tests.functions.cloud import put_routes
from tests.functions.conftest import Load
from tests.functions.edge import Edge
from tests.functions.endpoint import Endpoint

COMMANDS: Any = json.loads((Path(__file__).parents[1] / "contract" / "commands.json").read_text())


@pytest.fixture
def connections(load: Load) -> ModuleType:
    return load("connections")


@pytest.fixture
def client(connections: ModuleType) -> str:
    """The id of a connected client."""
    connection_id = uuid.uuid4().hex
    connections.handler(a_connect(connection_id), None)
    return connection_id


def say(connections: ModuleType, client: str, message: object) -> Any:
    """Send a message; the route's response."""
    answer = connections.handler(a_message(client, message), None)
    assert answer["statusCode"] == 200
    return json.loads(answer["body"]) if answer["body"] else None


def subscribe(connections: ModuleType, client: str, token: str, **fields: str) -> Any:
    return say(connections, client, {"action": "subscribePrice", "token": token, **fields})


def subscribe_all(
    connections: ModuleType, client: str, wanted: Iterable[str | dict[str, str]]
) -> Any:
    """In one message; of each, the token or the entry."""
    entries = [{"token": each} if isinstance(each, str) else each for each in wanted]
    return say(connections, client, {"action": "subscribePrice", "subscriptions": entries})


def heard(endpoint: Endpoint, client: str) -> list[Any]:
    return [json.loads(message) for message in endpoint.received[client]]


def store_all(prices: PriceTable, *updates: Update, at: float | None = None) -> None:
    prices.append_all(updates, now=at or time.time(), retention_seconds=RETENTION_SECONDS)


def listeners(subscriptions: SubscriptionTable, token: str) -> list[Subscription]:
    return [s for page in subscriptions.pages(token, now=time.time()) for s in page]


def test_no_subprotocol_is_chosen_whatever_a_client_offers(connections: ModuleType) -> None:
    offered = {"Sec-WebSocket-Protocol": "graphql-ws"}

    answer = connections.handler(a_connect(uuid.uuid4().hex, offered), None)

    assert answer == {"statusCode": 200, "body": ""}  # API Gateway chooses one by a header here


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://app.example"}, 200),
        ({"origin": "http://localhost:5173"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": f"https://{API_HOST}.evil.example"}, 403),
    ],
)
def test_origin_decides_who_connects(
    connections: ModuleType, headers: dict[str, str], status: int
) -> None:
    answer = connections.handler(a_connect(uuid.uuid4().hex, headers), None)

    assert answer["statusCode"] == status


@pytest.mark.parametrize("own", [f"https://{API_HOST}", "https://websocket.test"])
def test_react_native_connects_with_the_address_it_opens_as_its_origin(
    load: Load, own: str
) -> None:
    """The API's host, or that of the URL which /connect answers; where config lists no origin."""
    connections = load("connections", origins=())

    answer = connections.handler(a_connect(uuid.uuid4().hex, {"Origin": own}), None)

    assert answer["statusCode"] == 200


def test_required_origin_keeps_out_who_sends_none(load: Load) -> None:
    connections = load("connections", **{environment.REQUIRE_ORIGIN: "true"})

    assert connections.handler(a_connect("a"), None)["statusCode"] == 403


def test_subscriber_hears_that_it_is_and_then_the_newest_price(
    connections: ModuleType, client: str, prices: PriceTable, endpoint: Endpoint
) -> None:
    update = an_update(a_token())
    store_all(prices, update)

    assert subscribe(connections, client, update.token) is None
    assert heard(endpoint, client) == [
        {"type": "SUBSCRIBED", "token": update.token},
        update.to_dict(),
    ]


def test_subscriber_of_a_token_without_a_price_hears_only_that_it_is(
    connections: ModuleType, client: str, endpoint: Endpoint
) -> None:
    token = a_token()
    subscribe(connections, client, token)

    assert heard(endpoint, client) == [{"type": "SUBSCRIBED", "token": token}]


def test_row_is_there_before_the_first_message_is_posted(
    connections: ModuleType,
    client: str,
    subscriptions: SubscriptionTable,
    endpoint: Endpoint,
) -> None:
    token = a_token()
    seen: list[list[Subscription]] = []
    endpoint.on_post = lambda: seen.append(listeners(subscriptions, token))

    subscribe(connections, client, token)

    assert seen == [[Subscription(client, "all")]]


def test_after_brings_the_replay_instead_of_the_newest_price(
    connections: ModuleType, client: str, prices: PriceTable, endpoint: Endpoint
) -> None:
    cursor, *missed = updates_of(a_token(), 4)
    now = time.time()
    store_all(prices, cursor, at=now - 10)
    store_all(prices, *missed, at=now - 5)

    subscribe(connections, client, cursor.token, after=cursor.id)

    assert heard(endpoint, client)[1:] == [
        {
            "type": "PRICE_BATCH",
            "token": cursor.token,
            "updates": [update.to_dict() for update in missed],
        }
    ]


def test_too_long_a_replay_is_a_gap_and_the_newest_in_frames(
    connections: ModuleType, client: str, prices: PriceTable, endpoint: Endpoint
) -> None:
    cursor, *missed = updates_of(a_token(), MAX_REPLAY + 2)
    now = time.time()
    store_all(prices, cursor, at=now - 10)
    store_all(prices, *missed, at=now - 5)

    subscribe(connections, client, cursor.token, after=cursor.id)
    _, gap, *frames = heard(endpoint, client)

    sent = [update["id"] for frame in frames for update in frame["updates"]]
    assert sent == [update.id for update in missed[-MAX_REPLAY:]]
    assert gap == {"type": "GAP", "token": cursor.token, "after": cursor.id, "until": sent[0]}


def test_delivery_latest_gets_the_newest_price_even_with_after(
    connections: ModuleType,
    client: str,
    prices: PriceTable,
    endpoint: Endpoint,
    subscriptions: SubscriptionTable,
) -> None:
    cursor, _, newest = updates_of(a_token(), 3)
    store_all(prices, cursor, _, newest)

    subscribe(connections, client, cursor.token, after=cursor.id, delivery="latest")

    assert heard(endpoint, client)[1:] == [newest.to_dict()]
    assert listeners(subscriptions, cursor.token) == [Subscription(client, "latest")]


def test_subscribing_twice_is_one_subscription_and_the_later_delivery_counts(
    connections: ModuleType, client: str, subscriptions: SubscriptionTable
) -> None:
    token = a_token()
    subscribe(connections, client, token, delivery="latest")
    subscribe(connections, client, token)

    assert listeners(subscriptions, token) == [Subscription(client, "all")]


def test_many_tokens_are_subscribed_to_at_once(
    connections: ModuleType,
    client: str,
    prices: PriceTable,
    endpoint: Endpoint,
    subscriptions: SubscriptionTable,
) -> None:
    tokens = [a_token() for _ in range(MAX_TOKENS)]
    newest = [an_update(token) for token in tokens]
    store_all(prices, *newest)

    assert subscribe_all(connections, client, tokens) is None

    subscribed, *frames = heard(endpoint, client)
    assert subscribed == {"type": "SUBSCRIBED", "tokens": tokens}
    assert [update for frame in frames for update in frame["updates"]] == [
        update.to_dict() for update in newest
    ]
    assert all(listeners(subscriptions, token) == [Subscription(client, "all")] for token in tokens)
    connections.handler(a_disconnect(client), None)
    assert all(listeners(subscriptions, token) == [] for token in tokens)


def test_each_token_of_a_list_is_opened_its_own_way(
    connections: ModuleType,
    client: str,
    prices: PriceTable,
    endpoint: Endpoint,
    subscriptions: SubscriptionTable,
) -> None:
    fresh, latest = a_token(), a_token()
    cursor, *missed = updates_of(a_token(), 3)
    newest = [an_update(fresh), an_update(latest)]
    unknown = an_update(a_token())
    now = time.time()
    store_all(prices, cursor, at=now - 10)
    store_all(prices, *missed, *newest, an_update(unknown.token), at=now - 5)

    subscribe_all(
        connections,
        client,
        [
            fresh,
            {"token": cursor.token, "after": cursor.id},
            {"token": unknown.token, "after": "1000000000-000000000000-x"},
            {"token": latest, "delivery": "latest"},
        ],
    )

    _, gap, batch = heard(endpoint, client)
    assert (gap["type"], gap["token"]) == ("GAP", unknown.token)
    assert [(update["token"], update["id"]) for update in batch["updates"]] == [
        (newest[0].token, newest[0].id),
        *((update.token, update.id) for update in missed),
        (unknown.token, gap["until"]),
        (newest[1].token, newest[1].id),
    ]
    assert listeners(subscriptions, latest) == [Subscription(client, "latest")]
    assert listeners(subscriptions, fresh) == [Subscription(client, "all")]


def test_list_that_missed_too_much_gets_gaps_for_its_last_tokens(
    connections: ModuleType, client: str, prices: PriceTable, endpoint: Endpoint
) -> None:
    """Each alone would be replayed whole."""
    many = [updates_of(a_token(), MAX_REPLAY + 1) for _ in range(MAX_UPDATES // MAX_REPLAY)]
    late = [updates_of(a_token(), 3) for _ in range(MAX_TOKENS - len(many))]
    now = time.time()
    for cursor, *missed in [*many, *late]:
        store_all(prices, cursor, at=now - 10)
        store_all(prices, *missed, at=now - 5)

    wanted = [{"token": updates[0].token, "after": updates[0].id} for updates in [*many, *late]]
    subscribe_all(connections, client, wanted)

    _, *messages = heard(endpoint, client)
    gaps = {each["token"]: each for each in messages if each["type"] == "GAP"}
    sent = [u for each in messages if each["type"] == "PRICE_BATCH" for u in each["updates"]]
    assert gaps
    assert set(gaps) < {updates[0].token for updates in late}
    for cursor, *missed in [*many, *late]:
        ids = [update["id"] for update in sent if update["token"] == cursor.token]
        gap = gaps.get(cursor.token)
        if gap is None:
            assert ids == [update.id for update in missed]
        else:
            assert (gap["after"], gap["until"], ids) == (cursor.id, ids[0], [missed[-1].id])


def test_token_of_a_list_that_is_not_streamed_is_refused_alone(
    load: Load, endpoint: Endpoint, client: str, subscriptions: SubscriptionTable
) -> None:
    connections = load("connections", tokens=["SOL", "WIF=EKpQ"])

    subscribe_all(connections, client, ["OTHER", "SOL", "WIF"])

    subscribed, *refused = heard(endpoint, client)
    assert subscribed == {"type": "SUBSCRIBED", "tokens": ["SOL"]}
    assert [(each["code"], each["token"]) for each in refused] == [
        ("UNKNOWN_TOKEN", "OTHER"),
        ("UNKNOWN_TOKEN", "WIF"),
    ]
    assert listeners(subscriptions, "OTHER") == []


def test_many_tokens_are_left_at_once(
    connections: ModuleType, client: str, subscriptions: SubscriptionTable
) -> None:
    tokens = [a_token() for _ in range(30)]  # more than one batch of deletions
    subscribe_all(connections, client, [*tokens, stays := a_token()])

    answer = say(connections, client, {"action": "unsubscribePrice", "tokens": tokens})

    assert answer == {"type": "UNSUBSCRIBED", "tokens": tokens}
    assert all(listeners(subscriptions, token) == [] for token in tokens)
    assert listeners(subscriptions, stays) == [Subscription(client, "all")]


def test_list_with_tokens_that_are_followed_already_fits_a_full_connection(
    connections: ModuleType, client: str
) -> None:
    tokens = [a_token() for _ in range(MAX_TOKENS)]
    subscribe_all(connections, client, tokens)

    assert subscribe_all(connections, client, tokens[:40]) is None
    assert (
        subscribe_all(connections, client, [*tokens[:40], a_token()])["code"] == "TOO_MANY_TOKENS"
    )


def test_tokens_of_a_list_that_moved_are_sent_on_and_the_others_served(
    load: Load, endpoint: Endpoint, subscriptions: SubscriptionTable, routes: RouteTable
) -> None:
    at_edge, on_aws = "EDGE", a_token()
    policy = Policy(edge_is_on=True, edge_tokens=frozenset({at_edge}), edge_percent=0)
    put_routes(routes, Routes(current=policy))
    connections, client = load("connections"), uuid.uuid4().hex
    connections.handler(a_connect(client), None)

    subscribe_all(connections, client, [at_edge, on_aws])

    subscribed, moved = heard(endpoint, client)
    assert subscribed == {"type": "SUBSCRIBED", "tokens": [on_aws]}
    assert (moved["type"], moved["token"], moved["path"]) == ("MOVED", at_edge, "edge")
    assert listeners(subscriptions, at_edge) == []


def test_token_number_101_is_refused_until_one_is_unsubscribed(
    connections: ModuleType, client: str
) -> None:
    tokens = [a_token() for _ in range(MAX_TOKENS + 1)]
    for token in tokens[:MAX_TOKENS]:
        assert subscribe(connections, client, token) is None

    assert subscribe(connections, client, tokens[0]) is None
    assert subscribe(connections, client, tokens[-1])["code"] == "TOO_MANY_TOKENS"
    assert subscribe_all(connections, client, tokens[-2:])["code"] == "TOO_MANY_TOKENS"
    say(connections, client, {"action": "unsubscribePrice", "token": tokens[0]})
    assert subscribe(connections, client, tokens[-1]) is None


def test_unsubscribed_client_listens_no_more(
    connections: ModuleType, client: str, subscriptions: SubscriptionTable
) -> None:
    token = a_token()
    subscribe(connections, client, token)
    for _ in range(2):
        answer = say(connections, client, {"action": "unsubscribePrice", "token": token})
        assert answer == {"type": "UNSUBSCRIBED", "token": token}

    assert listeners(subscriptions, token) == []


def test_disconnect_leaves_no_row(
    connections: ModuleType, client: str, subscriptions: SubscriptionTable
) -> None:
    tokens = [a_token() for _ in range(3)]
    for token in tokens:
        subscribe(connections, client, token)
    connections.handler(a_disconnect(client), None)

    assert [listeners(subscriptions, token) for token in tokens] == [[], [], []]
    assert subscribe(connections, client, tokens[0])["code"] == "INTERNAL"
    assert listeners(subscriptions, tokens[0]) == []


def test_client_that_left_meanwhile_is_forgotten_without_an_error(
    connections: ModuleType, client: str, endpoint: Endpoint, subscriptions: SubscriptionTable
) -> None:
    token = a_token()
    endpoint.behaviour.statuses[client] = 410

    assert subscribe(connections, client, token) is None
    assert listeners(subscriptions, token) == []
    assert endpoint.closed == []


def test_client_that_cannot_be_told_is_closed_so_that_it_comes_back(
    connections: ModuleType, client: str, endpoint: Endpoint, subscriptions: SubscriptionTable
) -> None:
    token = a_token()
    endpoint.behaviour.statuses[client] = 429

    assert subscribe(connections, client, token) is None
    assert endpoint.closed == [client]
    assert listeners(subscriptions, token) == []


def test_ping_is_answered(connections: ModuleType, client: str) -> None:
    assert say(connections, client, {"action": "ping"}) == {"type": "pong"}


@pytest.mark.parametrize("case", COMMANDS["accepted"], ids=lambda case: case["name"])
def test_every_command_of_the_contract_is_answered(
    connections: ModuleType, client: str, endpoint: Endpoint, case: Any
) -> None:
    """As a hub answers them: tests/worker/hub.test.js."""
    response = say(connections, client, case["message"])

    answer = response or heard(endpoint, client)[0]
    match case["command"]:
        case {"subscribe": wanted, "isList": is_list}:
            tokens = [each["token"] for each in wanted]
            expected = {"type": "SUBSCRIBED", **_named(tokens, is_list=is_list)}
        case {"unsubscribe": tokens, "isList": is_list}:
            expected = {"type": "UNSUBSCRIBED", **_named(tokens, is_list=is_list)}
        case {"authorize": _}:
            expected = {"type": "AUTHORIZED", "expiresAt": None}
        case _:
            expected = {"type": "pong"}
    assert answer == expected


def _named(tokens: list[str], *, is_list: bool) -> dict[str, Any]:
    return {"tokens": tokens} if is_list else {"token": tokens[0]}


@pytest.mark.parametrize("case", COMMANDS["refused"], ids=lambda case: case["text"])
def test_what_is_no_command_of_the_contract_is_refused_and_the_connection_lives(
    connections: ModuleType, client: str, endpoint: Endpoint, case: Any
) -> None:
    answer = say(connections, client, case["text"])

    assert (answer["type"], answer["code"]) == ("ERROR", case["code"])
    assert case["names"] in answer["message"]
    assert say(connections, client, {"action": "ping"}) == {"type": "pong"}
    assert endpoint.closed == []


@pytest.mark.parametrize(
    "message",
    [
        {"action": "ping"},
        "junk",
        {"action": "subscribePrice", "token": "QUIET"},
        {"action": "unsubscribePrice", "token": "SOL"},
    ],
    ids=["ping", "junk", "subscribe", "unsubscribe"],
)
def test_client_that_says_too_much_is_told_and_closed(
    connections: ModuleType, client: str, endpoint: Endpoint, message: object
) -> None:
    other = uuid.uuid4().hex
    connections.handler(a_connect(other), None)

    responses: list[Any] = []
    while not endpoint.closed and len(responses) < 3 * MAX_MESSAGES:  # more than two periods hold
        responses.append(say(connections, client, message))

    assert endpoint.closed == [client]
    assert len(responses) > MAX_MESSAGES
    *answers, told = [each for each in responses if each is not None] + heard(endpoint, client)
    assert len(answers) == len(responses) - 1  # each was answered before the last one
    assert (told["type"], told["code"]) == ("ERROR", "RATE_LIMITED")
    assert say(connections, other, {"action": "ping"}) == {"type": "pong"}


def test_client_that_subscribes_to_all_it_may_and_pings_is_left_alone(
    connections: ModuleType, client: str, endpoint: Endpoint
) -> None:
    for token in [a_token() for _ in range(MAX_TOKENS)]:
        assert subscribe(connections, client, token) is None
        assert say(connections, client, {"action": "ping"}) == {"type": "pong"}

    assert endpoint.closed == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not JSON", "BAD_REQUEST"),
        ({"action": "buy"}, "UNKNOWN_ACTION"),
        ({"action": "subscribePrice", "token": "../etc"}, "BAD_REQUEST"),
        ({"action": "subscribePrice", "token": "OTHER"}, "UNKNOWN_TOKEN"),
    ],
)
def test_junk_is_answered_with_an_error(load: Load, message: object, code: str) -> None:
    connections = load("connections", tokens=["SOL"])
    answer = say(connections, "client", message)

    assert (answer["type"], answer["code"]) == ("ERROR", code)


def test_symbol_is_answered_with_its_mint(load: Load) -> None:
    connections = load("connections", tokens=["WIF=EKpQ"])

    answer = subscribe(connections, "client", "WIF")

    assert (answer["type"], answer["code"]) == ("ERROR", "UNKNOWN_TOKEN")
    assert answer["message"] == "token WIF is a symbol; on the wire it is EKpQ"


def test_without_the_routes_nobody_is_left_on_a_path_that_may_be_quiet(load: Load) -> None:
    connections = load("connections", **{environment.ROUTES_TABLE: "missing"})

    answer = subscribe(connections, "client", a_token())

    assert (answer["type"], answer["code"]) == ("ERROR", "INTERNAL")
    assert answer["message"] == "the routing table did not answer; send it again"


def test_no_exception_leaves_the_handler(load: Load) -> None:
    connections = load("connections", **{environment.CONNECTIONS_TABLE: "missing"})

    assert connections.handler(a_connect("a"), None)["statusCode"] == 500
    assert connections.handler(a_disconnect("a"), None)["statusCode"] == 500
    answer = subscribe(connections, "a", "SOL")
    assert (answer["type"], answer["code"]) == ("ERROR", "INTERNAL")
    assert "missing" not in answer["message"]


@pytest.fixture(autouse=True)
def _close_kept_connections(connections: ModuleType) -> Iterator[None]:
    yield
    connections.event_loop().run_until_complete(connections._POSTER.aclose())


def test_subscriber_of_a_token_that_aws_does_not_carry_is_sent_on_at_once(
    load: Load, endpoint: Endpoint, edge: Edge, subscriptions: SubscriptionTable, routes: RouteTable
) -> None:
    """Here it would hear nothing."""
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    connections, token, client = load("connections"), a_token(), uuid.uuid4().hex
    connections.handler(a_connect(client), None)

    answer = subscribe(connections, client, token, after="1750000000-000000000000-0")

    assert answer == {
        "type": "MOVED",
        "token": token,
        "path": "edge",
        "url": f"{edge.url.replace('http', 'ws', 1)}/ws/{token}",
        "liveUrl": f"{edge.url.replace('http', 'ws', 1)}/live",
        "after": "1750000000-000000000000-0",
        "jitterMs": 0,
    }
    assert list(subscriptions.pages(token, now=time.time())) == [[]]
    assert heard(endpoint, client) == []


def test_subscriber_within_the_grace_is_served_and_told_where_to_go(
    load: Load, endpoint: Endpoint, subscriptions: SubscriptionTable, routes: RouteTable
) -> None:
    now_ms = int(time.time() * 1_000)
    put_routes(routes, Routes(current=Policy()).changed(Policy(edge_is_on=True), now_ms=now_ms))
    connections, token, client = load("connections"), a_token(), uuid.uuid4().hex
    connections.handler(a_connect(client), None)

    subscribe(connections, client, token)

    assert [message["type"] for message in heard(endpoint, client)] == ["SUBSCRIBED", "MOVED"]
    [[subscription]] = subscriptions.pages(token, now=time.time())
    assert subscription.connection_id == client
