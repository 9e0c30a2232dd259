"""Statements that officers have confirmed for public pages: sentences, promises, banks' numbers.

Cached for a minute; without a database the last values hold. An unconfirmed one is never public.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from core.audit import events
from core.database import CachedRead
from reports.models import BankHotline, PublicStatement


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


def clear_cache() -> None:
    """Read everything again at the next call."""
    _statements.invalidate()
    _banks.invalidate()


def publish_statement(statement: PublicStatement, by: User) -> None:
    statement.is_public, statement.confirmed_by = True, by
    statement.confirmed_at = timezone.now()
    _save_and_log(statement, "statement_shown", by)


def unpublish_statement(statement: PublicStatement, by: User, *, was_public: bool) -> None:
    """Save a sentence that is not public, and log it."""
    statement.is_public, statement.confirmed_by, statement.confirmed_at = False, None, None
    _save_and_log(statement, "statement_hidden" if was_public else "statement_changed", by)


def _save_and_log(statement: PublicStatement, kind: str, by: User) -> None:
    with transaction.atomic():
        old = _list_values(PublicStatement.objects.select_for_update().get(pk=statement.pk))
        statement.save()
        events.log_event("statement", statement.pk, kind, by=by, was=old, **_list_values(statement))
    clear_cache()


def _list_values(statement: PublicStatement) -> dict[str, str | int | None]:
    return {"text": statement.text, "text_en": statement.text_en, "amount": statement.amount}
