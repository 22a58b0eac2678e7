"""Runs in each process of a function, before its handler is imported: the log that Lambda's Python runtime writes
where a function's log format is JSON (Lambda developer guide, "Log and monitor Python Lambda functions").

The emulator puts its text before the script of the process, so it names nothing that the script names.
"""

import json as _json
import logging as _logging
import sys as _sys
import traceback as _traceback
from datetime import UTC as _UTC
from datetime import datetime as _datetime

_OWN_FIELDS = frozenset(_logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_request = {"id": ""}


def begin_request_of_log(request_id: str) -> None:
    """All lines from now on are of this request."""
    _request["id"] = request_id


class _JsonLines(_logging.Formatter):
    def format(self, record: _logging.LogRecord) -> str:
        at = _datetime.fromtimestamp(record.created, _UTC)
        fields: dict[str, object] = {
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        kind, error, trace = record.exc_info or (None, None, None)
        if kind is not None:
            fields["stackTrace"] = _traceback.format_tb(trace)
            fields["errorType"] = kind.__name__
            fields["errorMessage"] = str(error)
        own = record.__dict__
        fields |= {name: value for name, value in own.items() if name not in _OWN_FIELDS}
        return _json.dumps({**fields, "requestId": _request["id"]}, default=str)


_lines = _logging.StreamHandler(_sys.stderr)
_lines.setFormatter(_JsonLines())
_logging.getLogger().addHandler(_lines)
_logging.getLogger().setLevel(_logging.INFO)
