"""What rooms raise when they refuse an officer's action, with nothing written; places of errors."""

import traceback
from pathlib import Path


class ActionError(Exception):
    """The action was refused; the text, if there is one, is a sentence for the officer."""


class CodedError(Exception):
    """Refused: `code` says by which check, and a page has the words for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotAllowedError(ActionError):
    """The officer lacks the permission."""


class StaleVersionError(ActionError):
    """Somebody changed it since the officer loaded the page."""


def format_places(error: BaseException | None) -> str:
    """Return file and line of the last calls before the error, and nothing that it says."""
    frames = traceback.extract_tb(error.__traceback__ if error else None)[-4:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
