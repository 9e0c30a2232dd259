"""What a message channel is: a way by which something goes to a reporter (dispatch.py).

A mail tells who gave an address that there is something new (mails.py); an answer by Zalo tells who wrote
there the receipt code (zalo_answers.py). A further one is a value of `NoticeAddress.Channel` and a class
with these members in `dispatch.CHANNELS`.
"""

from typing import Protocol

from reports.models import NoticeAddress


class MessageError(Exception):
    """The channel did not take a message; it is tried again after a pause."""


class MessageChannel(Protocol):
    """`code`: of NoticeAddress.Channel. `is_answer`: it answers who wrote, once, at once, and then the
    address is forgotten; else it tells who gave an address, at most once in some hours.
    """

    code: str
    is_answer: bool

    def is_address(self, typed: str) -> bool:
        """Return whether a message can go there."""

    def send(self, row: NoticeAddress, address: str) -> None:
        """Send the message of that row. Raises MessageError."""
