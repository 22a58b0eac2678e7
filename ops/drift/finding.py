"""What a nightly look found, as it travels from the step with keys to the one that may write issues."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from ops.preview import Preview
from ops.report import has_changes, write_report

State = Literal["none", "found", "failed"]


class Drift(BaseModel):
    """`report` is Markdown: the counts, then the diff."""

    model_config = ConfigDict(frozen=True)

    stack: str
    state: State
    report: str

    @classmethod
    def of(cls, stack: str, done: Preview) -> Self:
        state: State = "none"
        if done.exit_code != 0:
            state = "failed"
        elif has_changes(done.output):
            state = "found"
        report = write_report(stack, done.output, done.exit_code, command="refresh")
        return cls(stack=stack, state=state, report=report)
