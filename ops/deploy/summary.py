"""A deployment as Markdown, for the summary of its job. Pure."""

from __future__ import annotations

from typing import Final

from ops.deploy.deployment import Deployment
from ops.report import cut_middle

_MARKS: Final = {"ok": "✓", "failed": "✗", "skipped": "·"}
# GitHub takes 1 MiB for each step.
_REASON_BYTES: Final = 30_000


def write_summary(stack: str, done: Deployment) -> str:
    """A heading that says how it ended, the reason, and a row for each check."""
    headline = {
        "deployed": "deployed and verified" if done.is_well else "deployed, but not all is well",
        "put back": f"not kept: {(done.commit or '')[:7]} is deployed again",
        "broken": "failed, and nothing was put back",
    }[done.end]
    lines = [f"### {stack}: {headline}", ""]
    if done.reason:
        lines += ["```", cut_middle(done.reason, _REASON_BYTES).replace("```", "'''"), "```", ""]
    if done.findings:
        lines += ["| | check | seen |", "|---|---|---|"]
    for finding in done.findings:
        lines.append(f"| {_MARKS[finding.state]} | {_cell(finding.name)} | {_cell(finding.seen)} |")
    for finding in done.findings:
        if finding.state == "failed":
            lines += ["", f"**{finding.name}**: {finding.cause}. Run: `{finding.remedy}`"]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
