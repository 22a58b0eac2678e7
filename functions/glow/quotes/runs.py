"""The runs of the collector: one at a time, and none while Jupiter does not answer.

EventBridge Scheduler is at least once, so two may begin together: whoever writes the row first goes on.
The row is `id` = `QUOTES` of the routing table: `startedAtMs` of the last run, `failures` in a row, and
`resumeAtMs`, before which nothing is asked. A run counts as failed until it has ended well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from functions.glow.prices.attributes import Row, integer
from functions.glow.runtime.aws import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

QUOTES: Final = "QUOTES"
RUN_SECONDS: Final = 30
"""The longest run; Lambda ends it then. So at most three runs touch any 60 s."""
RUNS_A_MINUTE: Final = 3

# Two runs in a row may fail by chance. Then the pause doubles from two minutes up to eight, as long as
# there are no dollars anyway.
_FREE_FAILURES: Final = 2
_FIRST_PAUSE_SECONDS: Final = 120
_LONGEST_PAUSE_SECONDS: Final = 480

_KEY: Final[dict[str, AttributeValueTypeDef]] = {"id": {"S": QUOTES}}
_PART: Final = "the routing table"


def pause_seconds(failures: int) -> int:
    """How long nothing is asked after so many runs in a row in which Jupiter answered nothing."""
    if failures <= _FREE_FAILURES:
        return 0
    doubled = _FIRST_PAUSE_SECONDS * 2 ** min(failures - _FREE_FAILURES - 1, 10)
    return min(doubled, _LONGEST_PAUSE_SECONDS)


class Runs:
    """Raises Unavailable when the table does not answer. `now` is Unix time in seconds."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def begin(self, *, now: float) -> int | None:
        """Begin a run; how many failed before it, in a row. None: another one runs, or it is a pause."""
        now_ms = int(now * 1000)
        with unavailable_unless_answered(_PART):
            try:
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_KEY,
                    UpdateExpression="SET startedAtMs = :now ADD failures :one",
                    ConditionExpression=(
                        "(attribute_not_exists(startedAtMs) OR startedAtMs <= :over)"
                        " AND (attribute_not_exists(resumeAtMs) OR resumeAtMs <= :now)"
                    ),
                    ExpressionAttributeValues={
                        ":now": {"N": str(now_ms)},
                        ":one": {"N": "1"},
                        ":over": {"N": str(now_ms - RUN_SECONDS * 1000)},
                    },
                    ReturnValues="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return None
        row = cast("Row", answer.get("Attributes", {}))
        return integer(row, "failures") if "failures" in row else 0

    def end(self, *, failures: int, now: float) -> None:
        """Write how many failed in a row, this one included."""
        resume_ms = int((now + pause_seconds(failures)) * 1000)
        with unavailable_unless_answered(_PART):
            self._client.update_item(
                TableName=self._table,
                Key=_KEY,
                UpdateExpression="SET failures = :failures, resumeAtMs = :resume",
                ExpressionAttributeValues={
                    ":failures": {"N": str(failures)},
                    ":resume": {"N": str(resume_ms)},
                },
            )
