"""The decisions of a deployment. Pure: what it does is handed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ops.verify.finding import Finding, failed
from workspace.errors import WorkspaceError

# A new version needs up to a minute until it is everywhere; a run of the checks takes about as long.
LOOKS: Final = 2

End = Literal["deployed", "put back", "broken"]


@dataclass(frozen=True, kw_only=True)
class Acts:
    """`verify` yields nothing on a stack that was never deployed; the others raise WorkspaceError."""

    deployed_commit: Callable[[], str | None]
    verify: Callable[[], Sequence[Finding]]
    up: Callable[[], None]
    has_begun: Callable[[], bool]
    """Whether `up` has changed anything. It has not if somebody else's update has locked the stack."""
    put_back: Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """`reason` says why it was not kept; `findings` are of the stack as it is left."""

    end: End
    findings: Sequence[Finding]
    reason: str = ""
    commit: str | None = None
    """The one that was put back."""

    @property
    def is_well(self) -> bool:
        return self.end == "deployed" and not _red(self.findings)


def deploy(acts: Acts) -> Deployment:
    """Deploy, verify, and put back what was there if that made a check red which was not red before.

    What was red before says nothing of the new version: it stays, and the deployment is not well.
    """
    before, red_before = acts.deployed_commit(), _red(acts.verify())
    findings: Sequence[Finding] = ()
    made_red: set[str] = set()
    try:
        acts.up()
        for _ in range(LOOKS):
            findings = _look(acts)
            made_red = _red(findings) - red_before
            if not made_red:
                return Deployment(end="deployed", findings=findings)
        reason = f"it made red: {', '.join(sorted(made_red))}"
    except WorkspaceError as error:
        reason = str(error)
    if before is None:
        why = f"{reason}\nThe stack's history names no commit to go back to."
        return Deployment(end="broken", findings=findings, reason=why)
    try:
        if not acts.has_begun():
            why = f"{reason}\nThe update has not begun, so nothing was changed. Run the job again."
            return Deployment(end="broken", findings=findings, reason=why)
        acts.put_back(before)
        findings = _look(acts)
    except WorkspaceError as error:
        why = f"{reason}\n{before[:7]} could not be put back: {error}"
        return Deployment(end="broken", findings=findings, reason=why)
    return Deployment(end="put back", findings=findings, reason=reason, commit=before)


def _look(acts: Acts) -> Sequence[Finding]:
    """What `verify` finds. Where it ends with an error, nobody has seen that the version is well."""
    try:
        return acts.verify()
    except Exception as error:  # noqa: BLE001  whatever a new version made of the checks
        # The texts of others may hold a secret.
        told = str(error) if isinstance(error, WorkspaceError) else type(error).__name__
        return [
            failed(
                "checks",
                f"they ended with an error: {told}",
                cause="the stack answers what no check expects",
                remedy="python -m ops verify --stack <stack>",
            )
        ]


def _red(findings: Sequence[Finding]) -> set[str]:
    return {finding.name for finding in findings if finding.state == "failed"}
