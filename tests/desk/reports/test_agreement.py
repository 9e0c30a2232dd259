"""How often officers agree with the machine: charts for the lead, and the judged stories as a file."""

import json
from typing import Any

import pytest
from django.utils import timezone

from core.models import AuditEvent
from reports.models import Correction
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, STORY, statements, tree, words
from tests.support.officers import PASSWORD, Person

pytestmark = pytest.mark.django_db
PAGE, FILE = f"{QUEUE}agreement/", f"{QUEUE}agreement/labels/"


@pytest.fixture
def judged(duty: Person) -> None:
    """Two kinds confirmed, one corrected."""
    for number in range(3):
        word: dict[str, Any] = {"fact": "scenario", "value": "bank", "actor": duty.user}
        report = report_factories.triaged(f"{STORY} Họ gọi từ 0550 000 12{number}.")
        is_right = number > 0
        Correction.objects.create(report=report, is_confirmation=is_right, reason="x", **word)


@pytest.mark.usefixtures("judged")
def test_the_share_is_drawn_and_said_by_fact_and_month(lead: Person) -> None:
    page = tree(lead.client.get(PAGE))
    first = page.xpath("//tbody/tr")[0]
    assert first.xpath("th/text()") == [f"{timezone.localdate():%m/%Y}"]
    assert first.xpath("td/meter/@value") == ["67"]
    assert " ".join(first.xpath("td")[0].text_content().split()) == "67% 67% 2 trên 3"
    assert len(page.xpath("//tbody/tr")) == 12


def test_without_a_word_of_an_officer_the_page_says_so(lead: Person) -> None:
    assert "chưa ai bấm Đúng hoặc Sửa" in words(lead.client.get(PAGE))


@pytest.mark.usefixtures("judged")
def test_many_words_take_no_more_statements(lead: Person) -> None:
    lead.client.get(PAGE)
    assert (
        len([each for each in statements(lead.client, PAGE) if "reports_correction" in each]) == 1
    )


@pytest.mark.usefixtures("judged")
def test_the_file_holds_the_judged_stories_and_is_on_record(lead: Person) -> None:
    typed = {"reason": "dạy lại máy", "confirm_proof": PASSWORD}
    answer = lead.client.post(FILE, typed)
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    lines = [json.loads(line) for line in body.decode().splitlines()]
    assert {line["id"] for line in lines} == {"o-00001", "o-00002", "o-00003"}
    assert {line["scenario"] for line in lines} == {"bank"}
    assert "0550" not in body.decode()
    event = AuditEvent.objects.get(kind="labels_exported")
    assert (event.actor, event.detail["rows"], event.detail["reason"]) == (
        lead.user,
        3,
        "dạy lại máy",
    )


@pytest.mark.parametrize(
    ("typed", "status", "told"),
    [
        ({"reason": "dạy lại máy"}, 200, "Xác nhận lại"),
        ({"reason": " ", "confirm_proof": PASSWORD}, 422, "Ghi vì sao cần xuất"),
    ],
)
def test_without_a_password_or_a_reason_nothing_is_given(
    lead: Person, typed: dict[str, str], status: int, told: str
) -> None:
    answer = lead.client.post(FILE, typed)
    assert answer.status_code == status
    assert told in words(answer)
    assert not AuditEvent.objects.filter(kind="labels_exported").exists()


def test_the_lead_finds_the_page_beside_the_figures(lead: Person, duty: Person) -> None:
    assert PAGE in lead.read_page("/admin/")
    assert PAGE not in duty.read_page("/admin/")
