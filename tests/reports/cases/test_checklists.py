"""The checklist: what to do by kind of scam, and who has done it."""

from functools import partial

import pytest

from core.audit import events
from core.errors import ActionError, NotAllowedError
from reports.cases import checklists
from reports.data.loader import load_json
from reports.models import Case
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.desk_pages import page_of, words
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db


def notes(case: Case, scenario: str = "police_case") -> dict[str, str]:
    case.refresh_from_db()
    return {line["code"]: line["note"] for line in checklists.list_lines(case, scenario)}


def test_each_kind_has_three_to_six_lines_that_there_are() -> None:
    data = load_json("checklists.json")
    kinds = {each["code"] for each in load_json("taxonomy.json")["scenarios"]}
    assert data["kinds"].keys() <= kinds
    for kind in data["kinds"]:
        lines = checklists.list_lines(Case(), kind)
        assert 3 <= len(lines) <= 6
        assert all(line["text"] for line in lines)
    assert checklists.list_lines(Case(), "not_scam") == []


def test_a_tick_says_who_and_when_and_is_on_record(duty: Person) -> None:
    report = report_factories.report()
    report_factories.add_facts(report)
    version = Case.objects.get(report=report).version
    page = words(duty.client.post(page_of(report, "check"), {"done": "bank"}, follow=True))
    assert f"{duty.user.username}, " in page[page.index("Việc nên làm") :]
    assert "Đánh dấu đã làm: Có chuyển tiền: gọi số gấp" in page
    assert Case.objects.get(report=report).version == version
    duty.client.post(page_of(report, "check"), {"undo": "bank"})
    assert notes(report.case)["bank"] == ""
    kinds = [event.kind for event in events.events_for("report", report.pk)]
    assert kinds == ["unchecked", "checked"]


def test_a_line_ticked_under_another_kind_stays(duty: Person) -> None:
    case = report_factories.case()
    checklists.mark_line(case.pk, "sim", by=duty.user, is_done=True)
    assert notes(case, "police_case")["sim"]
    assert notes(case, "not_scam").keys() == {"sim"}


def test_who_may_not_decide_ticks_nothing_and_no_line_is_made_up(
    duty: Person, editor: Person
) -> None:
    case = report_factories.case()
    with pytest.raises(NotAllowedError):
        checklists.mark_line(case.pk, "bank", by=editor.user, is_done=True)
    with pytest.raises(ActionError):
        checklists.mark_line(case.pk, "x", by=duty.user, is_done=True)


@pytest.mark.django_db(transaction=True)
def test_two_officers_at_once_keep_both_ticks_and_the_first_name() -> None:
    case, officers = report_factories.case(), [create_officer(n, "duty") for n in ("ha", "minh")]
    ticks = [
        partial(checklists.mark_line, case.pk, code, by=by, is_done=True)
        for by, own in zip(officers, ("bank", "family"), strict=True)
        for code in (own, "evidence")
    ]
    in_parallel(ticks)
    assert {code for code, note in notes(case).items() if note} == {"bank", "family", "evidence"}
    assert events.events_for("report", case.pk).filter(kind="checked").count() == 3
