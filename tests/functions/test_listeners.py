"""Who may listen on AWS: `listeners: token`, on the WebSocket and over HTTP."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from functions.glow.listeners.claims import Claims
from functions.glow.listeners.settings import Algorithm
from functions.glow.prices.table import PriceTable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.sockets.authorizations import AuthorizationTable
from functions.glow.sockets.subscriptions import ROW_LIFE_SECONDS, SubscriptionTable
from functions.glow.update import Delivery
from tests.contract.access_tokens import CASES, GOLDEN, access_token, made, variables
from tests.functions.builders import (
    RETENTION_SECONDS,
    Context,
    a_batch,
    a_connect,
    a_message,
    a_record,
    a_token,
    an_http_event,
    an_update,
)
from tests.functions.cloud import CONNECTIONS, STACK, listeners
from tests.functions.cloudwatch import line_of, points_of
from tests.functions.conftest import Load
from tests.functions.edge import CURRENT, PREVIOUS
from tests.functions.endpoint import Endpoint, heard

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

READS = (
    ("prices", "GET /tokens/{token}/price"),
    ("prices", "GET /tokens/{token}/prices"),
    ("discovery", "GET /connect/{token}"),
    ("candles", "GET /tokens/{token}/candles"),
)
QUERIES = {
    "GET /tokens/{token}/prices": {"range": "1h"},
    "GET /tokens/{token}/candles": {"interval": "1m"},
}


def named(case: Mapping[str, Any]) -> str:
    return str(case["name"])


@pytest.fixture
def connections(load: Load) -> ModuleType:
    return load("connections", **variables())


def connect(connections: ModuleType) -> str:
    connection_id = uuid.uuid4().hex
    connections.handler(a_connect(connection_id), None)
    return connection_id


@pytest.fixture
def client(connections: ModuleType) -> str:
    """The id of a connected client."""
    return connect(connections)


@pytest.fixture
def authorizations(dynamodb: DynamoDBClient) -> AuthorizationTable:
    return AuthorizationTable(dynamodb, CONNECTIONS)


def counted(caplog: pytest.LogCaptureFixture) -> Mapping[str, float]:
    """The metrics of the stack."""
    points = [each for record in caplog.records for each in points_of(line_of(record))]
    assert all(each.dimensions == {"Stack": STACK} for each in points)
    return {each.name: sum(each.values) for each in points}


def say(connections: ModuleType, client: str, message: object) -> Any:
    """Send a message; the route's response."""
    answer = connections.handler(a_message(client, message), None)
    assert answer["statusCode"] == 200
    return json.loads(answer["body"]) if answer["body"] else None


def authorize(connections: ModuleType, client: str, shown: str) -> Any:
    return say(connections, client, {"action": "authorize", "token": shown})


def subscribe(connections: ModuleType, client: str, *tokens: str) -> Any:
    wanted = [{"token": token} for token in tokens]
    return say(connections, client, {"action": "subscribePrice", "subscriptions": wanted})


def an_hour_from_now() -> int:
    return int(time.time()) + 3_600


