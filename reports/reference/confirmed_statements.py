"""What two officers have confirmed for public pages: sentences, promises, texts and numbers of
offices, banks' numbers.

Cached for a minute; without a database the last values hold. An unconfirmed one is never public.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import get_language

from core.audit import events
from core.audit.proposals import RowAct
from core.database import CachedRead, lock_until_commit
from core.errors import ActionError
from core.models import AuditEvent, Proposal
from core.text import normalize
from reports.extraction.bank_accounts_and_links import bank_spellings
from reports.models import BankHotline, Office, OfficeNumber, PublicStatement

CONFIRM = "reports.confirm_published"
MAX_CHARS_SEARCHED = 20_000  # of a text for names of banks
MAX_NAMED_BANKS = 3
MAX_TOGETHER = 3  # times MAX_TAKEDOWNS_AN_HOUR, by all officers within a day


@dataclass(frozen=True)
class ConfirmedStatement:
    """A confirmed sentence in the language of the page, and its figure, if it has one."""

    text: str
    amount: int | None


_no_statements: dict[str, PublicStatement] = {}
_no_banks: tuple[BankHotline, ...] = ()
_statements = CachedRead(
    lambda: {row.codename: row for row in PublicStatement.objects.filter(is_public=True)},
    _no_statements,
)
_banks = CachedRead(lambda: tuple(BankHotline.objects.all()), _no_banks)
bank_hotlines = _banks.get  # that officers have verified, by name


def statements() -> dict[str, ConfirmedStatement]:
    """Return the confirmed sentences by codename (data/statements.json lists them all)."""
    english = get_language() == "en"
    return {
        codename: ConfirmedStatement(row.text_en if english else row.text, row.amount)
        for codename, row in _statements.get().items()
    }


def banks_named_in(text: str) -> list[BankHotline]:
    """Return the confirmed lines of the banks that a text names, by any of their spellings."""
    words = f" {' '.join(normalize(text[:MAX_CHARS_SEARCHED]).split())} "
    return [
        bank
        for bank in bank_hotlines()
        if any(f" {each} " in words for each in {normalize(bank.name), *bank_spellings(bank.name)})
    ][:MAX_NAMED_BANKS]


def clear_cache() -> None:
    """Read everything again at the next call."""
    _statements.invalidate()
    _banks.invalidate()


class _PublicAct(RowAct):
    """Saving or removing what public pages say, read anew at once."""

    def carry_out(self, proposal: Proposal, by: User) -> None:
        super().carry_out(proposal, by)
        clear_cache()


STATEMENT = _PublicAct(
    "statement", CONFIRM, PublicStatement, ("text", "text_en", "amount", "is_public")
)
OFFICE = _PublicAct(
    "office",
    CONFIRM,
    Office,
    (
        "codename", "name", "name_en", "other_names", "never_by_phone", "never_by_phone_en", "claims",
        "claims_en", "reviewed_on", "email", "position",
    ),
)  # fmt: skip
OFFICE_NUMBER = _PublicAct(
    "office_number",
    CONFIRM,
    OfficeNumber,
    (
        "office_id", "unit_id", "number", "key", "address", "label", "label_en", "source",
        "verified_on",
    ),
)  # fmt: skip
BANK_HOTLINE = _PublicAct(
    "bank_hotline", CONFIRM, BankHotline, ("name", "number", "source", "verified_on")
)
TAKEN_DOWN = "number_taken_down"  # the event without which no trigger lets one person remove a row


def take_down(act: RowAct, pk: object, reason: str, *, by: User) -> Proposal | None:
    """Remove a number from every page at once: hiding one protects, publishing it anew takes two. Where
    many were hidden return the proposal, which a colleague confirms. Raises ActionError.
    """
    if not reason.strip():
        raise ActionError("Chưa ghi lý do gỡ.")
    with transaction.atomic():
        rows = act.model._default_manager.select_for_update()  # noqa: SLF001
        row = rows.filter(pk=pk).first()
        if row is None:
            raise ActionError("Số này đã gỡ rồi.")
        lock_until_commit(
            "take down"
        )  # one at a time: of two presses at once each counts the other
        if _takes_two(by):
            return act.propose_removal(row, by, reason.strip())
        was = act.list_values(row)
        events.log_event(act.kind, pk, TAKEN_DOWN, by=by, reason=reason.strip(), was=was)
        row.delete()
    clear_cache()
    return None


def _takes_two(by: User) -> bool:
    """Return whether the officer hid as many within an hour as one may, or all officers together three times
    as many within a day: neither patience nor company empties the pages.
    """
    limit, taken = settings.MAX_TAKEDOWNS_AN_HOUR, AuditEvent.objects.filter(kind=TAKEN_DOWN)
    day = taken.filter(created_at__gt=Now() - timedelta(days=1))
    own = day.filter(actor=by, created_at__gt=Now() - timedelta(hours=1))
    return bool(own.count() >= limit or day.count() >= MAX_TOGETHER * limit)


def count_frequent_removers() -> int:
    """Return how many officers of the last day wanted to hide more numbers than take one person."""
    kinds = (OFFICE_NUMBER.kind, BANK_HOTLINE.kind)
    rows = Proposal.objects.filter(kind__in=kinds, proposed_at__gt=Now() - timedelta(days=1))
    return rows.filter(new_values={}).values("proposed_by").distinct().count()
