"""A file that was sent by mistake goes at a press of its sender, and the report stays."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from core.audit import events
from core.models import AuditEvent, OutboxItem
from reports import tasks as reports_tasks
from reports.cases import legal_holds
from reports.models import EvidenceFile
from reports.retention import erasure, erasure_log
from tests.support.evidence_files import JPEG, PDF, Upload, on_disk
from tests.support.officers import Person
from tests.support.report_factories import decide
from tests.support.resident_pages import Resident, create_resident, words

RECALL = "/theo-doi/tep/rut/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(upload: Upload) -> EvidenceFile:
    upload(("thẻ nhà tôi.jpg", JPEG), ("biên lai.pdf", PDF))
    return EvidenceFile.objects.get(media_type="image/jpeg")


def recall(resident: Resident, file: Any) -> str:
    return words(resident.post(RECALL, file=file).content)


def test_its_bytes_and_name_go_the_report_and_other_files_stay_and_the_log_tells_no_content(
    resident: Resident, sent: EvidenceFile, django_capture_on_commit_callbacks: Any
) -> None:
    assert "thẻ nhà tôi.jpg" in resident.read_status()
    with django_capture_on_commit_callbacks(execute=True):
        page = recall(resident, sent.pk)
    assert "Đã xóa tài liệu đó. Tin báo của bạn vẫn còn." in page
    assert "thẻ nhà tôi" not in page
    assert "biên lai.pdf" in page
    sent.refresh_from_db()
    assert (sent.name_sealed, sent.erased_at is None) == (None, False)
    event = AuditEvent.objects.get(kind="file_taken_back")
    assert (event.actor, event.detail) == (None, {"file": str(sent.pk)})
    assert erasure_log.row_digest("file", sent.pk) in erasure_log.load_digests()
    assert len(on_disk()) == 2
    reports_tasks.remove_files([OutboxItem.objects.get(task=erasure.REMOVE_TASK).pk])
    assert [path.name for path in on_disk()] != [str(sent.pk)]
    assert len(on_disk()) == 1


def test_the_same_file_may_come_again_and_its_place_is_free(
    resident: Resident, sent: EvidenceFile, upload: Upload
) -> None:
    recall(resident, sent.pk)
    assert "Đã nhận ảnh" in words(upload(("đúng rồi.jpg", JPEG)).content)
    assert resident.report.files.filter(erased_at=None).count() == 2


def test_under_a_legal_hold_and_after_a_hand_over_it_stays_and_the_page_says_why(
    resident: Resident, sent: EvidenceFile, lead: Person
) -> None:
    legal_holds.place_hold(resident.report.pk, by=lead.user, reason="điều tra")
    assert "đang được giữ theo luật" in recall(resident, sent.pk)
    legal_holds.lift_hold(resident.report.pk, by=lead.user, reason="xong")
    decide("hand_over", resident.report, lead)
    assert "đã chuyển cho nơi xử lý" in recall(resident, sent.pk)
    assert not EvidenceFile.objects.exclude(erased_at=None).exists()


@pytest.mark.parametrize("file", ["", "không phải mã", "00000000-0000-0000-0000-000000000000"])
def test_what_names_no_file_of_the_report_is_answered(resident: Resident, file: str) -> None:
    assert "không còn ở đây" in recall(resident, file)


def test_another_report_s_file_stays(resident: Resident, sent: EvidenceFile, client: Any) -> None:
    other = create_resident(client, story="Chuyện khác.")
    assert "không còn ở đây" in recall(other, sent.pk)


def test_the_log_of_one_file_lets_no_other_be_emptied(
    resident: Resident, sent: EvidenceFile
) -> None:
    events.log_event("report", resident.report.pk, "file_taken_back", file=str(sent.pk))
    other = EvidenceFile.objects.exclude(pk=sent.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        other.update(erased_at=Now(), name_sealed=None)
