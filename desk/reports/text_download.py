"""What a reporter typed, as a file of plain text: the door to what a page has no room for."""

from collections.abc import Iterable

from django.http import HttpResponse

from desk.labels import highlighting
from reports.models import Report

# The texts of one line, and their titles.
LINES = {
    "caller_number": "Số gọi đến",
    "claimed_name": "Tên, chức vụ họ nêu",
    "money_lost_raw": "Số tiền đã ghi",
    "commune_raw": "Xã, phường đã ghi",
}


def working_copy_text(report: Report, later: Iterable[tuple[str, str]] = ()) -> str:
    """Every text of the working copy under its title, then what came later; the empty ones left
    out.
    """
    texts = [("Lời kể", report.story)]
    texts += [(title, getattr(report, name)) for name, title in LINES.items()]
    texts += later
    return "\n\n".join(f"{title}:\n{text}" for title, text in texts if text)


def is_truncated(report: Report, story: highlighting.TruncatedText) -> bool:
    """Whether the page of a report leaves out some of what was typed."""
    return story.left > 0 or any(
        len(getattr(report, name)) > highlighting.MAX_OF_LINE for name in LINES
    )


def attachment(text: str, name: str) -> HttpResponse:
    """The text as a file that no browser opens by itself. `name` has ASCII signs alone."""
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.txt"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )
