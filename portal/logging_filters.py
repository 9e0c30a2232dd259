"""What may stand in a log line that others write: about a request that broke, about a log-in."""

import logging
import traceback
from pathlib import Path
from types import TracebackType


class ErrorRedactionFilter(logging.Filter):
    """For Django's own line about an error: where it happened and its class. A path may be an
    invitation, which opens an account, and an error's text may quote a report.

    An answer without an error behind it (a 503 of ours) has had its line already.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info or record.exc_info[0] is None:
            return False
        kind, _, trace = record.exc_info
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        view = match.view_name if match else "none"
        record.msg = f"request.failed view={view} error={kind.__name__} at={_places(trace)}"
        record.args, record.exc_info, record.exc_text = None, None, None
        return True


LOG_INS = {
    "AXES: New login failure": "login.failed",
    "AXES: Repeated login failure": "login.failed",
    "AXES: Locking out": "login.locked_out",
}


class LoginRedactionFilter(logging.Filter):
    """For axes' lines: a code, and neither who it was nor from where."""

    def filter(self, record: logging.LogRecord) -> bool:
        for words, code in LOG_INS.items():
            if str(record.msg).startswith(words):
                record.msg, record.args = code, None
        return True


def _places(trace: TracebackType | None) -> str:
    """The last lines of code that it came through, the innermost first."""
    frames = reversed(traceback.extract_tb(trace)[-4:])
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
