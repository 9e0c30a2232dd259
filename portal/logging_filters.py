"""Log filters that redact lines of Django, gunicorn and axes: about failed requests, about log-ins."""

import logging

from core.errors import format_places


class ErrorRedactionFilter(logging.Filter):
    """Reduces Django's line about an error to its class and place: a path may be an invitation, an
    error's text may quote a report. A response without an error (the portal's 503) is dropped: it is
    logged already.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info or record.exc_info[0] is None:
            return False
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        _replace_error(record, f"request.failed view={match.view_name if match else 'none'}")
        return True


class ServerRedactionFilter(logging.Filter):
    """Reduces gunicorn's line about a request, which names address or path, to a code."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info:
            _replace_error(record, "server.request_failed")
        elif "request from ip=" in str(record.msg):
            record.msg, record.args = "server.request_unreadable", None
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


def _replace_error(record: logging.LogRecord, code: str) -> None:
    """Put code, class and place of the error in the place of the line."""
    error = record.exc_info[1] if record.exc_info else None
    record.msg = f"{code} error={type(error).__name__} at={format_places(error)}"
    record.args, record.exc_info, record.exc_text = None, None, None
