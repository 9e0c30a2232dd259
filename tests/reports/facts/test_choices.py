"""A further question is asked, kept as a code, shown at the desk and given back to its reporter."""

from collections.abc import Iterator

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
def _one_question(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr(choices, "QUESTIONS", (CALLS,))
        yield


def submit(client: Client, **fields: str) -> Report:
    send(client, story="Có người gọi xưng công an.", **fields)
    return Report.objects.get()


def test_the_form_asks_it(client: Client) -> None:
    page = client.get("/bao-cao/").content.decode()
    assert "Họ gọi mấy lần rồi?" in page
    assert 'name="calls" value="more"' in page


def test_an_answer_is_kept_as_its_code(client: Client) -> None:
    assert submit(client, calls="more").answers == {"calls": "more"}


@pytest.mark.parametrize("typed", ["", "often", "<script>"])
def test_what_is_no_choice_counts_as_not_said(client: Client, typed: str) -> None:
    assert submit(client, calls=typed).answers == {}


def test_the_officer_reads_it(client: Client, duty: Person) -> None:
    report = submit(client, calls="more")
    page = duty.client.get(f"/admin/reports/report/{report.pk}/change/").content.decode()
    assert "Họ gọi mấy lần rồi?" in page
    assert "Nhiều lần" in page


def test_the_reporter_gets_it_back(client: Client) -> None:
    assert "Họ gọi mấy lần rồi?: Nhiều lần" in subject_access_text(submit(client, calls="more"))


def test_the_officer_who_files_for_a_caller_asks_it_too(duty: Person) -> None:
    page = duty.client.get("/admin/reports/report/file/").content.decode()
    assert "Họ gọi mấy lần rồi?" in page
    assert 'name="calls" value="more"' in page
