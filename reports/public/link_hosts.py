"""Host names: whom those of links pose as, what a finding on a link is about, and which look like the portal's.
Nothing is resolved.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from core.audit import events
from core.province import province
from core.text import normalize
from reports.extraction.bank_accounts_and_links import bank_names, tables
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
MAX_LOOKALIKES = 400


def portal_hostname() -> str:
    """Return the portal's host name, "" for a local demo."""
    name = urlsplit(settings.PORTAL_URL).hostname or ""
    return name if "." in name and not name.replace(".", "").isdigit() else ""


def generate_lookalikes(name: str) -> list[str]:
    """Return the names that look like a host name, the closest first, at most MAX_LOOKALIKES."""
    label, _, ending = name.partition(".")
    joined = name.replace(".", "-")
    names = [f"{label}.{top}" for top in _TOP_LEVELS if top != ending]
    names += [f"{typo}.{top}" for typo in _list_typos(label) for top in (ending, *_TOP_LEVELS[:2])]
    names += [f"{joined}.{top}" for top in _TOP_LEVELS]
    for longer in _add_words(label):
        names += [f"{longer}.{top}" for top in (ending, *_TOP_LEVELS[:3])]
    return [each for each in dict.fromkeys(names) if each != name and _is_valid(each)][
        :MAX_LOOKALIKES
    ]


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


# --- host names of links

STATE_ENDING = ".gov.vn"
MAX_PARENTS = 4  # longer host names have their last ones looked at
_MIN_WORD_CHARS = 5  # of a name that is looked for inside another word
# Digits that stand for letters in host names that imitate others.
_LETTERS = str.maketrans("01345", "oieas")


def host_of(link: str) -> str:
    return link.partition("/")[0]


def is_of_state(host: str) -> bool:
    return f".{host}".endswith(STATE_ENDING)


def has_odd_ending(host: str) -> bool:
    return host.rpartition(".")[2] in tables()["odd_endings"]


def poses_as_state(host: str) -> bool:
    """Return whether a host has a name of the state in it and does not end with .gov.vn."""
    if is_of_state(host) or _is_known(host):
        return False
    return any(_has_word(each, tables()["state_names"]) for each in _list_spellings(host))


def poses_as_bank(host: str) -> bool:
    """Return whether a host with an ending that no bank uses has the name of a bank in it."""
    names = {name.replace(" ", "") for name in bank_names()}
    return has_odd_ending(host) and any(_has_word(each, names) for each in _list_spellings(host))


def _list_spellings(host: str) -> tuple[str, str]:
    """Return the host without marks, and with letters for digits: vne1d is vneid too."""
    plain = ".".join(normalize(label).replace(" ", "-") for label in host.split("."))
    return plain, plain.translate(_LETTERS)


def _has_word(host: str, words: set[str] | frozenset[str]) -> bool:
    labels = set(host.replace("-", ".").split("."))
    return any(word in labels or (len(word) >= _MIN_WORD_CHARS and word in host) for word in words)


def is_shared(host: str) -> bool:
    """Return whether many unrelated people have pages under this very host, or names below it."""
    return normalize(host) in tables()["shared_hosts"]


def may_be_genuine(host: str) -> bool:
    """Return whether a host is the state's, ours, or a bank's name and nothing else."""
    label = normalize(host.split(".", maxsplit=1)[0]).replace(" ", "")
    names = {name.replace(" ", "") for name in bank_names()}
    is_banks = label in names and not has_odd_ending(host) and not _is_below_another(host)
    return is_of_state(host) or _is_known(host) or is_banks


def _is_known(host: str) -> bool:
    """Return whether a host is ours, or below one of which nothing is said."""
    known = tables()["not_imitations"]
    return host == portal_hostname() or any(normalize(key) in known for key in iter_keys(host))


def _is_below_another(host: str) -> bool:
    """Return whether a host is a name below somebody's domain: bidv.example.com, not bidv.com.vn."""
    parent = host.partition(".")[2]
    return "." in parent and not is_shared(parent)


def key_of_link(link: str) -> str:
    """Return what a finding on a link is about: its host; of a shared one the whole link, "" for none."""
    host = host_of(link)
    if not is_shared(host):
        return host
    return link if link != host else ""


def iter_keys(link: str) -> Iterator[str]:
    """Yield the keys of findings that a link falls under: itself, its host, what its host is below."""
    host = host_of(link)
    labels = host.split(".")
    yield from dict.fromkeys((link, host))
    for first in range(max(1, len(labels) - 1 - MAX_PARENTS), len(labels) - 1):
        yield ".".join(labels[first:])
