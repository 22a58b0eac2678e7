"""One line per step. It counts seconds while the step works, and stays when the step is done.

Everything goes to stderr, so that a command's stdout holds its result alone.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

CONSOLE: Final = Console(stderr=True, highlight=False, soft_wrap=True)


class Step:
    """What a step in progress may say about itself."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self.last_note = ""

    def note(self, text: str) -> None:
        """Show `text` behind the step's name; the last one stays on its final line."""
        self.last_note = text
        self._progress.update(self._task, note=escape(text))

    def say(self, text: str) -> None:
        """Print a line above the step that stays."""
        self._progress.console.print(f"  {escape(text)}")


@contextmanager
def step(name: str) -> Generator[Step]:
    """Show `name` while the block runs, and how it ended."""
    started = time.monotonic()
    one_line = Column(no_wrap=True, overflow="ellipsis")
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description} [dim]{task.fields[note]}", table_column=one_line),
        TimeElapsedColumn(),
    )
    if not CONSOLE.is_terminal:
        CONSOLE.print(f"· {name} …")
    with Progress(
        *columns, console=CONSOLE, transient=True, disable=not CONSOLE.is_terminal
    ) as progress:
        current = Step(progress, progress.add_task(name, total=None, note=""))
        try:
            yield current
        except BaseException:
            CONSOLE.print(f"[red]✗[/] {name}")
            raise
    seconds = time.monotonic() - started
    CONSOLE.print(f"[green]✓[/] {name} [dim]{escape(current.last_note)} {seconds:.1f} s")
