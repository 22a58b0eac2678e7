"""Measures posts per second to 1,000 connections, each answered after 10 ms: ours and botocore's."""

import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from botocore.config import Config
from botocore.session import Session

from bench.endpoint import running_endpoint
from bench.lambda_process import variables
from bench.report import Report

CONNECTIONS = 1_000
ANSWER_MS = 10
BROADCASTS = 20
QUOTA = 6_000  # what the default settings leave of the account's
THREADS = 32
THREADED_BROADCASTS = 2  # botocore is about ten times slower, so the run takes about as long


class _Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def measure() -> list[Report]:
    with running_endpoint(delay_ms=ANSWER_MS, connections=CONNECTIONS) as endpoint:
        os.environ.update(variables(endpoint))
        rows = [
            ("BroadcastWorker", *_timed(_worker(), BROADCASTS)),
            (
                f"BroadcastWorker with a quota of {QUOTA:,} posts/s",
                *_timed(_worker(POSTS_PER_SECOND=str(QUOTA)), BROADCASTS),
            ),
            (
                f"botocore's client, {THREADS} threads",
                *_timed(_threaded(endpoint), THREADED_BROADCASTS),
            ),
        ]
    title = f"Posts to {CONNECTIONS:,} connections, each answered after {ANSWER_MS} ms"
    return [Report(title, ("by", "posts/s", "CPU ms per post"), rows)]


def _timed(broadcast: Callable[[int], None], times: int) -> tuple[str, str]:
    """Posts per second and CPU milliseconds per post, after one broadcast to warm up."""
    broadcast(0)
    started, cpu_started = time.perf_counter(), time.process_time()
    for number in range(1, times + 1):
        broadcast(number)
    posts = CONNECTIONS * times
    seconds = time.perf_counter() - started
    cpu_ms = (time.process_time() - cpu_started) * 1000
    return f"{posts / seconds:,.0f}", f"{cpu_ms / posts:.3f}"


def _worker(**variables: str) -> Callable[[int], None]:
    os.environ.update(variables)
    # Imported here and anew, because the module reads the environment when it is imported.
    sys.modules.pop("functions.broadcast", None)
    handler = import_module("functions.broadcast").handler

    def broadcast(number: int) -> None:
        answer = handler({"Records": [_record(number)]}, _Context())
        if answer["batchItemFailures"]:
            raise RuntimeError("the worker could not broadcast")

    return broadcast


def _record(number: int) -> dict[str, Any]:
    timestamp, slot, signature = 1_790_000_000, 250_000_000 + number, f"Bench{number}"
    update = {
        "type": "PRICE_UPDATE",
        "token": "BENCH",
        "price": 0.0025,
        "timestamp": timestamp,
        "slot": slot,
        "txSignature": signature,
        "id": f"{timestamp:010d}-{slot:012d}-{signature[:16]}",
    }
    attributes = {
        "MessageGroupId": "BENCH",
        "MessageDeduplicationId": update["id"],
        "ApproximateReceiveCount": "1",
    }
    return {"messageId": signature, "body": json.dumps(update), "attributes": attributes}


def _threaded(endpoint: str) -> Callable[[int], None]:
    client: Any = Session().create_client(
        "apigatewaymanagementapi",
        region_name="us-east-1",
        endpoint_url=f"{endpoint}/live",
        config=Config(max_pool_connections=THREADS),
    )
    threads = ThreadPoolExecutor(THREADS)
    connection_ids = [f"connection-{index:06d}=" for index in range(CONNECTIONS)]

    def broadcast(number: int) -> None:
        data = _record(number)["body"]

        def post(connection_id: str) -> None:
            client.post_to_connection(ConnectionId=connection_id, Data=data)

        list(threads.map(post, connection_ids))

    return broadcast
