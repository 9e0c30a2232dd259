"""What more than one room raises when it refuses an officer's action; then nothing is written."""


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
