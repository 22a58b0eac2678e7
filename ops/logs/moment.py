"""A moment as the commands that read logs show it."""

from datetime import UTC, datetime


def moment_text(at_ms: float) -> str:
    """Unix time in ms as `10:00:00.123`, in UTC."""
    moment = datetime.fromtimestamp(at_ms / 1_000, UTC)
    return moment.strftime("%H:%M:%S.") + f"{moment.microsecond // 1_000:03d}"
