"""Host names of links: whom they pose as, and what a finding on a link is about. Nothing is resolved."""

from collections.abc import Iterator

from core.text import normalize
from reports.extraction.bank_accounts_and_links import bank_names, tables
from reports.public.lookalike_domains import portal_hostname

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
