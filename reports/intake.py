"""Intake: what a resident typed becomes evidence, in one transaction, once.

Up to the one COMMIT: the report, its receipt, the item that owes its triage. The database
opens the case (trigger). After COMMIT one NOTIFY wakes the relay; nothing here waits for it.
"""

import json
import re
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction

from reports import outbox, privacy, receipts
from reports.models import Report
from reports.signing import Key, field_keys, newest_key

TRIAGE = "reports.triage"
_UNHOLDABLE = re.compile("[\0\ud800-\udfff]")
_DERIVED = ("flags", "commune_id")


@dataclass(frozen=True)
class Typed:
    """What the form held, as it was typed: nothing is refused, nothing is repaired.

    `None` means "not said". Texts are already free of NUL and lone surrogates (`clean`).
    """

    happening_now: bool | None = None
    channel: str = ""
    caller_number: str = ""
    claimed_office: str = ""
    claimed_name: str = ""
    story: str = ""
    demands: tuple[str, ...] = ()
    money_lost: bool | None = None
    money_lost_raw: str = ""
    commune_raw: str = ""
    commune_id: str | None = None
    contact: str = ""
    phrase: str = ""
    on_behalf: bool = False
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accepted:
    """A report that is in the database: its receipt code, and whether it was there before."""

    report: Report
    code: str | None
    again: bool


def clean(text: str) -> tuple[str, bool]:
    """A text that PostgreSQL can hold, and whether signs had to be replaced by U+FFFD."""
    kept = _UNHOLDABLE.sub("\ufffd", text)
    return kept, kept != text


def accept(typed: Typed, submission_key: str, *, source: str = Report.Source.WEB) -> Accepted:
    """Take a report in. The same words under the same key are the same report and give the
    same code; other words under the same key are a further report.

    Raises DatabaseError when nothing could be written; then nothing was.
    """
    before = _sent_before(typed, submission_key, field_keys()[1:])
    if before is not None:
        return before
    key = newest_key()
    digest = _digest(typed, submission_key, key)
    try:
        with transaction.atomic():
            report = _write(typed, submission_key, digest, source)
            code = receipts.issue(report, key)
            outbox.enqueue(TRIAGE, report.pk, urgent=bool(typed.happening_now))
    except IntegrityError:
        before = _sent_before(typed, submission_key, (key,))
        if before is None:
            raise
        return before
    outbox.wake()
    return Accepted(report, code, again=False)


def _sent_before(typed: Typed, submission_key: str, keys: tuple[Key, ...]) -> Accepted | None:
    """The same words under the same key, digested under one of these keys.

    Asked first for the older keys alone, so that it costs nothing unless keys are rotated;
    for the newest key the unique constraint answers.
    """
    if not keys:
        return None
    report = (
        Report.objects.select_related("receipt")
        .filter(
            submission_key=submission_key,
            content_digest__in=[_digest(typed, submission_key, key) for key in keys],
        )
        .first()
    )
    if report is None:
        return None
    return Accepted(report, receipts.again(report), again=True)


def _write(typed: Typed, submission_key: str, digest: bytes, source: str) -> Report:
    story = privacy.mask(typed.story, typed.contact)
    return Report.objects.create(
        submission_key=submission_key,
        content_digest=digest,
        source=source,
        happening_now=typed.happening_now,
        channel=typed.channel,
        caller_number=typed.caller_number,
        claimed_office=typed.claimed_office,
        claimed_name=privacy.mask(typed.claimed_name, typed.contact).text,
        story=story.text,
        story_sealed=privacy.seal(typed.story),
        demands=list(typed.demands),
        money_lost=typed.money_lost,
        money_lost_raw=typed.money_lost_raw,
        commune_id=typed.commune_id,
        commune_raw=typed.commune_raw,
        contact_sealed=privacy.seal(typed.contact),
        contact_index=privacy.blind_index(typed.contact),
        phrase_sealed=privacy.seal(typed.phrase),
        on_behalf=typed.on_behalf,
        flags=[*typed.flags, *story.flags],
    )


def _digest(typed: Typed, submission_key: str, key: Key) -> bytes:
    # Keyed: a bare hash would let the holder of a dump try telephone numbers against it.
    # What we made of the words (flags, commune) is left out: a second press is later, not other.
    words = {name: said for name, said in asdict(typed).items() if name not in _DERIVED}
    text = json.dumps([submission_key, words], ensure_ascii=False, sort_keys=True)
    return key.mac("content digest", text.encode())
