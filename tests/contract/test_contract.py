"""The golden files of the wire contract against the Python code. JavaScript reads the same files."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from client.fields import as_fields, parse_json
from client.memory import Memory
from client.update import parse_update as parse_client_update
from functions.environment import Environment
from functions.glow.errors import BadRequest, Refused, UnknownToken
from functions.glow.listeners.claims import expired
from functions.glow.prices.replay import Gap
from functions.glow.prices.row import Arrival, newest_of
from functions.glow.sockets import messages
from functions.glow.sockets.frames import MAX_FRAME_UPDATES, frames
from functions.glow.token import SIGNATURE_PATTERN, TOKEN_PATTERN, require_known
from functions.glow.trades.parse import Trades, parse_webhook
from functions.glow.trades.skip import SkipReason
from functions.glow.update import ID_PATTERN, Update, id_at, parse_id, parse_update, update_id

HERE = Path(__file__).parent

Golden = dict[str, Any]  # a golden file, as JSON; the tests below show its shape


def golden(name: str) -> Golden:
    return json.loads((HERE / f"{name}.json").read_text())


UPDATE, IDS, FRAMES = golden("update"), golden("ids"), golden("frames")
SIMPLE, WEBHOOK, MESSAGES = golden("simple"), golden("webhook"), golden("messages")
TOKENS, NEWEST = golden("tokens"), golden("newest")


def an_update(fields: Golden) -> Update:
    return parse_update(json.dumps(fields))


def named(example: Golden) -> str:
    return str(example["name"])


@pytest.mark.parametrize("path", sorted(HERE.glob("*.json")), ids=lambda path: path.stem)
def test_golden_file_says_what_it_is(path: Path) -> None:
    assert golden(path.stem)["description"]


class TestUpdate:
    @pytest.mark.parametrize("example", UPDATE["examples"], ids=named)
    def test_update_is_read_and_written_as_in_the_file(self, example: Golden) -> None:
        update = an_update(example["update"])

        assert update.to_json() == example["text"]
        assert list(update.to_dict().items()) == list(example["update"].items())

    @pytest.mark.parametrize("example", UPDATE["rejected"], ids=named)
    def test_rejected_update_names_its_field(self, example: Golden) -> None:
        good = UPDATE["examples"][-1]["update"]

        with pytest.raises(BadRequest, match=rf"^{example['field']} "):
            an_update(good | example["change"])


class TestTokens:
    @pytest.fixture
    def environment(self, tmp_path: Path) -> Environment:
        lists = tmp_path / "lists.json"
        lists.write_text(json.dumps({"tokens": TOKENS["variable"].split(",")}))
        return Environment({"LISTS_PATH": str(lists)})

    @pytest.mark.parametrize("token", TOKENS["served"])
    def test_token_of_the_stack_is_served(self, environment: Environment, token: str) -> None:
        known = require_known(token, environment.tokens, environment.symbols)

        assert known == token

    @pytest.mark.parametrize("example", TOKENS["refused"], ids=lambda example: example["token"])
    def test_other_token_is_refused_with_what_to_ask_for(
        self, environment: Environment, example: Golden
    ) -> None:
        with pytest.raises(UnknownToken) as refused:
            require_known(example["token"], environment.tokens, environment.symbols)

        assert str(refused.value) == example["message"]


class TestIds:
    def test_patterns_are_those_of_the_code(self) -> None:
        assert IDS["pattern"] == ID_PATTERN
        assert IDS["tokenPattern"] == TOKEN_PATTERN
        assert IDS["signaturePattern"] == SIGNATURE_PATTERN

    @pytest.mark.parametrize("parts", IDS["ids"], ids=lambda parts: parts["id"])
    def test_id_is_made_of_its_parts(self, parts: Golden) -> None:
        made = update_id(parts["timestamp"], parts["slot"], parts["txSignature"])

        assert made == parse_id(parts["id"], where="id")

    def test_order_of_the_texts_is_the_order_of_the_ids(self) -> None:
        ascending = [parse_id(value, where="id") for value in IDS["ascending"]]

        assert sorted(ascending) == ascending

    @pytest.mark.parametrize("bound", IDS["firstOfSecond"], ids=lambda bound: bound["id"])
    def test_second_begins_at_its_smallest_id(self, bound: Golden) -> None:
        assert id_at(bound["timestamp"]) == bound["id"]

    @pytest.mark.parametrize("value", IDS["invalid"])
    def test_invalid_id_is_refused(self, value: str) -> None:
        with pytest.raises(BadRequest):
            parse_id(value, where="id")


class TestFrames:
    @pytest.mark.parametrize("example", FRAMES["examples"], ids=named)
    def test_updates_become_the_frames_of_the_file(self, example: Golden) -> None:
        made = frames([an_update(fields) for fields in example["updates"]])

        assert [json.loads(frame) for frame in made] == example["frames"]

    @pytest.mark.parametrize("sizes", FRAMES["sizes"], ids=lambda sizes: str(sizes["updates"]))
    def test_frames_are_as_large_as_in_the_file(self, sizes: Golden) -> None:
        made = frames([an_update(UPDATE["examples"][0]["update"])] * sizes["updates"])

        assert [frame.count('"PRICE_UPDATE"') for frame in made] == sizes["frames"]
        assert all(len(frame) <= FRAMES["maxBytes"] for frame in made)
        assert FRAMES["maxUpdates"] == MAX_FRAME_UPDATES


class TestNewest:
    """The same trades at every reader: the price table and the Python client."""

    def arrivals(self, ids: Sequence[Golden | str]) -> list[Arrival]:
        rows: list[Golden] = [{"id": row} if isinstance(row, str) else row for row in ids]
        return [
            Arrival(
                Update(
                    token="SOL",
                    price=Decimal("0.5"),
                    timestamp=int(row["id"][:10]),
                    slot=int(row["id"][11:23]),
                    tx_signature=row["id"][24:],
                ),
                arrived_at_ms=index,
                index_in_block=row.get("indexInBlock"),
            )
            for index, row in enumerate(rows)
        ]

    @pytest.mark.parametrize("case", [*NEWEST["arrivals"], *NEWEST["blocks"]], ids=named)
    def test_newest_row_is_the_one_of_the_file(self, case: Golden) -> None:
        arrivals = self.arrivals(case["arrivals"])

        found = newest_of(sorted(arrivals, key=lambda arrival: arrival.update.id))

        assert found is not None
        assert found.update.id == case["newest"]

    @pytest.mark.parametrize("case", NEWEST["arrivals"], ids=named)
    def test_client_has_the_newest_of_the_file_and_says_what_is_late(self, case: Golden) -> None:
        memory = Memory()

        prices = [
            memory.admit(
                parse_client_update(as_fields(parse_json(arrival.update.to_json()))), now=0
            )
            for arrival in self.arrivals(case["arrivals"])
        ]

        assert memory.newest_id == case["newest"]
        assert [price.update.id for price in prices if price and price.is_late] == case["late"]


class TestSimpleForm:
    def parse(self, case: Golden) -> Trades:
        return parse_webhook(
            json.dumps(SIMPLE["body"] | case["change"]),
            x_token=case.get("xToken", SIMPLE["xToken"]),
            tokens=frozenset(case.get("tokens", ())),
            now=SIMPLE["now"],
        )

    def test_body_becomes_the_update_of_the_file(self) -> None:
        (update,) = self.parse({"change": {}}).updates

        assert update.to_dict() == SIMPLE["update"]

    @pytest.mark.parametrize("case", SIMPLE["skipped"], ids=named)
    def test_skip_is_named_as_in_the_file(self, case: Golden) -> None:
        (skip,) = self.parse(case).skipped

        assert skip.to_dict() == case["skip"]

    @pytest.mark.parametrize("case", SIMPLE["refused"], ids=named)
    def test_refusal_has_the_status_of_the_file(self, case: Golden) -> None:
        with pytest.raises(Refused, match=case["names"]) as refusal:
            self.parse(case)

        assert (refusal.value.status, refusal.value.code) == (case["status"], case["code"])


class TestWebhook:
    def test_reasons_are_those_of_the_code(self) -> None:
        assert sorted(get_args(SkipReason)) == WEBHOOK["reasons"]

    @pytest.mark.parametrize("error", WEBHOOK["errors"], ids=lambda error: error["code"])
    def test_status_belongs_to_its_code(self, error: Golden) -> None:
        statuses = {each.code: each.status for each in Refused.__subclasses__()}

        assert statuses.get(error["code"], 503) == error["status"]

    def test_skips_look_as_in_the_file(self) -> None:
        bodies = HERE.parent / "data" / "helius"
        transfer = json.loads((bodies / "enh_mixed_batch_transfer_mint.json").read_text())[0]
        raw = json.loads((bodies / "raw_transfer_sol_webhook.json").read_text())[0]
        meta = raw["meta"] | {"innerInstructions": None}
        trimmed = raw | {"blockTime": transfer["timestamp"], "meta": meta}

        trades = parse_webhook(
            json.dumps([transfer, trimmed, 7]), x_token=None, tokens=frozenset(), now=SIMPLE["now"]
        )

        assert [skip.to_dict() for skip in trades.skipped] == WEBHOOK["accepted"]["skipped"]

    def test_error_message_is_the_one_of_the_code(self) -> None:
        with pytest.raises(BadRequest) as refusal:
            parse_webhook(b"\xff", x_token=None, tokens=frozenset(), now=SIMPLE["now"])

        error = {"code": refusal.value.code, "message": str(refusal.value)}
        assert {"error": error} == WEBHOOK["error"]


class TestMessages:
    def message(self, name: str) -> Golden:
        (found,) = (each["message"] for each in MESSAGES["messages"] if each["name"] == name)
        return found

    def test_pong(self) -> None:
        assert json.loads(messages.pong()) == self.message("pong")

    def test_authorized(self) -> None:
        message = self.message("authorized")
        assert json.loads(messages.authorized(message["expiresAt"])) == message
        assert json.loads(messages.authorized(None)) == self.message("authorized, for ever")
        assert json.loads(messages.refusal(expired())) == self.message("error of the access token")

    def test_subscribed(self) -> None:
        assert json.loads(messages.subscribed(["SOL"], is_list=False)) == self.message("subscribed")
        several = self.message("subscribed, to several at once")
        assert json.loads(messages.subscribed(several["tokens"], is_list=True)) == several

    def test_unsubscribed(self) -> None:
        one = self.message("unsubscribed")
        assert json.loads(messages.unsubscribed(["SOL"], is_list=False)) == one
        several = self.message("unsubscribed from several")
        assert json.loads(messages.unsubscribed(several["tokens"], is_list=True)) == several

    def test_error(self) -> None:
        error = self.message("error")

        assert json.loads(messages.error(error["code"], error["message"])) == error
        assert error["code"] in MESSAGES["errorCodes"]

    def test_error_of_one_token(self) -> None:
        error = self.message("error of one token")

        with pytest.raises(UnknownToken) as refused:
            require_known(error["token"], frozenset({"SOL"}))

        said = messages.error(refused.value.code, str(refused.value), token=refused.value.token)
        assert json.loads(said) == error

    def test_gap(self) -> None:
        gap = self.message("gap")

        assert json.loads(messages.gap("SOL", Gap(gap["after"], gap["until"]))) == gap
