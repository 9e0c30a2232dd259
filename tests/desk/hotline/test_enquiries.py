"""Somebody called and only asked: counted apart from reports, and nothing of the caller is kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reports.models import Enquiry, Report
from reports.monitoring import daily_counts
from tests.support.desk_pages import words
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

ASK = "/admin/reports/report/file/question/"
TYPED = {"submission_key": "a-key-of-the-desk-0001", "kind": "bank", "caller_number": "0550000123"}


def test_a_question_is_counted_and_is_no_report(duty: Person) -> None:
    page = words(duty.client.post(ASK, TYPED, follow=True))
    assert "Hôm nay: 1 cuộc chỉ hỏi." in page
    row = Enquiry.objects.get()
    assert (row.officer, row.kind) == (duty.user, "bank")
    assert not Report.objects.exists()
    assert "Hôm nay: 1 cuộc chỉ hỏi" in words(duty.client.get("/admin/"))


def test_a_second_press_counts_once_and_the_next_call_anew(duty: Person) -> None:
    for key in ("a-key-of-the-desk-0001", "a-key-of-the-desk-0001", "a-key-of-the-desk-0002"):
        duty.client.post(ASK, TYPED | {"submission_key": key, "kind": "<script>"})
    assert list(Enquiry.objects.values_list("kind", flat=True)) == ["", ""]


@pytest.mark.parametrize("typed", [{"story": "Đã mất tiền."}, {"contact_phone": "0992 000 118"}])
def test_a_story_is_not_lost_as_a_question(duty: Person, typed: dict[str, str]) -> None:
    response = duty.client.post(ASK, TYPED | typed)
    assert response.status_code == 422
    page = response.content.decode()
    assert "bấm Ghi nhận tin" in page
    assert "".join(typed.values()) in page
    assert not Enquiry.objects.exists()


def test_questions_are_counted_by_their_day_in_vietnam(duty: Person) -> None:
    today = timezone.localdate()
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    for at in (midnight, midnight - timedelta(seconds=1), midnight - timedelta(days=2)):
        Enquiry.objects.create(submission_key=str(at), officer=duty.user, asked_at=at)
    yesterday = today - timedelta(days=1)
    assert daily_counts.count_enquiries(today, today) == 1
    assert daily_counts.count_enquiries(yesterday, yesterday) == 1
    assert daily_counts.count_enquiries(yesterday, today) == 2
