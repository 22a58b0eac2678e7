"""The flag is set the other way, and a trade must reach a client there: the time until it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow.paths import Path
from ops.change import Operator, Setting, deploy_change
from ops.verify.config import Config
from ops.verify.finding import Finding
from ops.verify.round_trip import Plan
from ops.verify.run import run_checks
from ops.verify.target import Target
from workspace.stack import Stack

FLAG: Final = "USE_EDGE_BROADCAST"


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """`up_seconds` and `recovered_seconds` count from the operator's yes; the latter to the first trade
    that a client heard on the path. None: none did."""

    path: Path
    up_seconds: float
    recovered_seconds: float | None
    findings: Sequence[Finding]

    @property
    def is_well(self) -> bool:
        return self.recovered_seconds is not None and all(
            finding.state != "failed" for finding in self.findings
        )

    def to_dict(self) -> dict[str, object]:
        """For scripts; seconds with one digit."""
        recovered = self.recovered_seconds
        return {
            "path": self.path,
            "ok": self.is_well,
            "upSeconds": round(self.up_seconds, 1),
            "recoveredSeconds": None if recovered is None else round(recovered, 1),
            "checks": [finding.to_dict() for finding in self.findings],
        }


def roll_back(
    stack: Stack, path: Path, *, plan_for: Callable[[Config], Plan], operator: Operator
) -> Recovery:
    """Deploy the flag for `path`, and verify. Raises WorkspaceError."""
    clock = _Clock()
    flag = Setting(key=FLAG, value="true" if path == "edge" else "false")
    deploy_change(
        stack, [flag], Operator(say=operator.say, agrees=lambda: clock.starts_if(operator.agrees()))
    )
    up_seconds = clock.seconds
    findings: list[Finding] = []
    recovered_seconds: float | None = None
    target = Target.of(stack)
    for finding in run_checks(target, plan_for(target.config)):
        findings.append(finding)
        operator.say(f"{finding.state}: {finding.name}: {finding.seen}")
        if finding.name == f"webhook → {path} client" and finding.state == "ok":
            recovered_seconds = clock.seconds
    return Recovery(
        path=path, up_seconds=up_seconds, recovered_seconds=recovered_seconds, findings=findings
    )


class _Clock:
    """Waiting for the operator is no part of a recovery."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def starts_if(self, agreed: bool) -> bool:
        self._began = time.monotonic()
        return agreed

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began
