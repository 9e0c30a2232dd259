"""What the desk knows of a typed number, account or link, on one card. Nothing is stored.

An officer reads of the reports that they may see; what the public page says, everyone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.sessions import get_officer
from core.text import to_ascii_digits
from desk.pages.http import post_text
from desk.reports.indicators import BY_DIGITS
from reports.cases import visibility
from reports.extraction import phones
from reports.extraction.bank_accounts_and_links import MIN_ACCOUNT_DIGITS
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.models import Indicator, NumberFinding, OfficeQuestion, SubjectKind
from reports.numbers import findings, lookup, office_questions, subjects
from reports.numbers.lookup import NumberVerdict
from reports.numbers.subjects import Subject, SubjectVerdict

PERMISSION, SEES_FINDINGS = "reports.view_report", "reports.view_numberfinding"
MAX_MENTIONS = 500  # the newest that are counted
MAX_CAMPAIGNS = 2
_CAMPAIGN = "report__campaign_link__campaign"
_COLUMNS = ("pk", "code", "title")
# Why something typed is no telephone number: it may be an account.
_NO_NUMBER = {"empty", "too_short", "too_long", "words", "email"}


@dataclass(frozen=True)
class Mentions:
    """The reports that name something; `is_more`: the newest alone are counted; `newest`: the key of the
    indicator that names it last.
    """

    reports: int
    is_more: bool
    last: datetime | None
    campaigns: list[dict[str, Any]]
    newest: int | None = None


@dataclass(frozen=True)
class NumberCard:
    """`verdict`: what the public page says of it, None of a number that cannot be read; `waiting`:
    the finding that a second officer has not confirmed yet, for who may read findings; `questions`: what
    offices were asked about it.
    """

    text: str
    mentions: Mentions
    verdict: NumberVerdict | SubjectVerdict | None = None
    waiting: NumberFinding | None = None
    questions: Sequence[OfficeQuestion] = ()


def load_card(text: str, officer: User) -> NumberCard | None:
    """Return the card of the first number, account or link of a text, None where there is none."""
    text = text.replace("\0", "").strip()[:MAX_NUMBER_CHARS_READ]
    subject = subjects.find_account_or_link(text)
    if subject:
        verdict, mentions = (
            subjects.lookup_subject(subject),
            _load_mentions(subject.named, officer),
        )
        return NumberCard(subject.text, mentions, verdict, **_load_desk_words(subject, officer))
    return _load_number_card(text, officer)


def _load_number_card(text: str, officer: User) -> NumberCard | None:
    phone = next((each for each in phones.parse_many(text) if each.key), phones.parse(text))
    digits = "".join(filter(str.isdecimal, to_ascii_digits(text)))
    key = lookup.lookup_key(phone)
    if not key and len(digits) < MIN_ACCOUNT_DIGITS:
        return None
    mentions = _load_mentions(Q(kind__in=BY_DIGITS, key__in={key, digits} - {""}), officer)
    if not _NO_NUMBER.isdisjoint(phone.flags):
        return NumberCard(digits, mentions)
    verdict, words = (
        lookup.lookup_number(phone),
        _load_desk_words(Subject(SubjectKind.NUMBER, key), officer),
    )
    return NumberCard(verdict.display_number, mentions, verdict, **words)


def _load_desk_words(subject: Subject, officer: User) -> dict[str, Any]:
    sees_findings, open_findings = officer.has_perm(SEES_FINDINGS), findings.open_findings(subject)
    return {
        "waiting": open_findings.filter(confirmed_at=None).first() if sees_findings else None,
        "questions": office_questions.list_about(subject),
    }


def _load_mentions(named: Q, officer: User) -> Mentions:
    seen = visibility.visible_via_report(Indicator.objects.filter(named), officer)
    newest = seen.order_by("-id")
    columns = (
        "report_id",
        "report__received_at",
        "pk",
        *(f"{_CAMPAIGN}__{name}" for name in _COLUMNS),
    )
    rows = list(newest.values_list(*columns)[: MAX_MENTIONS + 1])
    campaign_by_report = {report: tuple(campaign) for report, _, _, *campaign in rows}
    often = Counter(each for each in campaign_by_report.values() if each[0])
    most = often.most_common(MAX_CAMPAIGNS) if visibility.sees_campaigns(officer) else []
    return Mentions(
        reports=min(len(campaign_by_report), MAX_MENTIONS),
        is_more=len(rows) > MAX_MENTIONS,
        last=max((row[1] for row in rows), default=None),
        campaigns=[dict(zip(_COLUMNS, each, strict=True)) for each, _ in most],
        newest=rows[0][2] if rows else None,
    )


@require_POST
def show_card(request: HttpRequest) -> HttpResponse:
    """Render the card of a posted text, as a part of a page: the number stands in no address."""
    officer = get_officer(request, PERMISSION)
    card = load_card(post_text(request, "text"), officer)
    return render(request, "admin/number_card.html", {"card": card})