class TestSocket:
    @pytest.mark.parametrize("case", [case for case in CASES if case["token"]], ids=named)
    def test_access_token_of_the_table(self, load: Load, case: dict[str, Any]) -> None:
        connections = load("connections", **variables(case["stack"]))
        client = connect(connections)
        now = int(time.time())

        answer = authorize(connections, client, made(case["token"], now=now))

        if "heard" in case:
            assert answer == {"type": "AUTHORIZED", "expiresAt": now + case["heard"]["endsIn"]}
        elif case["code"] == "FORBIDDEN_TOKEN":
            assert subscribe(connections, client, case["asks"])["code"] == "FORBIDDEN_TOKEN"
        else:
            assert (answer["type"], answer["code"]) == ("ERROR", case["code"])
            assert subscribe(connections, client, case["asks"])["code"] == "UNAUTHORIZED"

    def test_whoever_has_shown_no_token_is_told_to(
        self, connections: ModuleType, client: str, subscriptions: SubscriptionTable
    ) -> None:
        token = a_token()

        answer = subscribe(connections, client, token)

        assert (answer["code"], "token" in answer) == ("UNAUTHORIZED", False)
        assert "authorize" in answer["message"]
        assert listeners(subscriptions, token) == []
        assert say(connections, client, {"action": "ping"}) == {"type": "pong"}

    def test_authorized_client_is_served_what_its_token_lists_and_told_the_rest(
        self,
        connections: ModuleType,
        client: str,
        endpoint: Endpoint,
        subscriptions: SubscriptionTable,
    ) -> None:
        listed, other = a_token(), a_token()
        authorize(connections, client, access_token([listed]))

        subscribe(connections, client, listed, other)

        subscribed, refused = heard(endpoint, client)
        assert subscribed == {"type": "SUBSCRIBED", "tokens": [listed]}
        assert (refused["code"], refused["token"]) == ("FORBIDDEN_TOKEN", other)
        assert listeners(subscriptions, other) == []

    def test_star_may_hear_every_token(
        self, connections: ModuleType, client: str, endpoint: Endpoint
    ) -> None:
        authorize(connections, client, access_token("*"))
        token = a_token()

        subscribe(connections, client, token)

        assert heard(endpoint, client) == [{"type": "SUBSCRIBED", "tokens": [token]}]

    def test_authorization_that_was_refused_leaves_the_one_before(
        self, connections: ModuleType, client: str, endpoint: Endpoint
    ) -> None:
        authorize(connections, client, access_token("*"))
        authorize(connections, client, access_token("*", key="other"))

        subscribe(connections, client, a_token())

        assert [message["type"] for message in heard(endpoint, client)] == ["SUBSCRIBED"]

    def test_another_authorization_takes_the_place_of_the_one_before(
        self, connections: ModuleType, client: str
    ) -> None:
        token = a_token()
        authorize(connections, client, access_token("*"))
        authorize(connections, client, access_token([a_token()]))

        assert subscribe(connections, client, token)["code"] == "FORBIDDEN_TOKEN"

    @pytest.mark.parametrize("shown", [None, 7, {"jwt": "a.b.c"}])
    def test_authorize_without_a_text_is_a_bad_request(
        self, connections: ModuleType, client: str, shown: object
    ) -> None:
        answer = say(connections, client, {"action": "authorize", "token": shown})

        assert answer["code"] == "BAD_REQUEST"
        assert answer["message"].startswith("token must be")

    def test_open_stack_authorizes_everybody_without_a_look(
        self, load: Load, endpoint: Endpoint
    ) -> None:
        connections = load("connections")
        client = connect(connections)

        assert authorize(connections, client, "junk") == {"type": "AUTHORIZED", "expiresAt": None}
        subscribe(connections, client, a_token())

        assert [message["type"] for message in heard(endpoint, client)] == ["SUBSCRIBED"]

    @pytest.mark.parametrize(("life", "ends_in"), [(3_600, 3_600), (86_400, ROW_LIFE_SECONDS)])
    def test_subscription_ends_with_the_token_or_with_the_connection(
        self,
        connections: ModuleType,
        client: str,
        subscriptions: SubscriptionTable,
        life: int,
        ends_in: int,
    ) -> None:
        token, now = a_token(), time.time()
        authorize(connections, client, access_token([token], ends_in=life))

        subscribe(connections, client, token)

        def is_over(at: float) -> bool:
            pages = subscriptions.pages(token, now=at)
            return [each.is_over for page in pages for each in page] == [True]

        assert (is_over(now + ends_in - 5), is_over(now + ends_in + 60)) == (False, True)

    @pytest.mark.parametrize(
        "message", [{"action": "ping"}, {"action": "subscribePrice", "token": "SOL"}]
    )
    def test_client_of_quiet_tokens_hears_of_the_end_at_its_next_message(
        self,
        connections: ModuleType,
        client: str,
        endpoint: Endpoint,
        authorizations: AuthorizationTable,
        message: object,
    ) -> None:
        authorizations.keep(client, Claims(None, int(time.time())))

        assert say(connections, client, message) is None

        [told] = heard(endpoint, client)
        assert (told["type"], told["code"], endpoint.closed) == ("ERROR", "TOKEN_EXPIRED", [client])
        assert authorizations.find(client) is None  # with its other rows

    def test_token_that_the_previous_secret_has_signed_is_counted(
        self, connections: ModuleType, client: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        authorize(connections, client, access_token("*"))
        authorize(connections, client, access_token("*", key="previous", ends_in=-60))
        assert counted(caplog) == {}

        authorize(connections, client, access_token("*", key="previous"))

        assert counted(caplog) == {"PreviousListenerSecret": 1}


class TestFanOut:
    @pytest.fixture
    def broadcast(self, load: Load) -> ModuleType:
        return load("broadcast")

    def test_expired_client_is_sent_no_price_but_why_and_is_closed(
        self, broadcast: ModuleType, endpoint: Endpoint, subscriptions: SubscriptionTable
    ) -> None:
        update, other, now = an_update(a_token()), a_token(), time.time()
        expired, valid, unlimited = (uuid.uuid4().hex for _ in range(3))
        for client in (expired, valid, unlimited):
            subscriptions.connect(client, now=now)
        wanted: dict[str, Delivery] = {update.token: "all", other: "all"}
        subscriptions.subscribe(expired, wanted, now=now, ends_at=int(now) - 1)
        subscriptions.subscribe(valid, wanted, now=now, ends_at=an_hour_from_now())
        subscriptions.subscribe(unlimited, wanted, now=now)

        record = a_record(update.to_json(), group=update.token)
        assert broadcast.handler(a_batch([record]), Context()) == {"batchItemFailures": []}

        [told] = heard(endpoint, expired)
        assert (told["type"], told["code"]) == ("ERROR", "TOKEN_EXPIRED")
        assert endpoint.closed == [expired]
        assert heard(endpoint, valid) == heard(endpoint, unlimited) == [update.to_dict()]
        left = {each.connection_id for each in listeners(subscriptions, other)}
        assert left == {valid, unlimited}  # the end was met at one token, and is one of all

    def test_expired_client_that_cannot_be_reached_fails_no_record(
        self, broadcast: ModuleType, endpoint: Endpoint, subscriptions: SubscriptionTable
    ) -> None:
        update, now, client = an_update(a_token()), time.time(), uuid.uuid4().hex
        subscriptions.connect(client, now=now)
        subscriptions.subscribe(client, {update.token: "all"}, now=now, ends_at=int(now) - 1)
        endpoint.behaviour.statuses[client] = 410
        endpoint.behaviour.status_of_delete = 410

        record = a_record(update.to_json(), group=update.token)
        assert broadcast.handler(a_batch([record]), Context()) == {"batchItemFailures": []}

        assert listeners(subscriptions, update.token) == []


class TestHttp:
    def read(
        self, function: ModuleType, place: tuple[str, str], token: str, shown: str | None
    ) -> Any:
        _, route = place
        headers = {} if shown is None else {"Authorization": f"Bearer {shown}"}
        query = QUERIES.get(route)
        event = an_http_event(route, token=token, query=query, headers=headers)
        return function.handler(event, None)

    @pytest.mark.parametrize("place", READS)
    @pytest.mark.parametrize("stack", ["HS256", "RS256", "ES256"])
    def test_access_tokens_of_the_table(
        self, load: Load, place: tuple[str, str], stack: Algorithm
    ) -> None:
        cases = [case for case in CASES if case["stack"] == stack]
        function = load(place[0], **variables(stack))
        now = int(time.time())

        answers = {
            case["name"]: self.read(
                function, place, case["asks"], case["token"] and made(case["token"], now=now)
            )
            for case in cases
        }

        codes = {name: self.code(answer) for name, answer in answers.items()}
        assert codes == {case["name"]: case.get("code", "SERVED") for case in cases}
        for answer in answers.values():
            status = GOLDEN["status"].get(self.code(answer), answer["statusCode"])
            assert answer["statusCode"] == status
            assert answer["headers"]["cache-control"] == "private, no-store"

    def code(self, answer: Any) -> str:
        code = json.loads(answer["body"]).get("error", {}).get("code", "NO_PRICE")
        return "SERVED" if code == "NO_PRICE" else code

    @pytest.mark.parametrize("place", READS)
    def test_token_that_the_previous_secret_has_signed_is_counted(
        self, load: Load, place: tuple[str, str], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        function, token = load(place[0], **variables()), a_token()
        self.read(function, place, token, access_token("*"))
        assert counted(caplog) == {}

        self.read(function, place, token, access_token("*", key="previous"))

        assert counted(caplog) == {"PreviousListenerSecret": 1}

    @pytest.mark.parametrize("secret", [CURRENT, PREVIOUS])
    def test_rooms_read_what_they_have_missed_with_what_is_posted_to_them_by(
        self, load: Load, prices: PriceTable, secret: str
    ) -> None:
        update = an_update(a_token(), timestamp=int(time.time()))
        prices.append_all([update], now=time.time(), retention_seconds=RETENTION_SECONDS)

        answer = self.read(load("prices", **variables()), READS[1], update.token, secret)

        assert json.loads(answer["body"])["prices"] == [update.to_dict()]

    def test_stack_without_edge_trusts_no_empty_secret(self, load: Load) -> None:
        none = {"EDGE_BROADCAST_SECRET": "", "EDGE_BROADCAST_SECRET_PREVIOUS": ""}

        answer = self.read(load("prices", **variables(), **none), READS[1], "SOL", "")

        assert answer["statusCode"] == 401

    def test_discovery_is_for_listeners_not_for_rooms(self, load: Load) -> None:
        answer = self.read(load("discovery", **variables()), READS[2], "SOL", CURRENT)

        assert answer["statusCode"] == 401

    def test_discovery_of_many_answers_each_token_by_itself(self, load: Load) -> None:
        discovery = load("discovery", **variables())
        event = an_http_event(
            "GET /connect",
            query={"tokens": "SOL,BONK"},
            headers={"Authorization": f"Bearer {access_token(['SOL'])}"},
        )

        answer = discovery.handler(event, None)

        listed, other = json.loads(answer["body"])["routes"]
        assert (answer["statusCode"], listed["path"]) == (200, "aws")
        assert (other["token"], other["error"]["code"]) == ("BONK", "FORBIDDEN_TOKEN")
        assert answer["headers"]["cache-control"] == "private, no-store"

    def test_list_of_tokens_has_those_that_the_bearer_may_hear(self, load: Load) -> None:
        candles = load("candles", tokens=["SOL", "BONK"], **variables())
        headers = {"Authorization": f"Bearer {access_token(['BONK', 'WIF'])}"}

        def ask(headers: dict[str, str]) -> Any:
            return candles.handler(an_http_event("GET /tokens", headers=headers), None)

        assert [each["token"] for each in json.loads(ask(headers)["body"])["tokens"]] == ["BONK"]
        assert ask({})["statusCode"] == 401

    @pytest.mark.parametrize("are_configured", [True, False])
    def test_pages_of_tokens_name_none_that_the_bearer_may_not_hear(
        self, load: Load, prices: PriceTable, known_tokens: KnownTokens, are_configured: bool
    ) -> None:
        now = int(time.time())
        every = sorted(a_token() for _ in range(9))
        mine, silent = every[::2], a_token()
        traded = [an_update(token, timestamp=now) for token in every]
        prices.append_all(traded, now=now, retention_seconds=RETENTION_SECONDS)
        known_tokens.note(every, now=now)
        candles = load("candles", tokens=every if are_configured else [], **variables())
        headers = {"Authorization": f"Bearer {access_token([*mine, silent])}"}

        listed: list[str] = []
        query = {"limit": "2"}
        while True:
            event = an_http_event("GET /tokens", query=query, headers=headers)
            answer = candles.handler(event, None)
            assert not [token for token in every if token in answer["body"] and token not in mine]
            body = json.loads(answer["body"])
            listed += [each["token"] for each in body["tokens"]]
            if body["next"] is None:
                break
            query["after"] = body["next"]

        assert listed == mine

    def test_discovery_of_many_needs_a_token_too(self, load: Load) -> None:
        event = an_http_event("GET /connect", query={"tokens": "SOL"})

        assert load("discovery", **variables()).handler(event, None)["statusCode"] == 401

    def test_health_and_preflights_need_no_token(self, load: Load) -> None:
        for route in ("GET /health/live", "OPTIONS /{proxy+}"):
            answer = load("prices", **variables()).handler(an_http_event(route), None)
            assert answer["statusCode"] in (200, 204)

    @pytest.mark.parametrize("place", READS)
    def test_open_stack_asks_for_nothing(self, load: Load, place: tuple[str, str]) -> None:
        answer = self.read(load(place[0]), place, a_token(), None)

        assert answer["statusCode"] in (200, 404)
        assert answer["headers"].get("cache-control") != "private, no-store"


def test_no_log_line_holds_an_access_token(
    load: Load, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever becomes of it: each part of each token of the table is looked for."""
    caplog.set_level("DEBUG")
    shown = [made(case["token"], now=int(time.time())) for case in CASES if case["token"]]
    connections = load("connections", **variables())
    client = connect(connections)
    functions = {name: load(name, **variables()) for name, _ in READS}
    for each in shown:
        authorize(connections, client, each)
        say(connections, client, {"action": "authorize", "token": [each]})
        for place in READS:
            TestHttp().read(functions[place[0]], place, "SOL", each)

    lines = [f"{record.__dict__} {record.exc_text}" for record in caplog.records]
    parts = {part for each in shown for part in each.split(".") if len(part) >= 20}
    assert any("authorized" in line for line in lines)
    assert [part for part in parts if any(part in line for line in lines)] == []
