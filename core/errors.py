"""What more than one room raises when it refuses an officer's action; then nothing is written."""


class ActionError(Exception):
    """The action was refused; the text, if there is one, is a sentence for the officer."""


class NotAllowedError(ActionError):
    """The officer lacks the permission."""


class StaleVersionError(ActionError):
    """Somebody changed it since the officer loaded the page."""
