"""How long a retry queue waits after each try that failed."""

from typing import Final

# With a base of 1 s and ten tries: 1, 2, 4 … 32, then three times 75 s, which is 288 s in all.
_LONGEST_PER_BASE: Final = 75


def retry_delay_seconds(tries: int, *, base_seconds: int, max_tries: int) -> int:
    """The whole seconds to wait after try number `tries`, the first being 1.

    0 after the last: SQS moves the message to the dead-letter queue when it would come again.
    """
    if tries >= max_tries:
        return 0
    return base_seconds * min(2 ** (tries - 1), _LONGEST_PER_BASE)
