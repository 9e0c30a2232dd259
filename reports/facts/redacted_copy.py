"""The working copy of what somebody told: each field without what would say whose it is."""

from dataclasses import dataclass, field

from reports.extraction import redaction
from reports.extraction.redaction import RedactedText


@dataclass
class RedactedCopy:
    """Makes the copy of one telling. `contacts`: all by which its reporter may be reached.
    `hidden`: the fields in which something was masked, as they came; they are sealed behind the
    story, or they would be lost.
    """

    contacts: tuple[str, ...]
    hidden: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def redact(self, text: str) -> str:
        """A text as the desk reads it."""
        shown = self.redact_silently(text)
        self.flags += shown.flags
        return shown.text

    def redact_field(self, text: str, label: str = "") -> str:
        """The same for a field of its own, whose label may say what its first digits are."""
        if not text:
            return text
        shown = self.redact(label + text).removeprefix(label)
        if shown != text:
            self.hidden.append(text)
        return shown

    def sealed_original(self, story: str) -> str:
        """What is sealed: the story as it came, and behind it what was masked elsewhere."""
        return "\n".join(filter(None, [story, *self.hidden]))

    def redact_silently(self, text: str) -> RedactedText:
        """A text without any of the reporter's numbers; nothing is noted of it."""
        flags: list[str] = []
        for contact in self.contacts:
            hidden = redaction.redact(text, contact)
            text, flags = hidden.text, [*flags, *hidden.flags]
        return RedactedText(text, tuple(flags))
