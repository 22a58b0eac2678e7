"""RouteWorker: carries a change of route out. Each task has it go on with what is due."""

import math
import os
import time
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from functions.environment import Environment
from functions.glow import log
from functions.glow.errors import BadRequest, Unavailable
from functions.glow.queues.batch import Poison, SqsAnswer, SqsEvent, SqsRecord
from functions.glow.queues.dead_letters import DeadLetterQueue
from functions.glow.queues.retry_queue import RetryQueue
from functions.glow.routing.setup import walk
from functions.glow.routing.tasks import TaskQueue, due_ms_of
from functions.glow.runtime import boto
from functions.glow.runtime.loop import event_loop

_ENVIRONMENT: Final = Environment(os.environ)
_WALK: Final = walk(_ENVIRONMENT.walk_settings)
_SQS: Final = boto.sqs(_ENVIRONMENT.aws_region)
_TASKS: Final = TaskQueue(_SQS, _ENVIRONMENT.route_queue_url)
_DEAD_LETTERS: Final = DeadLetterQueue(_SQS, _ENVIRONMENT.route_dead_letter_queue_url)
_QUEUE: Final = RetryQueue(
    _SQS,
    _ENVIRONMENT.route_queue_url,
    base_seconds=1,
    max_tries=_ENVIRONMENT.route_queue_tries,
)


def handler(event: SqsEvent, _context: object) -> SqsAnswer:
    again: list[str] = []
    due: list[SqsRecord] = []
    for record in event["Records"]:
        try:
            seconds_left = due_ms_of(record["body"]) / 1_000 - time.time()
        except BadRequest as error:
            again += _DEAD_LETTERS.send([Poison(record, str(error))])
            continue
        if seconds_left > 0:
            _QUEUE.hide([record], seconds=math.ceil(seconds_left))
            again.append(record["messageId"])
        else:
            due.append(record)
    if due and not _went_on(due):
        again += [record["messageId"] for record in due]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _went_on(due: Sequence[SqsRecord]) -> bool:
    """All tasks ask for the same, so it is done once for those that are `due`."""
    try:
        next_ms = event_loop().run_until_complete(_WALK.go_on())
        if next_ms is not None:
            _TASKS.add(next_ms, name=uuid4().hex)
    except Unavailable as error:
        seconds = _QUEUE.postpone(due)
        log.exception("route_task_failed", reason=str(error), seconds=seconds)
        return False
    log.info("route_task_done", next_ms=next_ms)
    return True
