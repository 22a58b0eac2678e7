"""RouteWorker: does the later steps of a change of route, each when it is due."""

import math
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from functions.environment import Environment
from functions.glow import log
from functions.glow.errors import BadRequest, Unavailable
from functions.glow.queues.batch import Poison, SqsAnswer, SqsEvent, SqsRecord
from functions.glow.queues.dead_letters import DeadLetterQueue
from functions.glow.queues.retry_queue import RetryQueue
from functions.glow.routing.setup import route_change
from functions.glow.routing.tasks import Kind, Task, parse_task
from functions.glow.runtime import boto
from functions.glow.runtime.loop import event_loop

_ENVIRONMENT: Final = Environment(os.environ)
_CHANGE: Final = route_change(_ENVIRONMENT.change_settings)
_SQS: Final = boto.sqs(_ENVIRONMENT.aws_region)
_DEAD_LETTERS: Final = DeadLetterQueue(_SQS, _ENVIRONMENT.route_dead_letter_queue_url)
_QUEUE: Final = RetryQueue(
    _SQS,
    _ENVIRONMENT.route_queue_url,
    base_seconds=1,
    max_tries=_ENVIRONMENT.route_queue_tries,
)
_DO: Final[Mapping[Kind, Callable[[], Awaitable[object]]]] = {
    "announce": _CHANGE.recover,
    "tell_edge": _CHANGE.tell_rooms,
    "sweep": _CHANGE.sweep,
}


def handler(event: SqsEvent, _context: object) -> SqsAnswer:
    failed = [record["messageId"] for record in event["Records"] if not _is_done(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _is_done(record: SqsRecord) -> bool:
    try:
        task = parse_task(record["body"])
    except BadRequest as error:
        return not _DEAD_LETTERS.send([Poison(record, str(error))])
    seconds_left = task.due_ms / 1_000 - time.time()
    if seconds_left > 0:
        _QUEUE.hide([record], seconds=math.ceil(seconds_left))
        return False
    return _is_carried_out(task, record)


def _is_carried_out(task: Task, record: SqsRecord) -> bool:
    try:
        event_loop().run_until_complete(_DO[task.kind]())
    except Unavailable as error:
        seconds = _QUEUE.postpone([record])
        log.exception("route_task_failed", task=task.kind, reason=str(error), seconds=seconds)
        return False
    log.info("route_task_done", task=task.kind)
    return True
