"""The later steps of a change of route, as messages of RouteQueue.fifo.

A task names no token: it reads the routes when it is done. So a task that comes late, twice, or
after another change does no harm.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from functions.glow.errors import BadRequest
from functions.glow.fields import as_object, parse_json
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.token import shown

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

Kind = Literal["announce", "tell_edge", "sweep"]
KINDS: Final[tuple[Kind, ...]] = ("announce", "tell_edge", "sweep")


@dataclass(frozen=True, slots=True)
class Task:
    """`announce`: clients on AWS may go back to the edge. `tell_edge`: rooms that could not be told
    before are told now. `sweep`: a grace is over. To be done at `due_ms`, Unix time."""

    kind: Kind
    due_ms: int

    def to_json(self) -> str:
        return json.dumps({"task": self.kind, "dueMs": self.due_ms}, separators=(",", ":"))


def parse_task(text: str) -> Task:
    """Read a task back. Raises BadRequest."""
    fields = as_object(parse_json(text, where="the task"), where="the task")
    due_ms = fields.get("dueMs")
    if not isinstance(due_ms, int):
        raise BadRequest(f"dueMs must be Unix time in ms; got {shown(due_ms)}")
    for kind in KINDS:
        if fields.get("task") == kind:
            return Task(kind, due_ms)
    raise BadRequest(f"task must be one of {', '.join(KINDS)}; got {shown(fields.get('task'))}")


class TaskQueue:
    """Raises Unavailable when the queue does not answer."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def add(self, task: Task) -> None:
        """Each task is a group of its own, so that one that waits holds up no other."""
        name = f"{task.kind}-{task.due_ms}"
        with unavailable_unless_answered("the route queue"):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=task.to_json(),
                MessageGroupId=name,
                MessageDeduplicationId=name,
            )
