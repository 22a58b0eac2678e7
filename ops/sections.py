"""The one comment on a pull request: a section for each stack, all of the same commit. Pure."""

import re
from typing import Final

MARKER: Final = "<!-- glow:preview -->"
END: Final = "<!-- glow:end -->"

# GitHub's own limit on the body of a comment.
COMMENT_CHARACTERS: Final = 65_536

SECTION: Final = re.compile(
    rf"^<!-- glow:section (?P<name>\S+) (?P<commit>\S+) -->\n(?P<text>.*?)\n{END}$",
    re.MULTILINE | re.DOTALL,
)


def is_preview_comment(body: str) -> bool:
    """Tell whether `body` is a comment that `put_section` made."""
    return body.startswith(MARKER)


def put_section(body: str, *, name: str, commit: str, text: str, log_url: str) -> str:
    """Return `body` with section `name` set to `text`.

    Sections of another commit are dropped, because readers would take them for current.
    """
    kept = {
        found["name"]: found["text"]
        for found in SECTION.finditer(body)
        if found["commit"] == commit
    }
    # A program may print a line that looks like the border of a section.
    kept[name] = text.strip("\n").replace("<!-- glow:", "<!- - glow:")
    heading = f"## Preview of {commit[:7]}\n\n[Whole output in the log]({log_url})"
    sections = [
        f"<!-- glow:section {name} {commit} -->\n{kept[name]}\n{END}" for name in sorted(kept)
    ]
    return "\n\n".join([f"{MARKER}\n{heading}", *sections]) + "\n"
