"""What the machine's process list shows while something runs."""

from threading import Event, Thread
from typing import Final, Self

import psutil

_SECONDS_BETWEEN_LOOKS: Final = 0.05


class ProcessList:
    """Every command line that was seen between enter and exit, also of processes that have ended since."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._is_over = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def shows(self, *words: str) -> bool:
        """Whether one of the command lines has all of `words`."""
        return any(all(word in line for word in words) for line in list(self.seen))

    def _watch(self) -> None:
        while not self._is_over.wait(_SECONDS_BETWEEN_LOOKS):
            for process in psutil.process_iter(["cmdline"]):
                self.seen.add(" ".join(process.info["cmdline"] or []))
