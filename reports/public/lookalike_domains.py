"""Host names that look like the portal's, for officers to check. Nothing is resolved."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from core.audit import events
from core.province import province
from reports.models import LookalikeDomain

# Characters that look alike in an address.
_SIMILAR_CHARS = {
    "a": "4", "b": "d8", "c": "o", "d": "b", "e": "3c", "g": "q9", "i": "1lj", "l": "1i", "m": "nn",
    "n": "m", "o": "0c", "q": "g", "s": "5z", "t": "7f", "u": "v", "v": "u", "w": "vv", "z": "2s",
    "0": "o", "1": "li", "5": "s",
}  # fmt: skip
_SIMILAR_PAIRS = {"m": "rn", "d": "cl", "h": "lh", "nh": "hn", "ph": "f", "gi": "d"}
# Where anybody can register, and where people expect a public office.
_TOP_LEVELS = ("vn", "com", "com.vn", "net", "org", "info", "top", "xyz", "site", "online", "vip", "cc", "app", "click")  # fmt: skip
_ADDED_WORDS = (
    province.office.lower(), province.slug.replace("-", ""),
    "congan", "canhbao", "baocao", "gov", "vneid", "cong", "vn",
)  # fmt: skip
MAX_COUNT = 400


def portal_hostname() -> str:
    """Return the portal's host name, "" for a local demo."""
    name = urlsplit(settings.PORTAL_URL).hostname or ""
    return name if "." in name and not name.replace(".", "").isdigit() else ""


def generate_lookalikes(name: str) -> list[str]:
    """Return the names that look like a host name, the closest first, at most MAX_COUNT."""
    label, _, ending = name.partition(".")
    joined = name.replace(".", "-")
    names = [f"{label}.{top}" for top in _TOP_LEVELS if top != ending]
    names += [f"{typo}.{top}" for typo in _list_typos(label) for top in (ending, *_TOP_LEVELS[:2])]
    names += [f"{joined}.{top}" for top in _TOP_LEVELS]
    for longer in _add_words(label):
        names += [f"{longer}.{top}" for top in (ending, *_TOP_LEVELS[:3])]
    return [each for each in dict.fromkeys(names) if each != name and _is_valid(each)][:MAX_COUNT]


def _list_typos(label: str) -> Iterator[str]:
    """Yield the label with one typing error, or one similar character."""
    for at, char in enumerate(label):
        for other in _SIMILAR_CHARS.get(char, ""):
            yield label[:at] + other + label[at + 1 :]
        yield label[:at] + label[at + 1 :]
        yield label[:at] + char + label[at:]
        yield label[:at] + label[at + 1 : at + 2] + char + label[at + 2 :]
        if at:
            yield f"{label[:at]}-{label[at:]}"
    yield label.replace("-", "")
    for true, false in _SIMILAR_PAIRS.items():
        yield label.replace(true, false)


def _add_words(label: str) -> Iterator[str]:
    for word in _ADDED_WORDS:
        if word not in label:
            yield from (f"{label}-{word}", f"{word}-{label}", f"{label}{word}", f"{word}{label}")


def _is_valid(name: str) -> bool:
    return all(0 < len(part) <= 63 and part.strip("-") == part for part in name.split("."))


def sync_lookalikes() -> int:
    """Add new lookalikes of the portal's name, keep verdicts; return how many are new."""
    host = portal_hostname()
    rows = [LookalikeDomain(name=name) for name in generate_lookalikes(host)] if host else []
    before = LookalikeDomain.objects.count()
    LookalikeDomain.objects.bulk_create(rows, ignore_conflicts=True)
    return LookalikeDomain.objects.count() - before


def record_verdict(row: LookalikeDomain, by: User) -> None:
    """Save an officer's verdict on a name, and log it."""
    with transaction.atomic():
        row.reviewed_by, row.reviewed_at = by, Now()
        row.save()
        events.log_event(
            "lookalike", row.pk, "lookalike_reviewed", by=by, name=row.name, verdict=row.verdict
        )
