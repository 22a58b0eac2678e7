"""Reads the log groups of a stack's functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ops.errors import OpsError
from ops.logs.line import Line, function_line
from ops.verify.target import Target

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_logs.type_defs import FilteredLogEventTypeDef


@dataclass(frozen=True, slots=True)
class Event:
    """A line as CloudWatch has it: its `id` is never that of another one."""

    id: str
    at_ms: int
    message: str


class FunctionLogs:
    """`names` are the functions' names in the account by those in the outputs. All raise OpsError."""

    def __init__(self, client: CloudWatchLogsClient, names: Mapping[str, str]) -> None:
        self._client = client
        self.names = names

    @classmethod
    def of(cls, target: Target) -> FunctionLogs:
        return cls(target.cloudwatch_logs, target.deployed.function_names)

    def lines(self, function: str, *, naming: str, since_ms: float, until_ms: float) -> list[Line]:
        """The events of `function` that have `naming` as a field, oldest first."""
        found = (
            function_line(function, event.at_ms, event.message)
            for event in self.events(function, naming=naming, since_ms=since_ms, until_ms=until_ms)
        )
        named = [
            line
            for line in found
            if line is not None and (line.request_id == naming or line.names(naming))
        ]
        return sorted(named, key=lambda line: line.at_ms)

    def events(
        self, function: str, *, naming: str | None = None, since_ms: float, until_ms: float
    ) -> Iterator[Event]:
        """Its lines, of those that hold the text `naming`. A group that does not exist has none."""
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{self.names[function]}",
            startTime=int(since_ms),
            endTime=int(until_ms),
            filterPattern="" if naming is None else f'"{naming}"',
        )
        try:
            for page in pages:
                yield from (_event(each) for each in page.get("events", []))
        except self._client.exceptions.ResourceNotFoundException:
            return
        except (BotoCoreError, ClientError) as error:
            raise OpsError(
                f"The log of {self.names[function]} could not be read: {error}\n"
                "Likely causes: credentials of another account, or rights that lack"
                " logs:FilterLogEvents."
            ) from error


def _event(found: FilteredLogEventTypeDef) -> Event:
    at_ms, message = found.get("timestamp", 0), found.get("message", "")
    return Event(found.get("eventId") or f"{at_ms} {message}", at_ms, message)
