"""Log events with fields: `log.info("trade_stored", token=token, id=id)`.

Lambda's own JSON log format prints a record's `extra` fields beside the event's name, so nothing
is configured here. Fields never hold a secret, a header or a body.
"""

import logging

_LOGGER = logging.getLogger("glow")


def info(event: str, **fields: object) -> None:
    _LOGGER.info(event, extra=fields)


def warning(event: str, **fields: object) -> None:
    _LOGGER.warning(event, extra=fields)


def exception(event: str, **fields: object) -> None:
    """Call it where an exception is handled: its traceback is logged too."""
    _LOGGER.error(event, extra=fields, exc_info=True)  # noqa: LOG014 - the caller handles it
