"""Log filters that redact lines of Django and axes: about failed requests, about log-ins."""

import logging
import traceback
from pathlib import Path
from types import TracebackType


class ErrorRedactionFilter(logging.Filter):
    """Reduces Django's line about an error to its class and place: a path may be an invitation, an
    error's text may quote a report. A response without an error (the portal's 503) is dropped: it is
    logged already.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info or record.exc_info[0] is None:
            return False
        kind, _, trace = record.exc_info
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        view = match.view_name if match else "none"
        record.msg = f"request.failed view={view} error={kind.__name__} at={_format_places(trace)}"
        record.args, record.exc_info, record.exc_text = None, None, None
        return True


LOG_INS = {
    "AXES: New login failure": "login.failed",
    "AXES: Repeated login failure": "login.failed",
    "AXES: Locking out": "login.locked_out",
}


class LoginRedactionFilter(logging.Filter):
    """Reduces axes' lines to a code, without user and address."""

    def filter(self, record: logging.LogRecord) -> bool:
        for words, code in LOG_INS.items():
            if str(record.msg).startswith(words):
                record.msg, record.args = code, None
        return True


def _format_places(trace: TracebackType | None) -> str:
    frames = reversed(traceback.extract_tb(trace)[-4:])
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
