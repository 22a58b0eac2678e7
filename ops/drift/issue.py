"""One issue for each stack: open while there is drift."""

from __future__ import annotations

from ops.drift.finding import Drift
from ops.github import WORKFLOW_LOGIN, GitHub

_REMEDY = """\
`pulumi up --refresh --stack {stack}` makes it as the program says; what is to stay goes into the program or its config.
docs/delivery.md tells more. This issue is kept up to date every night, and closed when the drift is gone."""


def settle(github: GitHub, found: Drift, *, log_url: str) -> str:
    """Open, update or close the issue of the stack; what was done, with its URL. Raises OpsError."""
    marker = f"<!-- glow:drift {found.stack} -->"
    ours = (
        issue
        for issue in github.open_issues()
        if issue.author == WORKFLOW_LOGIN and issue.body.startswith(marker)
    )
    issue = next(ours, None)
    body = "\n\n".join(
        [marker, found.report, f"[Whole output]({log_url})", _REMEDY.format(stack=found.stack)]
    )
    match found.state, issue:
        case "none", None:
            return f"No drift of {found.stack}."
        case "none", open_issue:
            github.add_comment(open_issue.number, f"Gone: [no drift]({log_url}).")
            return f"Closed: {github.close_issue(open_issue.number)}"
        case "failed", _:
            return f"The look at {found.stack} failed, so its issue stays as it is."
        case _, None:
            return f"Opened: {github.open_issue(f'Drift of stack {found.stack}', body)}"
        case _, open_issue:
            return f"Updated: {github.change_issue(open_issue.number, body)}"
