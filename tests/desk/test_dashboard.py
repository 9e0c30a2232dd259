"""Where a reporter lives, as told after the report: on every page of the desk that says it."""

import pytest
from lxml import html

from reports.models import Commune, Report
from reports.reference import gazetteer
from reports.tracking import followups
from reports.tracking.followups import FollowupSubmission
from tests.desk.reports.test_exports import exported
from tests.support import report_factories
from tests.support.desk_pages import QUEUE
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

TOLD = "Xã Kể Sau"


@pytest.fixture
def moved() -> Report:
    """A report from one commune whose reporter corrected it to another."""
    gazetteer.clear_cache()
    for code, name in (("xa_dau", "Xã Ban Đầu"), ("xa_sau", TOLD)):
        Commune.objects.create(
            codename=code, code=code, name=name, former_districts=[], former_communes=[]
        )
    subject = report_factories.report(
        commune_raw="Ban Đầu", commune_id="xa_dau", flags=(gazetteer.AMBIGUOUS,)
    )
    say(subject, commune_raw="Kể Sau", commune_id="xa_sau")
    return subject


def say(subject: Report, **said: object) -> None:
    key = f"key-of-a-page-{subject.followups.count()}"
    followups.submit_followup(subject, FollowupSubmission(**said), key)  # type: ignore[arg-type]
    report_factories.read_all(subject)


def words(person: Person, page: str) -> str:
    answer = person.client.get(page)
    return " ".join(html.document_fromstring(answer.content.decode()).text_content().split())


def test_the_queue_and_its_list_say_it(duty: Person, moved: Report) -> None:
    page = words(duty, QUEUE)
    assert f"{TOLD} (1)" in page
    assert page.count(TOLD) == 2
    assert "Xã Ban Đầu" not in page


@pytest.mark.parametrize(("chosen", "many"), [("xa_sau", 1), ("xa_dau", 0), ("none", 0)])
def test_the_list_narrows_by_it(duty: Person, moved: Report, chosen: str, many: int) -> None:
    answer = duty.client.get(QUEUE, {"xa": chosen})
    assert len(answer.context["cl"].result_list) == many


def test_the_head_of_a_report_says_it_and_warns_no_more(duty: Person, moved: Report) -> None:
    page = words(duty, f"{QUEUE}{moved.pk}/change/")
    assert f"{TOLD}, kể sau khi gửi tin" in page
    assert "Tên xã, phường này có mấy nơi." not in page


def test_the_file_says_it(lead: Person, moved: Report) -> None:
    head, row = exported(lead, personal="on", reason="Gửi Công an xã")
    text = dict(zip(head, row, strict=True))
    assert (text["Xã, phường"], text["Nơi ở như đã ghi"]) == (TOLD, "Kể Sau")


def test_what_no_table_knows_is_shown_as_it_was_written_last(duty: Person, moved: Report) -> None:
    say(moved, commune_raw="Lam Sn", flags=(gazetteer.UNKNOWN,))
    page = words(duty, QUEUE)
    assert "Lam Sn" in page
    assert TOLD not in page
