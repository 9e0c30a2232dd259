"""The base of commands that answer each input line with a line of JSON, without a database."""

import io
import json
import sys
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import IO, Any, NoReturn

from django.core.management.base import BaseCommand


class InvalidInputLineError(ValueError):
    """A line that is no valid input; the answer has the message and the line's id, if any."""

    def __init__(self, message: str, line_id: object = None) -> None:
        super().__init__(message)
        self.line_id = line_id

    def answer(self) -> dict[str, Any]:
        return {"id": self.line_id, "error": str(self)}


class JsonLinesCommand(BaseCommand):
    """A command that answers standard input line by line, in UTF-8 whatever the locale."""

    requires_system_checks = []
    stealth_options = ("stdin",)

    def handle(self, *args: Any, **options: Any) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A lone surrogate is no UTF-8; as \\udxxx it is still JSON.
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        for answer in self.handle_lines(_read_lines(options.get("stdin") or sys.stdin)):
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
            self.stdout.flush()

    def handle_lines(self, text_lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield an answer for each line, in order."""
        raise NotImplementedError  # each command answers its lines


def _read_lines(source: IO[str]) -> Iterator[str]:
    """Yield the lines of *source* as they come; bytes that are no UTF-8 become U+FFFD."""
    for line in getattr(source, "buffer", source):
        text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
        yield text.rstrip("\r\n")


def parse_record(line: str) -> dict[str, Any]:
    """Return the JSON object on a line. Raises InvalidInputLineError."""
    try:
        record = json.loads(line, parse_constant=_refuse, parse_float=_parse_finite)
    except (ValueError, RecursionError) as error:
        raise InvalidInputLineError("not a line of JSON") from error
    if not isinstance(record, dict):
        raise InvalidInputLineError("not a JSON object")
    return record


def _parse_finite(written: str) -> float:
    number = float(written)
    return number if isfinite(number) else _refuse(written)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def get_text(record: dict[str, Any], field: str, *, needed: bool = False) -> str:
    """Return a text field, "" for none. Raises InvalidInputLineError for anything else."""
    value = record.get(field)
    if isinstance(value, str):
        return value
    if value is None and not needed:
        return ""
    raise InvalidInputLineError(f'"{field}" must be text', record.get("id"))
