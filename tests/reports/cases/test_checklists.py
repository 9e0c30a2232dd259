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


NO_SCAMS = {"spam_marketing", "unclear", "not_scam", "spam_submission", "abuse_prank"}


def test_each_kind_of_scam_has_lines_of_its_own_and_each_line_is_one_of_some() -> None:
    data = load_json("checklists.json")
    kinds = {each["code"] for each in load_json("taxonomy.json")["scenarios"]}
    assert data["kinds"].keys() == kinds - NO_SCAMS
    used = {*data["common"], *(code for codes in data["kinds"].values() for code in codes)}
    assert data["lines"].keys() == used
    for kind in data["kinds"]:
        lines = checklists.list_lines(Case(), kind)
        assert len(data["common"]) < len(lines) <= 6
        assert all(line["text"] for line in lines)


def test_a_tick_says_who_and_when_is_on_record_and_makes_nothing_stale(duty: Person) -> None:
    report = report_factories.report()
    report_factories.add_facts(report)
    page = words(duty.client.post(page_of(report, "check"), {"done": "bank"}, follow=True))
    assert f"{duty.user.username}, " in page[page.index("Việc nên làm") :]
    assert "Đánh dấu đã làm: Có chuyển tiền: gọi số gấp" in page
    case = Case.objects.get(report=report)
    assert (case.version, checklists.list_lines(case, "not_scam")[0]["code"]) == (1, "bank")
    duty.client.post(page_of(report, "check"), {"undo": "bank"})
    assert Case.objects.get(report=report).checks_json == {}
    kinds = [event.kind for event in events.events_for("report", report.pk)]
    assert kinds == ["unchecked", "checked"]


def test_who_may_not_decide_ticks_nothing_and_no_line_is_made_up(
    duty: Person, editor: Person
) -> None:
    case = report_factories.case()
    for by, code, error in ((editor, "bank", NotAllowedError), (duty, "x", ActionError)):
        with pytest.raises(error):
            checklists.mark_line(case.pk, code, by=by.user, is_done=True)


@pytest.mark.django_db(transaction=True)
def test_two_officers_at_once_keep_both_ticks_and_the_first_name() -> None:
    case, officers = report_factories.case(), [create_officer(n, "duty") for n in ("ha", "minh")]
    tick = partial(checklists.mark_line, case.pk, is_done=True)
    ha, minh = officers
    in_parallel(
        [
            partial(tick, "bank", by=ha),
            partial(tick, "bank", by=minh),
            partial(tick, "app", by=minh),
        ]
    )
    assert Case.objects.get(pk=case.pk).checks_json.keys() == {"bank", "app"}
    assert events.events_for("report", case.pk).filter(kind="checked").count() == 2
