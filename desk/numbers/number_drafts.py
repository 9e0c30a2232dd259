"""Numbers to dial that wait for an officer: drafts of the data file, and those that were taken down.

A press on one posts the form that adds a number: what is checked there is checked here, and as there it
only proposes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.sessions import get_officer
from core.models import AuditEvent, Proposal
from core.text import normalize
from desk.labels.formatting import format_datetime, officer_name
from desk.pages.http import render
from reports.data import loader
from reports.models import BankHotline, Office, OfficeNumber
from reports.reference.confirmed_statements import BANK_HOTLINE, OFFICE_NUMBER, TAKEN_DOWN

ADD_PAGES = {
    BANK_HOTLINE.kind: "admin:reports_bankhotline_add",
    OFFICE_NUMBER.kind: "admin:reports_officenumber_add",
}
MAX_TAKEN_DOWN = 30  # shown, the newest
PUBLISHED, WAITS = "Đang hiện: {}", "Chờ người thứ hai xác nhận"


@dataclass(frozen=True)
class NumberDraft:
    """What the form that adds a number is filled with; `note`: where it was read, or why it was taken
    down; `state` "" while nobody has proposed it.
    """

    kind: str
    name: str
    fields: dict[str, str]
    note: str = ""
    state: str = ""

    @property
    def number(self) -> str:
        return self.fields.get("number", "")

    @property
    def source(self) -> str:
        return self.fields.get("source", "")

    @property
    def add_page(self) -> str:
        return reverse(ADD_PAGES[self.kind])

    @property
    def prefilled_page(self) -> str:
        """Return the address of the form with what is known, for who fills in the rest."""
        return f"{self.add_page}?{urlencode(self.fields)}"

    @property
    def mark(self) -> tuple[str, str]:
        return _mark(self.kind, self.fields)


def _mark(kind: str, fields: dict[str, Any]) -> tuple[str, str]:
    """Return what tells one number from another: the bank, or the office with the digits."""
    if kind == BANK_HOTLINE.kind:
        return kind, normalize(fields["name"])
    digits = "".join(filter(str.isdecimal, fields.get("number", "")))
    return str(fields.get("office") or fields.get("office_id")), digits


def list_drafts() -> list[NumberDraft]:
    """Return the drafts of the data file, banks first, each with its state. Four statements."""
    states = _load_states()
    today = f"{timezone.localdate():%d/%m/%Y}"
    names = dict(Office.objects.values_list("pk", "name"))
    return [
        _with_state(draft, states)
        for draft in _iter_file(names, today)
        if draft.kind == BANK_HOTLINE.kind or draft.fields["office"] in names
    ]


def _iter_file(names: dict[str, str], today: str) -> Iterator[NumberDraft]:
    data = loader.load_json("number_drafts.json")
    for act, rows in ((BANK_HOTLINE, data["banks"]), (OFFICE_NUMBER, data["offices"])):
        for row in rows:
            fields = {name: text for name, text in row.items() if text and name != "found"}
            name = row.get("name") or names.get(row["office"], "")
            yield NumberDraft(act.kind, name, fields | {"verified_on": today}, row.get("found", ""))


def _load_states() -> dict[tuple[str, str], str]:
    opened = Proposal.objects.filter(kind__in=ADD_PAGES, state=Proposal.State.OPEN)
    waiting = {_mark(row.kind, row.new_values): WAITS for row in opened if row.new_values}
    shown: list[tuple[str, dict[str, Any]]] = [
        *((BANK_HOTLINE.kind, dict(row)) for row in BankHotline.objects.values("name", "number")),
        *(
            (OFFICE_NUMBER.kind, dict(row))
            for row in OfficeNumber.objects.values("office", "number")
        ),
    ]
    return waiting | {
        _mark(kind, fields): PUBLISHED.format(fields["number"]) for kind, fields in shown
    }


def _with_state(draft: NumberDraft, states: dict[tuple[str, str], str]) -> NumberDraft:
    state = states.get(draft.mark, "")
    return replace(draft, state=state)


def list_taken_down() -> list[NumberDraft]:
    """Return the numbers that were taken down last and have not come back, the newest first."""
    rows = AuditEvent.objects.filter(subject_type__in=ADD_PAGES, kind=TAKEN_DOWN)
    newest = rows.select_related("actor").order_by("-id")[:MAX_TAKEN_DOWN]
    states = _load_states()
    drafts: dict[tuple[str, str], NumberDraft] = {}
    for draft in (_with_state(_build_taken_down(row), states) for row in newest):
        drafts.setdefault(draft.mark, draft)
    return [draft for draft in drafts.values() if draft.state in {"", WAITS}]


def _build_taken_down(row: AuditEvent) -> NumberDraft:
    was: dict[str, Any] = row.detail.get("was", {})
    texts = {name.removesuffix("_id"): str(text) for name, text in was.items() if text}
    texts.pop("key", None)
    fields = texts | {"verified_on": f"{timezone.localdate():%d/%m/%Y}"}
    who = officer_name(row.actor) if row.actor else ""
    note = f"{who} gỡ lúc {format_datetime(row.created_at)}: {row.detail.get('reason', '')}"
    name = fields.get("label") or fields.get("name") or fields.get("office", "")
    return NumberDraft(row.subject_type, name, fields, note)


@require_safe
def show_drafts(request: HttpRequest) -> HttpResponse:
    """Render the drafts, each with its source to open and, for who may propose, its button."""
    by = get_officer(request, "reports.view_bankhotline")
    context = {
        "drafts": list_drafts(),
        "taken_down": list_taken_down(),
        "may_propose": by.has_perms(["reports.add_bankhotline", "reports.add_officenumber"]),
    }
    return render(request, "admin/number_drafts.html", "Số chờ đối chiếu", BankHotline, **context)
