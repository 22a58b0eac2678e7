"""The emulator's functions: they answer during an update, and many requests share few processes."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.session import Session

from local.cloud import LocalCloud
from tests.bootstrap.lambdas import archive, create_function
from tests.local.aws import Aws
from tests.local.wire import wait_for

pytestmark = pytest.mark.cloud

MAX_PROCESSES = 4

CODE = """
import logging, os, pathlib, time

def handler(event, context):
    logging.getLogger("glow").info("handled", extra={"code": CODE, "ids": ["a"]})
    if "begun" in event:
        pathlib.Path(event["begun"]).touch()
        while not pathlib.Path(event["may_end"]).exists():
            time.sleep(0.01)
    return {"code": CODE, "variable": os.environ["VARIABLE"], "pid": os.getpid()}
"""


@dataclass(frozen=True)
class Function:
    """A function that says which code and variable it runs with."""

    aws: Aws

    @property
    def aws_lambda(self) -> Any:
        return self.aws.client("lambda")

    def invoke(self, **event: str) -> dict[str, Any]:
        payload = json.dumps(event)
        answer = self.aws_lambda.invoke(FunctionName="waits", Payload=payload)
        return json.loads(answer["Payload"].read())

    def change_code(self) -> None:
        self.aws_lambda.update_function_code(FunctionName="waits", ZipFile=package("new"))
        self._wait_until("function_updated_v2")

    def change_variable(self) -> None:
        self.aws_lambda.update_function_configuration(
            FunctionName="waits", Environment={"Variables": {"VARIABLE": "new"}}
        )
        self._wait_until("function_updated_v2")

    def create(self) -> None:
        create_function(self.aws, "waits", package("old"), variables={"VARIABLE": "old"})
        self._wait_until("function_active_v2")

    def _wait_until(self, state: str) -> None:
        waiter = self.aws_lambda.get_waiter(state)
        waiter.wait(FunctionName="waits", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})


def package(code: str) -> bytes:
    """A deployment package whose handler calls itself `code`."""
    return archive(f"CODE = {code!r}\n{CODE}")


@pytest.fixture
def function(tmp_path: Path) -> Iterator[Function]:
    with LocalCloud(tmp_path, aws_port=0, worker_port=0, stand_ins=()) as cloud:
        function = Function(Aws(Session(), cloud.aws_url))
        function.create()
        yield function


def test_log_has_the_fields_of_an_event_as_lambda_writes_them(function: Function) -> None:
    function.invoke()

    def texts() -> list[str]:
        events = function.aws.client("logs").filter_log_events(logGroupName="/aws/lambda/waits")
        return [event["message"] for event in events["events"]]

    start, text, *_ = wait_for(texts, bool, "the log")
    line = json.loads(text)
    assert {**line, "timestamp": line["timestamp"][-1]} == {
        "timestamp": "Z",
        "level": "INFO",
        "message": "handled",
        "logger": "glow",
        "requestId": start.split()[2],
        "code": "old",
        "ids": ["a"],
    }


@pytest.mark.parametrize(
    ("change", "changed"),
    [(Function.change_code, "code"), (Function.change_variable, "variable")],
)
def test_request_under_way_is_answered_by_the_function_of_before_the_update(
    function: Function, tmp_path: Path, change: Callable[[Function], None], changed: str
) -> None:
    begun, may_end = tmp_path / "begun", tmp_path / "may_end"
    with ThreadPoolExecutor() as thread:
        under_way = thread.submit(function.invoke, begun=str(begun), may_end=str(may_end))
        try:
            wait_for(begun.exists, bool, "the request to begin")
            change(function)
            after_update = function.invoke()
        finally:
            may_end.touch()
        before_update = under_way.result()

    assert before_update[changed] == "old"
    assert after_update[changed] == "new"
    wait_for(lambda: psutil.pid_exists(before_update["pid"]), lambda exists: not exists, "its end")
    assert function.invoke()["pid"] == after_update["pid"]


def test_crowd_is_answered_by_few_processes(function: Function, tmp_path: Path) -> None:
    may_end = tmp_path / "may_end"
    begun = [tmp_path / f"begun{number}" for number in range(3 * MAX_PROCESSES)]

    def begun_by_now() -> int:
        return sum(map(Path.exists, begun))

    with ThreadPoolExecutor(max_workers=len(begun)) as threads:
        crowd = [
            threads.submit(function.invoke, begun=str(file), may_end=str(may_end)) for file in begun
        ]
        try:
            wait_for(begun_by_now, lambda number: number == MAX_PROCESSES, "the first to begin")
        finally:
            may_end.touch()
        answers = [each.result() for each in crowd]

    assert len({answer["pid"] for answer in answers}) == MAX_PROCESSES
    assert begun_by_now() == len(begun)
