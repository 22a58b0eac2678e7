"""Starts a function as Lambda does: in a new Python process, with its code and dependencies only."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from functions import environment

ROOT = Path(__file__).parent.parent
SECRET = "bench-secret"

# The event comes on stdin, so that building it does not count as start-up time.
_RUN = """
import sys
import json
from functions.{module} import handler
class Context:
    aws_request_id = "bench"
    function_name = "bench"
    def get_remaining_time_in_millis(self): return 30000
event = json.loads(sys.stdin.readline())
sys.stdout.write(json.dumps(handler(event, Context())) + "\\n")
"""

# Lambda hands a warm process one event after the other. Parsing it and writing the answer is the
# runtime's part, and billed too. What the function logs goes to stderr.
_SERVE = """
import json
import os
import sys
import time
from functions.{module} import handler
class Context:
    aws_request_id = "bench"
    function_name = "bench"
    def get_remaining_time_in_millis(self): return 30000
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    started, cpu_started = time.perf_counter(), time.process_time()
    answer = handler(json.loads(line), Context())
    text = json.dumps(answer)
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu_started
    print(json.dumps([elapsed * 1000, cpu * 1000, text]), file=answers, flush=True)
"""


def variables(endpoint: str) -> dict[str, str]:
    """The functions' environment variables; all AWS calls go to `endpoint`."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        environment.STACK: "glow-bench",
        environment.PRICES_TABLE: "prices",
        environment.CANDLES_TABLE: "candles",
        environment.CONNECTIONS_TABLE: "connections",
        environment.ROUTES_TABLE: "routes",
        environment.WEBSOCKET_URL: "wss://websocket.test/live",
        environment.BROADCAST_QUEUE_URL: f"{endpoint}/000000000000/broadcast.fifo",
        environment.BROADCAST_DEAD_LETTER_QUEUE_URL: f"{endpoint}/000000000000/dead.fifo",
        environment.BROADCAST_TRIES: "10",
        environment.LATER_QUEUE_URL: f"{endpoint}/000000000000/later",
        environment.COMPLETION_QUEUE_URL: f"{endpoint}/000000000000/completions",
        environment.COMPLETIONS_PER_BODY: "5",
        environment.POSTS_PER_SECOND: "1000000",
        environment.POSTING_PROCESSES: "15",
        environment.WEBSOCKET_CALLBACK_URL: f"{endpoint}/live",
        environment.HELIUS_WEBHOOK_SECRET: SECRET,
        environment.MAX_PRICE_JUMP: "20",
        environment.SOL_USD_MAX_AGE_SECONDS: "180",
        environment.PRICE_RETENTION_SECONDS: "604800",
        environment.CANDLE_RETENTION_SECONDS: str(365 * 86_400),
        environment.USE_EDGE_BROADCAST: "false",
        environment.EDGE_BROADCAST_URL: endpoint,
        environment.EDGE_BROADCAST_SECRET: SECRET,
        environment.EDGE_RETRY_QUEUE_URL: f"{endpoint}/000000000000/edge-retry.fifo",
        environment.ROUTE_QUEUE_URL: f"{endpoint}/000000000000/route.fifo",
    }


def webhook_event(body: str) -> dict[str, object]:
    """An HTTP API event (payload 2.0) that posts `body` to the webhook."""
    return {
        "version": "2.0",
        "routeKey": "POST /webhook/price",
        "rawPath": "/webhook/price",
        "headers": {"authorization": f"Bearer {SECRET}", "content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": "/webhook/price"}},
        "body": body,
        "isBase64Encoded": False,
    }


@dataclass(frozen=True, slots=True)
class Call:
    """What a warm process took for one event, with its parsing."""

    elapsed_ms: float
    cpu_ms: float


@contextmanager
def warm_process(module: str, endpoint: str) -> Generator[Callable[[Mapping[str, object]], Call]]:
    """A process in which `functions.<module>` answers one event after the other."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE.format(module=module)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables(endpoint)},
    ) as process:
        assert process.stdin
        assert process.stdout
        stdin, stdout = process.stdin, process.stdout

        def answer(event: Mapping[str, object]) -> Call:
            stdin.write(json.dumps(event) + "\n")
            stdin.flush()
            elapsed_ms, cpu_ms, text = json.loads(stdout.readline())
            if json.loads(text).get("statusCode") != 200:
                raise RuntimeError(f"{module} answered {text}")
            return Call(elapsed_ms, cpu_ms)

        try:
            yield answer
        finally:
            stdin.close()
            process.wait(timeout=10)


@dataclass(frozen=True, slots=True)
class Start:
    """What a process took from its start to its first answer. Neighbours do not change the CPU time."""

    elapsed_ms: float
    cpu_ms: float


def first_answer(module: str, event: Mapping[str, object], endpoint: str, **others: str) -> Start:
    """Start a process, and have `functions.<module>` answer.

    `others` are variables instead of the usual ones.
    """
    line = json.dumps(event) + "\n"
    started, cpu_before = time.perf_counter(), _cpu_of_children_ms()
    finished = subprocess.run(
        [sys.executable, "-c", _RUN.format(module=module)],
        input=line,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables(endpoint), **others},
        check=True,
    )
    elapsed_ms = (time.perf_counter() - started) * 1000
    answer = json.loads(finished.stdout.splitlines()[-1])
    if answer.get("statusCode") != 200:
        raise RuntimeError(f"the webhook answered {answer}: {finished.stderr}")
    return Start(elapsed_ms, _cpu_of_children_ms() - cpu_before)


def _cpu_of_children_ms() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1000


def import_ms(statement: str) -> float:
    """Milliseconds that a new Python process takes to run `statement` and end."""
    started = time.perf_counter()
    given = {"PATH": os.environ["PATH"], **variables("http://127.0.0.1")}
    subprocess.run([sys.executable, "-c", statement], cwd=ROOT, env=given, check=True)
    return (time.perf_counter() - started) * 1000
