"""Event source mappings of DynamoDB streams as Lambda runs them.

ministack hands out a batch at a time, in the thread that polls all queues, which wait meanwhile. It knows no
partial failure, no limit of retries, no halving, no window and one batch at once. Here each mapping
has a thread of its own, and batches as the developer guide describes them ("Using Lambda with DynamoDB":
"Configuring partial batch response", "Batching behavior", "Error handling").
"""

import json
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, cast

from ministack.core import responses
from ministack.services import dynamodb, lambda_svc

Record = Mapping[str, object]

IDLE_SECONDS: Final = 0.05
# Lambda backs off between tries; nobody says how far.
RETRY_SECONDS: Final = 0.5
FOREVER: Final = -1

_NAMES: Final = lambda_svc.__dict__
_execute = cast("Callable[[object, object], Record]", _NAMES["_execute_function"])
_functions = cast("Callable[..., tuple[object, object]]", _NAMES["_get_func_record_for_qualifier"])
_mappings = cast("Callable[[], Sequence[tuple[str, str, Record]]]", _NAMES["_iter_all_esms"])
_filtered = cast("Callable[..., list[Record]]", _NAMES["_apply_filter_criteria"])
_report = cast("Callable[..., None]", _NAMES["_send_ddb_stream_failure_record"])
_start_of = cast("Callable[[str], int]", dynamodb.__dict__["stream_start_position"])
_end_of = cast("Callable[[str], int]", dynamodb.__dict__["stream_end_position"])
_since = cast("Callable[..., list[Record]]", dynamodb.__dict__["stream_records_since"])


def hand_out_changes_as_lambda_does() -> None:
    """Run a thread for each mapping of a stream, in place of ministack's one turn for all."""
    running: set[str] = set()

    def start_new_ones() -> bool:
        for account, region, mapping in _mappings():
            mapping_id = str(mapping["UUID"])
            if ":dynamodb:" in str(mapping["EventSourceArn"]) and mapping_id not in running:
                running.add(mapping_id)
                reader = _Reader(account, region, mapping)
                threading.Thread(target=reader.run, daemon=True, name="stream-mapping").start()
        return False  # what a reader hands out is no reason to look at the queues again

    lambda_svc.__dict__["_poll_dynamodb_streams"] = start_new_ones


class _Reader:
    """Reads one stream for one mapping, from where it began."""

    def __init__(self, account: str, region: str, mapping: Record) -> None:
        self._scope = (account, region)
        self._mapping = mapping
        self._table = str(mapping["EventSourceArn"]).split("/")[1]

    def run(self) -> None:
        responses.__dict__["_request_account_id"].set(self._scope[0])
        responses.__dict__["_request_region"].set(self._scope[1])
        is_new = self._mapping.get("StartingPosition") == "LATEST"
        position = _end_of(self._table) if is_new else _start_of(self._table)
        while self._is_there():
            position = max(position, _start_of(self._table))
            if not self._mapping.get("Enabled", True) or position == _end_of(self._table):
                time.sleep(IDLE_SECONDS)
                continue
            self._wait_for_more(position)
            records = _since(self._table, position, self._number("BatchSize", 100))
            self._hand_out(_filtered(records, self._mapping))
            position += len(records)

    def _is_there(self) -> bool:
        return any(mapping is self._mapping for *_, mapping in _mappings())

    def _wait_for_more(self, position: int) -> None:
        """Until the window is over or a batch is full."""
        end = time.monotonic() + self._number("MaximumBatchingWindowInSeconds", 0)
        size = self._number("BatchSize", 100)
        while time.monotonic() < end and _end_of(self._table) - position < size:
            time.sleep(IDLE_SECONDS)

    def _hand_out(self, records: Sequence[Record]) -> None:
        """Share them among as many batches as run at once; a row's changes stay in one, in order."""
        lanes = self._number("ParallelizationFactor", 1)
        batches = [[r for r in records if _lane_of(r, lanes) == lane] for lane in range(lanes)]
        filled = [batch for batch in batches if batch]
        with ThreadPoolExecutor(max(1, len(filled))) as threads:
            for batch in filled:
                threads.submit(self._in_scope, batch)

    def _in_scope(self, batch: Sequence[Record]) -> None:
        responses.__dict__["_request_account_id"].set(self._scope[0])
        responses.__dict__["_request_region"].set(self._scope[1])
        self._settle(batch, self._number("MaximumRetryAttempts", FOREVER))

    def _settle(self, batch: Sequence[Record], retries: int) -> None:
        """Invoke the function until it has taken all, or the retries are used up."""
        while batch:
            result, first_failed = self._invoke(batch)
            if first_failed is None:
                return
            batch = batch[first_failed:]
            if self._mapping.get("BisectBatchOnFunctionError") and len(batch) > 1:
                half = len(batch) // 2  # this does not count as a retry
                self._settle(batch[:half], retries)
                batch = batch[half:]
                continue
            if retries == 0:
                function, _ = self._function()
                source = self._mapping["EventSourceArn"]
                condition = "RetryAttemptsExhausted"
                _report(self._mapping, function, batch, source, result, condition)
                return
            retries = retries if retries == FOREVER else retries - 1
            time.sleep(RETRY_SECONDS)

    def _invoke(self, batch: Sequence[Record]) -> tuple[Record, int | None]:
        """The answer, and where in `batch` the first record is that was not taken."""
        function, _ = self._function()
        result = _execute(function, {"Records": list(batch)})
        if result.get("error"):
            return result, 0
        types = cast("Sequence[str]", self._mapping.get("FunctionResponseTypes", []))
        if "ReportBatchItemFailures" not in types:
            return result, None
        named = _failures(result.get("body"))
        numbers = [str(cast("Record", record["dynamodb"])["SequenceNumber"]) for record in batch]
        if any(name not in numbers for name in named):
            return result, 0  # an answer that cannot be: the whole batch failed
        return result, min((numbers.index(name) for name in named), default=None)

    def _function(self) -> tuple[object, object]:
        return _functions(self._mapping["FunctionName"], self._mapping.get("Qualifier"))

    def _number(self, name: str, default: int) -> int:
        value = self._mapping.get(name)
        return default if value is None else int(str(value))


def _lane_of(record: Record, lanes: int) -> int:
    keys = cast("Record", record["dynamodb"])["Keys"]
    return zlib.crc32(json.dumps(keys, sort_keys=True).encode()) % lanes


def _failures(body: object) -> list[str]:
    answer = cast("object", json.loads(body)) if isinstance(body, str | bytes) and body else body
    if not isinstance(answer, dict):
        return []
    items = cast("Mapping[str, list[Record]]", answer).get("batchItemFailures", [])
    return [str(item["itemIdentifier"]) for item in items]
