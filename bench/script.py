"""Benchmarks that run in Node: their tables are read from what they print."""

import subprocess
import sys
from dataclasses import dataclass

from bench.printed import reports_in
from bench.report import Report
from local.toolchain.node import NODE, node_environment
from workspace.paths import REPOSITORY


@dataclass(frozen=True)
class Script:
    """`arguments` name the file and which of its measurements."""

    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        return " ".join(("node", *self.arguments))

    def measure(self) -> list[Report]:
        """Run it; what it prints is shown at once. Raises CalledProcessError if it fails."""
        printed = ""
        with subprocess.Popen(
            [NODE, *self.arguments],
            cwd=REPOSITORY,
            env=node_environment(),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout
            for line in process.stdout:
                sys.stdout.write(line)
                sys.stdout.flush()
                printed += line
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, self.command)
        return reports_in(printed)
