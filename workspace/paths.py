"""Where things lie: the repository, the main cloud's folder, the user's cache."""

import os
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent

# State of `make up`: processes, logs, Pulumi's backend and passphrase. `make reset` removes it.
MAIN_ROOT: Final = REPOSITORY / ".local"

# A user's own `pulumi config set` writes here too, so it is the default place, not MAIN_ROOT.
MAIN_CONFIG: Final = REPOSITORY / "Pulumi.local.yaml"


def cache_folder() -> Path:
    """Return the user's cache for what is slow to make and never changes; `make reset` keeps it."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "glow"
