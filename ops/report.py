"""What `pulumi preview` printed, as Markdown for a reviewer. Pure."""

import re
from collections.abc import Iterable
from typing import Final

# GitHub refuses a comment over 65,536 characters, and two stacks share one comment. Bytes are
# counted: a text never has more characters than bytes.
REPORT_BYTES: Final = 30_000

# A policy or a script is one very long line, and would leave no room for the rest.
LINE_CHARACTERS: Final = 500

# The head shows the changes. The tail holds errors and counts.
HEAD_SHARE: Final = 2 / 3

COUNT: Final = re.compile(r"^\s+(?:[-+~<>=]+ ?)?(\d+ (?:to [a-z-]+|unchanged))$")
SIGNED: Final = re.compile(r"^( *)((?:\+\+|--|\+-|-\+)(?=[ \d])|[-+~](?= ))", re.MULTILINE)

# GitHub colours a line of a `diff` block by its first character.
COLOURED: Final = {"~": "!", "+-": "!", "-+": "!"}


def write_report(
    stack: str,
    output: str,
    exit_code: int,
    *,
    command: str = "preview",
    limit: int = REPORT_BYTES,
) -> str:
    """Return the section of `stack` in at most `limit` bytes: the counts, then the changes, folded.

    `command` is the one of Pulumi's that printed `output`.
    """
    failed = exit_code != 0
    headline = f"{command} failed, exit code {exit_code}" if failed else _counts(output)
    opening = f"<details{' open' if failed else ''}><summary>pulumi {command} --diff</summary>"
    fence = _fence(output)

    def section(body: str) -> str:
        lines = [f"### {stack}: {headline}", "", opening, "", f"{fence}diff", body, fence, ""]
        return "\n".join([*lines, "</details>", ""])

    room = limit - len(section("").encode())
    return section(cut_middle(_colour(output.strip("\n")), room))


def cut_middle(text: str, limit: int) -> str:
    """Return `text` in at most `limit` bytes. A line in the middle says how many lines are left out."""
    if len(text.encode()) <= limit:
        return text
    lines = [_clip(line) for line in text.splitlines()]
    note = "… {} lines left out: the log of this job has them …"
    room = limit - len(note.encode()) - 20  # the number and two line ends
    head = _take(lines, room * HEAD_SHARE)
    tail = _take(reversed(lines[len(head) :]), room - _size(head))[::-1]
    left_out = len(lines) - len(head) - len(tail)
    between = [note.format(f"{left_out:,}")] if left_out else []
    return "\n".join([*head, *between, *tail])


def has_changes(output: str) -> bool:
    """Tell whether the CLI's closing counts name a change."""
    return any("to" in count.split() for count in _closing_counts(output))


def _counts(output: str) -> str:
    """Return the CLI's closing counts: `2 to update, 61 unchanged`."""
    counts = _closing_counts(output)
    return ", ".join(counts if has_changes(output) else ["no changes", *counts])


def _closing_counts(output: str) -> list[str]:
    closing = output.rpartition("\nResources:")[2].splitlines()
    return [found[1] for line in closing if (found := COUNT.match(line))]


def _colour(output: str) -> str:
    """Move the sign of a changed line to its beginning. The text keeps its column."""
    return SIGNED.sub(
        lambda found: COLOURED.get(found[2], found[2][0]) + found[1] + " " * (len(found[2]) - 1),
        output,
    )


def _fence(output: str) -> str:
    longest = max(map(len, re.findall(r"`+", output)), default=0)
    return "`" * max(3, longest + 1)


def _clip(line: str) -> str:
    rest = len(line) - LINE_CHARACTERS
    return f"{line[:LINE_CHARACTERS]} … {rest:,} characters more" if rest > 0 else line


def _take(lines: Iterable[str], room: float) -> list[str]:
    """Return the first of `lines` that fit into `room` bytes."""
    taken: list[str] = []
    for line in lines:
        room -= _size([line])
        if room < 0:
            break
        taken.append(line)
    return taken


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)
