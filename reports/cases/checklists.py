"""The checklist of a report: what to do by its kind of scam. An aid: no decision depends on it."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from core.audit import events
from core.errors import ActionError, NotAllowedError
from reports.cases import visibility
from reports.cases.locks import lock_case
from reports.cases.transitions import DECIDE
from reports.data.loader import load_json
from reports.models import Case

_FILE = "checklists.json"
_NO_SCAM = ("not_scam", "spam_submission", "spam_marketing", "abuse_prank")


def get_text(code: str) -> str:
    """Return the text of a line, "" for none."""
    return str(load_json(_FILE)["lines"].get(code, ""))


def list_lines(case: Case, scenario: str | None) -> list[dict[str, str]]:
    """Return the lines of a kind of scam, and those that were ticked under another; `note` says who
    has done one and when, "" for nobody.
    """
    data, checks = load_json(_FILE), case.checks_json
    own = [] if scenario in _NO_SCAM else [*data["common"], *data["kinds"].get(scenario, [])]
    return [
        {"code": code, "text": get_text(code), "note": checks.get(code, "")}
        for code in dict.fromkeys([*own, *checks])
    ]


def mark_line(case_id: UUID, code: str, *, by: User, is_done: bool) -> None:
    """Tick or untick a line; of two officers the first one's name stays. It counts no version:
    nobody's decision is stale for a tick. Raises ActionError.
    """
    with transaction.atomic():
        case = lock_case(case_id)
        if not (by.has_perm(DECIDE) and visibility.can_see(by, case)):
            raise NotAllowedError
        if code not in load_json(_FILE)["lines"]:
            raise ActionError("Không có việc này trong danh sách.")
        checks = dict(case.checks_json)
        if (code in checks) == is_done:
            return
        checks.pop(code, None)
        if is_done:
            who, at = by.get_full_name() or by.get_username(), timezone.localtime()
            checks[code] = f"{who}, {at:%H:%M %d/%m/%Y}"
        Case.objects.filter(pk=case_id).update(checks_json=checks)
        events.log_event("report", case_id, "checked" if is_done else "unchecked", by=by, item=code)
