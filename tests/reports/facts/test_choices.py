"""A further question is asked, kept as a code, shown at the desk and given back to its reporter."""

import pytest
from django.test import Client

from reports.facts import choices
from reports.facts.choices import Question
from reports.models import Report
from reports.tracking.data_export import subject_access_text
from tests.support.officers import Person
from tests.support.resident_pages import send

pytestmark = pytest.mark.django_db
CALLS = Question("calls", "Họ gọi mấy lần rồi?", {"first": "Lần đầu", "more": "Nhiều lần"})


@pytest.fixture(autouse=True)
def _one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "QUESTIONS", (CALLS,))


def submit(client: Client, **fields: str) -> Report:
    send(client, story="Có người gọi xưng công an.", **fields)
    return Report.objects.get()


def test_the_form_and_the_officer_who_files_for_a_caller_ask_it(
    client: Client, duty: Person
) -> None:
    filing = duty.client.get("/admin/reports/report/file/")
    for page in (client.get("/bao-cao/").content.decode(), filing.content.decode()):
        assert "Họ gọi mấy lần rồi?" in page
        assert 'name="calls" value="more"' in page


def test_an_answer_is_kept_as_its_code_read_by_the_officer_and_given_back_to_its_reporter(
    client: Client, duty: Person
) -> None:
    report = submit(client, calls="more")
    assert report.answers == {"calls": "more"}
    page = duty.client.get(f"/admin/reports/report/{report.pk}/change/").content.decode()
    assert "Họ gọi mấy lần rồi?" in page
    assert "Nhiều lần" in page
    assert "Họ gọi mấy lần rồi?: Nhiều lần" in subject_access_text(report)


@pytest.mark.parametrize("typed", ["", "often", "<script>"])
def test_what_is_no_choice_counts_as_not_said(client: Client, typed: str) -> None:
    assert submit(client, calls=typed).answers == {}
