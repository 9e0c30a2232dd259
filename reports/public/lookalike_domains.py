"""Names that a thief would take because they look like ours, and what officers found of them.

Nothing is looked up: a list to be gone through by people, with the tools they have.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from core.audit import events
from core.province import province
from reports.models import LookalikeDomain

# Signs that pass for one another in an address, on a small screen or read in haste.
_ALIKE = {
    "a": "4", "b": "d8", "c": "o", "d": "b", "e": "3c", "g": "q9", "i": "1lj", "l": "1i", "m": "nn",
    "n": "m", "o": "0c", "q": "g", "s": "5z", "t": "7f", "u": "v", "v": "u", "w": "vv", "z": "2s",
    "0": "o", "1": "li", "5": "s",
}  # fmt: skip
_PAIRS = {"m": "rn", "d": "cl", "h": "lh", "nh": "hn", "ph": "f", "gi": "d"}
# Where names are had in a minute, and where people expect an office of ours.
_ENDINGS = ("vn", "com", "com.vn", "net", "org", "info", "top", "xyz", "site", "online", "vip", "cc", "app", "click")  # fmt: skip
_WORDS = (
    province.office.lower(),
    province.slug.replace("-", ""),
    "congan",
    "canhbao",
    "baocao",
    "gov",
    "vneid",
    "cong",
    "vn",
)
MAX_COUNT = 400


def portal_hostname() -> str:
    """The name of this portal; "" for a first look, which nobody would clone."""
    name = urlsplit(settings.PORTAL_URL).hostname or ""
    return name if "." in name and not name.replace(".", "").isdigit() else ""


def generate_lookalikes(name: str) -> list[str]:
    """What looks like a host name, the closest first; at most MOST, never the name itself."""
    label, _, ending = name.partition(".")
    whole = name.replace(".", "-")
    found = [f"{label}.{other}" for other in _ENDINGS if other != ending]
    found += [f"{other}.{top}" for other in _typed(label) for top in (ending, *_ENDINGS[:2])]
    found += [f"{whole}.{other}" for other in _ENDINGS]
    found += [f"{other}.{top}" for other in _worded(label) for top in (ending, *_ENDINGS[:3])]
    return [each for each in dict.fromkeys(found) if each != name and _is_name(each)][:MAX_COUNT]


def _typed(label: str) -> Iterator[str]:
    """One slip of the finger, or one sign that looks like another."""
    for at, sign in enumerate(label):
        for other in _ALIKE.get(sign, ""):
            yield label[:at] + other + label[at + 1 :]
        yield label[:at] + label[at + 1 :]
        yield label[:at] + sign + label[at:]
        yield label[:at] + label[at + 1 : at + 2] + sign + label[at + 2 :]
        if at:
            yield f"{label[:at]}-{label[at:]}"
    yield label.replace("-", "")
    for true, false in _PAIRS.items():
        yield label.replace(true, false)


def _worded(label: str) -> Iterator[str]:
    for word in _WORDS:
        if word not in label:
            yield from (f"{label}-{word}", f"{word}-{label}", f"{label}{word}", f"{word}{label}")


def _is_name(name: str) -> bool:
    return all(0 < len(part) <= 63 and part.strip("-") == part for part in name.split("."))


def sync_lookalikes() -> int:
    """Put the names that look like this portal's on the list; what officers wrote stays. How many are
    new. Sure to be run again.
    """
    rows = (
        [LookalikeDomain(name=name) for name in generate_lookalikes(portal_hostname())]
        if portal_hostname()
        else []
    )
    before = LookalikeDomain.objects.count()
    LookalikeDomain.objects.bulk_create(rows, ignore_conflicts=True)
    return LookalikeDomain.objects.count() - before


def record_verdict(row: LookalikeDomain, by: User) -> None:
    """Write down what an officer found a name to be, on record."""
    with transaction.atomic():
        row.reviewed_by, row.reviewed_at = by, Now()
        row.save()
        events.log_event(
            "lookalike", row.pk, "name_judged", by=by, name=row.name, verdict=row.verdict
        )
