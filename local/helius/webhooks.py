"""The webhooks of one account, kept in a file: like Helius's, they outlive a restart."""

import json
import threading
import uuid
from pathlib import Path
from typing import Final, cast

Json = dict[str, object]

MAX_ADDRESSES: Final = 100_000
_TYPES: Final = frozenset(
    {"raw", "enhanced", "rawDevnet", "enhancedDevnet", "discord", "discordDevnet"}
)
_REQUIRED: Final = ("webhookURL", "webhookType", "transactionTypes", "accountAddresses")
_KNOWN: Final = frozenset({*_REQUIRED, "authHeader", "txnStatus", "encoding", "active"})
_LOOPBACK: Final = "http://127.0.0.1:"


class Refusal(Exception):  # noqa: N818  an answer, as Helius gives it
    """`status` is HTTP's."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Webhooks:
    """By id. What a method returns is a copy, as the API answers it. Raises Refusal."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._by_id: dict[str, Json] = json.loads(file.read_text()) if file.exists() else {}

    def all(self) -> list[Json]:
        with self._lock:
            return [dict(each) for each in self._by_id.values()]

    def get(self, webhook_id: str) -> Json:
        with self._lock:
            return dict(self._found(webhook_id))

    def create(self, body: object) -> Json:
        """Helius does not look whether there is one with the same URL already."""
        fields = _checked(body)
        with self._lock:
            made = {"webhookID": str(uuid.uuid4()), "wallet": "local", "active": True, **fields}
            self._by_id[str(made["webhookID"])] = made
            self._save()
            return dict(made)

    def replace(self, webhook_id: str, body: object) -> Json:
        """All fields are given anew; whether it is active is not among them."""
        fields = _checked(body)
        with self._lock:
            old = self._found(webhook_id)
            kept = {key: old[key] for key in ("webhookID", "wallet", "active")}
            self._by_id[webhook_id] = kept | fields
            self._save()
            return dict(self._by_id[webhook_id])

    def toggle(self, webhook_id: str, body: object) -> Json:
        fields: Json = cast("Json", body) if isinstance(body, dict) else {}
        active = fields.get("active")
        if not isinstance(active, bool) or len(fields) != 1:
            raise Refusal(400, "active must be true or false")
        with self._lock:
            self._found(webhook_id)["active"] = active
            self._save()
            return dict(self._by_id[webhook_id])

    def delete(self, webhook_id: str) -> None:
        with self._lock:
            self._found(webhook_id)
            del self._by_id[webhook_id]
            self._save()

    def _found(self, webhook_id: str) -> Json:
        if webhook_id not in self._by_id:
            raise Refusal(404, f"webhook not found: {webhook_id}")
        return self._by_id[webhook_id]

    def _save(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(self._by_id))
        fresh.replace(self._file)


def _checked(body: object) -> Json:
    """The fields of `body`. What Helius would not take, or the stand-in does not know, is refused."""
    fields: Json = cast("Json", body) if isinstance(body, dict) else {}
    unknown = fields.keys() - _KNOWN
    missing = [key for key in _REQUIRED if key not in fields]
    url = str(fields.get("webhookURL"))
    addresses = fields.get("accountAddresses")
    if unknown:
        raise Refusal(400, f"unknown fields: {', '.join(sorted(unknown))}")
    if missing:
        raise Refusal(400, f"missing: {', '.join(missing)}")
    if not url.startswith(("https://", _LOOPBACK)):
        raise Refusal(400, "webhookURL must be a public https URL")
    if fields["webhookType"] not in _TYPES:
        raise Refusal(400, f"webhookType must be one of {', '.join(sorted(_TYPES))}")
    if not isinstance(addresses, list) or len(cast("list[str]", addresses)) > MAX_ADDRESSES:
        raise Refusal(400, f"accountAddresses must be a list of at most {MAX_ADDRESSES}")
    return fields
