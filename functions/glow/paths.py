"""The two delivery paths, as everything names them: config, routing item, messages, discovery."""

from typing import Final, Literal

Path = Literal["aws", "edge"]
PATHS: Final[tuple[Path, Path]] = ("aws", "edge")
