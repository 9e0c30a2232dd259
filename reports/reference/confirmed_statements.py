"""What two officers have confirmed for public pages: sentences, promises, texts and numbers of
offices, banks' numbers.

Cached for a minute; without a database the last values hold. An unconfirmed one is never public.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import get_language

from core.audit.proposals import RowAct
from core.database import CachedRead
from core.models import Proposal
from reports.models import BankHotline, Office, OfficeNumber, PublicStatement

CONFIRM = "reports.confirm_published"


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
        "claims_en", "reviewed_on", "position",
    ),
)  # fmt: skip
OFFICE_NUMBER = _PublicAct(
    "office_number",
    CONFIRM,
    OfficeNumber,
    ("office_id", "number", "key", "label", "label_en", "source", "verified_on"),
)
BANK_HOTLINE = _PublicAct(
    "bank_hotline", CONFIRM, BankHotline, ("name", "number", "source", "verified_on")
)
