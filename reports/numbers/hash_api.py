"""Confirmed numbers, accounts and links by a hash, for programs that must not reveal their look-up.

The digits of a number or an account are hashed in seconds, so this publishes what the look-up says in
red today, and no more. Answers are padded with random entries, so that their size does not reveal a hit.
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import rfc8785
from django.utils import timezone

from core.keys import Signer
from core.province import province
from reports.models import NumberFinding, SubjectKind
from reports.models.numbers import hash_of_subject
from reports.numbers.findings import VALID_DAYS

ENTRIES_PER_ANSWER = 16  # or a multiple, where so many are confirmed
# Four digits leave some 15,000 mobile numbers; more than eight would be the thing itself.
PREFIX = re.compile(r"[0-9a-f]{4,8}")
_HASH_DIGITS = 64
# Part of what is signed, so that a signature serves one purpose.
BUNDLE_KIND = f"{province.slug}/confirmed-findings/1"
BUNDLE_USE_HOURS = 24  # a finding may be withdrawn any day


@dataclass(frozen=True, order=True)
class Entry:
    """A confirmed finding: the hash in hex of what it is about, its day, the last day of its validity."""

    hash: str
    confirmed_on: date
    valid_until: date

    def as_json(self) -> dict[str, str]:
        return {
            "hash": self.hash,
            "confirmed_on": self.confirmed_on.isoformat(),
            "valid_until": self.valid_until.isoformat(),
        }


def in_range(prefix: str) -> list[Entry]:
    """Return the findings whose hash begins so, of all kinds, padded to one size. One statement."""
    first, last = (bytes.fromhex(prefix.ljust(_HASH_DIGITS, fill)) for fill in "0f")
    entries = [entry for _, entry in _entries(first, last)]
    missing = -len(entries) % ENTRIES_PER_ANSWER if entries else ENTRIES_PER_ANSWER
    return sorted([*entries, *decoy_entries(prefix, missing)])


def decoy_entries(prefix: str, count: int) -> Iterable[Entry]:
    """Yield entries of nothing, with dates as findings have them."""
    today = timezone.localdate()
    for _ in range(count):
        day = today - timedelta(days=secrets.randbelow(VALID_DAYS))
        rest = secrets.token_hex(_HASH_DIGITS // 2)[len(prefix) :]
        yield Entry(prefix + rest, day, day + timedelta(days=VALID_DAYS))


def _entries(first: bytes = bytes(32), last: bytes = b"\xff" * 32) -> Iterator[tuple[str, Entry]]:
    """Yield the kind and the entry of each finding in the range."""
    rows = NumberFinding.objects.in_effect(timezone.localdate()).accusing()
    hashed = rows.annotate(hash=hash_of_subject()).filter(hash__range=(first, last))
    columns = hashed.values_list("kind", "hash", "confirmed_at", "valid_until")
    for kind, key_hash, confirmed_at, valid_until in columns:
        day = timezone.localdate(confirmed_at)
        yield kind, Entry(bytes(key_hash).hex(), day, valid_until)


def sign_bundle(signer: Signer) -> bytes:
    """Return all findings in one signed file, for programs that look up offline.

    Canonical JSON (RFC 8785): {"algorithm", "key_id", "payload": {"kind", "made_at", "use_until",
    "numbers", "accounts", "links"}, "signature"}; the signature is of the payload.
    """
    made_at = timezone.now().astimezone(UTC).replace(microsecond=0)
    payload: dict[str, Any] = {
        "kind": BUNDLE_KIND,
        "made_at": _format_utc(made_at),
        "use_until": _format_utc(made_at + timedelta(hours=BUNDLE_USE_HOURS)),
    }
    payload |= {f"{kind}s": [] for kind in SubjectKind.values}
    for kind, entry in sorted(_entries()):
        payload[f"{kind}s"].append(entry.as_json())
    signature = signer.sign(rfc8785.dumps(payload))
    envelope: dict[str, Any] = {"algorithm": "Ed25519", "key_id": signer.id, "signature": signature}
    return rfc8785.dumps(envelope | {"payload": payload})


def _format_utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
