"""RouteQueue.fifo: a message in it has RouteWorker go on with the work that a change of route makes.

What that is stands in the routing item (work.py). So it matters little which message comes, or how often.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from functions.glow.errors import BadRequest
from functions.glow.fields import as_object, parse_json
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.token import shown

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_GO_ON: Final = "go_on"


class TaskQueue:
    """Raises Unavailable when the queue does not answer."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def add(self, due_ms: int, *, name: str) -> None:
        """Have RouteWorker go on at `due_ms`, Unix time. SQS drops a second one of that `name` for
        five minutes.

        Each task is a group of its own, so that one that waits holds up no other.
        """
        with unavailable_unless_answered("the route queue"):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=json.dumps({"task": _GO_ON, "dueMs": due_ms}, separators=(",", ":")),
                MessageGroupId=name,
                MessageDeduplicationId=name,
            )


def due_ms_of(message: str) -> int:
    """When to do what `TaskQueue.add` sent. Raises BadRequest."""
    fields = as_object(parse_json(message, where="the task"), where="the task")
    task, due_ms = fields.get("task"), fields.get("dueMs")
    if task != _GO_ON:
        raise BadRequest(f"task must be {_GO_ON}; got {shown(task)}")
    if not isinstance(due_ms, int):
        raise BadRequest(f"dueMs must be Unix time in ms; got {shown(due_ms)}")
    return due_ms
