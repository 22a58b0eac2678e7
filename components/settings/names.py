"""Which stack names can be deployed. Pure.

The name becomes a part of every physical name, so it must fit where the rules are tightest.
"""

import re
from dataclasses import dataclass
from typing import Final

_AWS: Final = re.compile(r"[A-Za-z0-9_-]+")
# A worker's name is also the host <name>.<subdomain>.workers.dev.
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class PhysicalName:
    """The longest physical name of a kind. `{}` stands for the stack."""

    kind: str
    pattern: str
    max_characters: int

    @property
    def room(self) -> int:
        """How long a stack's name may be to fit."""
        return self.max_characters - len(self.pattern.format(""))


# The rules of IAM (also Lambda's), SQS and DNS. tests/stack holds all names of the program against
# what these leave.
ROLE: Final = PhysicalName(kind="role", pattern="glow-{}-HeliusPriceWebhook", max_characters=64)
QUEUE: Final = PhysicalName(
    kind="queue", pattern="glow-{}-EdgeRetryDeadLetterQueue.fifo", max_characters=80
)
WORKER: Final = PhysicalName(kind="worker", pattern="glow-broadcast-{}", max_characters=63)
_TIGHTEST: Final = min(ROLE, QUEUE, WORKER, key=lambda name: name.room)
MAX_STACK_CHARACTERS: Final = _TIGHTEST.room


def stack_name_problem(stack: str, *, has_edge: bool) -> str | None:
    """What is wrong with the name `stack`, and the command that mends it; None if it can be deployed."""
    if not _AWS.fullmatch(stack):
        what = "roles, functions and queues take letters, digits, '-' and '_' alone"
    elif has_edge and not _HOST.fullmatch(stack):
        what = (
            f"the worker {WORKER.pattern.format(stack)} is also a host, which takes lower-case"
            " letters, digits and '-' alone, and no '-' at the end"
        )
    elif len(stack) > MAX_STACK_CHARACTERS:
        what = (
            f"it has {len(stack)} characters; at most {MAX_STACK_CHARACTERS} fit into the {_TIGHTEST.kind}"
            f" {_TIGHTEST.pattern.format('<stack>')}, which may have {_TIGHTEST.max_characters}"
        )
    else:
        return None
    return (
        f"A stack called {stack} cannot be deployed: {what}. Rename it:\n"
        f"    pulumi stack rename {_legal(stack)} --stack {stack}"
    )


def _legal(stack: str) -> str:
    """A name like `stack` that can be deployed, with an edge too."""
    return re.sub(r"[^a-z0-9]+", "-", stack.lower())[:MAX_STACK_CHARACTERS].strip("-") or "dev"
