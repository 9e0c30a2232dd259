"""What is held stays, what is destroyed is destroyed by two, and a case file says what is in it."""

import hashlib
import io
import zipfile
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from core.audit import events
from core.models import AuditEvent, OutboxItem
from desk.reports import documents
from reports.cases import legal_holds, workflow
from reports.cases.documents import SUMS
from reports.cases.legal_holds import HoldError
from reports.models import (
    DestructionRequest,
    EvidenceFile,
    ExtractedFacts,
    Followup,
    LegalHold,
    Report,
)
from reports.retention import destruction_requests, erasure
from reports.retention.destruction_requests import DestructionError, Target
from reports.triage import report_triage, reprocessing
from tests.support import report_factories
from tests.support.database_contents import refused_by_database
from tests.support.desk_pages import page_of
from tests.support.erasable_rows import add_followup, sent
from tests.support.evidence_files import path_of
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db


def propose_destruction(report: Report, by: Person) -> DestructionRequest:
    return destruction_requests.propose(
        report.pk, Target.FILE, sent(report).pk, by=by.user, reason="x"
    )


@pytest.fixture
def held_report(report: Report, lead: Person) -> Report:
    legal_holds.place_hold(report.pk, by=lead.user, reason="Công văn 12/CV")
    return report


def test_what_is_held_cannot_be_erased(held_report: Report) -> None:
    """Neither the report nor its files nor what was said later."""
    with pytest.raises(IntegrityError, match="under a legal hold"), transaction.atomic():
        report_factories.erase(held_report)
    sent(held_report), add_followup(held_report)
    events.log_event("report", held_report.pk, "erased")
    for table in ("evidencefile", "followup"):
        error = refused_by_database(f"UPDATE reports_{table} SET erased_at = now()")  # noqa: S608
        assert "under a legal hold" in error


@pytest.mark.parametrize("verb", ["close", "junk", "withdraw"])
def test_its_case_is_not_ended(held_report: Report, lead: Person, verb: str) -> None:
    with pytest.raises(workflow.UnderLegalHoldError):
        report_factories.decide(verb, held_report, lead)
    assert "its case cannot end" in refused_by_database(
        "UPDATE reports_case SET status = 'junk' WHERE report_id = %s", held_report.pk
    )


def test_its_case_goes_on(held_report: Report, lead: Person) -> None:
    report_factories.decide("take", held_report, lead)
    assert report_factories.decide("note", held_report, lead).status == "in_review"


def test_no_fact_of_it_is_put_right(held_report: Report, lead: Person) -> None:
    report_factories.add_facts(held_report, ongoing=False)
    with pytest.raises(workflow.UnderLegalHoldError):
        report_factories.correct(held_report, lead, "ongoing", True)
    error = refused_by_database(
        "INSERT INTO reports_correction (report_id, fact, value, reason, actor_id, is_active)"
        " VALUES (%s, 'ongoing', 'true', 'x', %s, true)", held_report.pk, lead.user.pk,
    )  # fmt: skip
    assert "its facts cannot be corrected" in error
    page = lead.client.get(page_of(held_report)).content.decode()
    assert not [text for text in ("/facts/", "Cho máy đọc lại", "junk_reason") if text in page]
    assert "note_reason" in page


def test_what_the_machine_said_of_it_stands(held_report: Report, lead: Person) -> None:
    """Neither a run nor a stray item reads it anew; what its reporter adds is read, for it may be
    urgent.
    """
    report_factories.add_facts(held_report, rules_version="2020-01", scenario="bank")
    report_factories.number(held_report, "+84550000123")
    OutboxItem.objects.filter(key=str(held_report.pk)).update(done_at=Now())
    assert reprocessing.count(every=True) == 0
    assert reprocessing.reprocess_selected([held_report.pk], by=lead.user) == 0
    report_triage.write_and_link([report_triage.extract(held_report)])
    assert ExtractedFacts.objects.get(report=held_report).rules_version == "2020-01"
    assert held_report.indicators.get().key == "+84550000123"
    report_triage.write_and_link(
        [report_triage.extract(held_report, (add_followup(held_report),), 1)]
    )
    assert (
        ExtractedFacts.objects.get(report=held_report).rules_version == report_triage.RULES_VERSION
    )


def test_when_it_is_lifted_all_is_possible_again(held_report: Report, lead: Person) -> None:
    legal_holds.lift_hold(held_report.pk, by=lead.user, reason="Xong vụ")
    report_factories.erase(held_report)
    kinds = events.events_for("report", held_report.pk).values_list("kind", flat=True)
    assert {"hold_placed", "hold_lifted"} <= set(kinds)


def test_a_hold_is_placed_once_and_lifted_for_a_reason(held_report: Report, lead: Person) -> None:
    with pytest.raises(HoldError, match=r"^held$"):
        legal_holds.place_hold(held_report.pk, by=lead.user, reason="x")
    with pytest.raises(HoldError, match=r"^reason$"):
        legal_holds.lift_hold(held_report.pk, by=lead.user, reason=" ")


def test_an_officer_on_duty_places_no_hold(report: Report, duty: Person) -> None:
    assert duty.client.post(page_of(report, "hold"), {"reason": "x"}).status_code == 403
    assert AuditEvent.objects.get(kind="refused").detail["verb"] == "retention_hold"


@pytest.mark.parametrize(
    "statement",
    ["UPDATE reports_legalhold SET reason = 'khác'", "DELETE FROM reports_legalhold",
     "UPDATE reports_legalhold SET released_at = now()"],
)  # fmt: skip
def test_the_database_keeps_holds(held_report: Report, statement: str) -> None:
    assert refused_by_database(statement)
    assert LegalHold.objects.get().released_at is None


def test_a_file_is_destroyed_by_two(report: Report, duty: Person, lead: Person) -> None:
    row = propose_destruction(report, duty)
    destruction_requests.confirm(report.pk, row.pk, by=lead.user)
    file = EvidenceFile.objects.get()
    assert (file.name_sealed, file.erased_at is None) == (None, False)
    item = OutboxItem.objects.get(task=erasure.REMOVE_TASK)
    destruction_requests.process_items([item.pk])
    assert not path_of(file.pk).exists()
    assert AuditEvent.objects.get(kind="destroyed").detail["proposed_by"] == duty.user.pk


def test_a_followup_is_destroyed_by_two_and_the_report_read_anew(
    report: Report, duty: Person, lead: Person
) -> None:
    followup = add_followup(report)
    row = destruction_requests.propose(
        report.pk, Target.FOLLOWUP, followup.pk, by=duty.user, reason="nhầm"
    )
    before = OutboxItem.objects.filter(key=str(report.pk)).count()
    destruction_requests.confirm(report.pk, row.pk, by=lead.user)
    followup.refresh_from_db()
    assert (followup.story, followup.accounts, followup.contact_sealed) == ("", [], None)
    assert OutboxItem.objects.filter(key=str(report.pk)).count() == before + 1


def test_nobody_confirms_what_they_proposed(report: Report, lead: Person) -> None:
    row = propose_destruction(report, lead)
    with pytest.raises(DestructionError, match=r"^same$"):
        destruction_requests.confirm(report.pk, row.pk, by=lead.user)
    assert "destructionrequest_by_two" in refused_by_database(
        "UPDATE reports_destructionrequest SET confirmed_at = now(), confirmed_by_id = proposed_by_id"
    )


def test_without_two_people_the_database_blanks_nothing(report: Report, duty: Person) -> None:
    propose_destruction(report, duty)
    assert "evidence" in refused_by_database(
        "UPDATE reports_evidencefile SET name_sealed = NULL, erased_at = now()"
    )


def test_a_destruction_cannot_be_written_as_done(
    report: Report, duty: Person, lead: Person
) -> None:
    error = refused_by_database(
        "INSERT INTO reports_destructionrequest (report_id, kind, target, reason, proposed_by_id,"
        " confirmed_by_id, confirmed_at) VALUES (%s, 'file', %s, 'x', %s, %s, now())",
        report.pk, uuid4(), duty.user.pk, lead.user.pk,
    )  # fmt: skip
    assert "requested, then decided" in error


@pytest.mark.parametrize("change", ["reason = 'khác'", "target = report_id", "withdrawn_at = NULL"])
def test_a_decided_destruction_stays(
    report: Report, duty: Person, lead: Person, change: str
) -> None:
    row = propose_destruction(report, duty)
    destruction_requests.withdraw(report.pk, row.pk, by=lead.user)
    assert refused_by_database(f"UPDATE reports_destructionrequest SET {change}")  # noqa: S608
    assert DestructionRequest.objects.get().reason == "x"


@pytest.mark.parametrize(
    ("given", "why"),
    [({"reason": " "}, "reason"), ({"target": uuid4()}, "gone"), ({"what": "report"}, "gone")],
)
def test_what_is_not_there_is_not_destroyed(
    report: Report, duty: Person, given: dict[str, Any], why: str
) -> None:
    asked = {"what": Target.FILE, "target": sent(report).pk, "reason": "x", "by": duty.user} | given
    with pytest.raises(DestructionError, match=rf"^{why}$"):
        destruction_requests.propose(report.pk, **asked)


def test_a_hold_stops_a_destruction_that_was_proposed(
    report: Report, duty: Person, lead: Person
) -> None:
    row = propose_destruction(report, duty)
    legal_holds.place_hold(report.pk, by=lead.user, reason="Công văn")
    with pytest.raises(DestructionError, match=r"^held$"):
        destruction_requests.confirm(report.pk, row.pk, by=create_officer("hai", "lead"))
    assert refused_by_database(
        "UPDATE reports_destructionrequest SET confirmed_at = now(), confirmed_by_id = %s",
        lead.user.pk,
    )


def test_a_file_that_is_there_is_not_removed_by_a_stray_item(report: Report) -> None:
    file = sent(report)
    destruction_requests._remove(file.pk)
    assert path_of(file.pk).exists()


def test_the_page_proposes_confirms_and_tells(report: Report, duty: Person, lead: Person) -> None:
    act = page_of(report, "destroy")
    asked = {"what": "followup", "target": add_followup(report).pk, "reason": "<b>nhầm</b>"}
    assert duty.client.post(act, asked).status_code == 303
    assert "&lt;b&gt;nhầm" in lead.client.get(page_of(report, "keeping")).content.decode()
    row = DestructionRequest.objects.get()
    assert duty.client.post(f"{act}{row.pk}/confirm/").status_code == 403
    assert lead.client.post(f"{act}{row.pk}/confirm/").status_code == 303
    assert not Followup.objects.filter(erased_at=None).exists()


def test_a_refused_act_keeps_what_was_typed(lead: Person, held_report: Report) -> None:
    asked = {"what": "file", "target": "không phải mã", "reason": "gửi nhầm"}
    answer = lead.client.post(page_of(held_report, "destroy"), asked)
    assert answer.status_code == 409
    for sentence in ("phải giữ nguyên", "Bạn đã gõ: gửi nhầm"):
        assert sentence in answer.content.decode()


def test_the_report_says_that_it_is_held(lead: Person, held_report: Report) -> None:
    page = lead.client.get(page_of(held_report)).content.decode()
    assert "Tin đang phải giữ nguyên" in page
    assert "Công văn 12/CV" in lead.client.get(page_of(held_report, "keeping")).content.decode()


def case_of(person: Person, report: Report, **given: Any) -> zipfile.ZipFile:
    answer = person.client.post(page_of(report, "case-file"), {"reason": "Gửi VKS"} | given)
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[arg-type]


def test_a_case_file_lists_the_hashes_of_all_that_is_in_it(report: Report, lead: Person) -> None:
    file = sent(report)
    archive = case_of(lead, report)
    folder = f"tin-{report.public_number}"
    sums = archive.read(f"{folder}/{SUMS}").decode().splitlines()
    assert len(sums) == len(archive.namelist()) - 1
    for line in sums:
        digest, name = line.split("  ")
        assert hashlib.sha256(archive.read(f"{folder}/{name}")).hexdigest() == digest
    assert bytes(file.sha256).hex() in archive.read(f"{folder}/tin.txt").decode()


def test_a_case_file_masks_the_contact_unless_asked_and_is_on_record_as_given(
    report: Report, lead: Person
) -> None:
    name = f"tin-{report.public_number}/tin.txt"
    masked = case_of(lead, report).read(name).decode()
    assert "0992 000 118" not in masked
    assert "có, đã che" in masked
    detail = AuditEvent.objects.get(kind="case_exported").detail
    assert (detail["reason"], detail["personal"], len(detail["sha256"])) == ("Gửi VKS", False, 64)
    assert "0992 000 118" in case_of(lead, report, personal="on").read(name).decode()


def test_a_case_file_holds_what_its_reader_sees_on_the_page_and_no_more(lead: Person) -> None:
    """The talk is for who may decide; the story is the masked one for everybody."""
    report = report_factories.report("Số thẻ 9704 3612 3456 7890.", contact="0992 000 118")
    add_followup(report)
    results = [documents.case_text(report, personal=False, talk=talk) for talk in (True, False)]
    assert ["Bà Tư kể thêm" in text for text in results] == [True, False]
    assert not [text for text in results if "7890" in text or "0992" in text]


def test_a_case_file_lists_the_account_and_what_its_bank_was_asked(lead: Person) -> None:
    told = "Bảo chuyển vào tài khoản 19031234567890 Techcombank, vào nop-phat.top."
    report = report_factories.triaged(told)
    words = {
        "bank": "Techcombank",
        "account": "19031234567890",
        "amount_vnd": 5_000_000,
        "text": "x",
    }
    version = report.case.version
    workflow.issue_bank_letter(report.pk, by=lead.user, version=version, words=words)
    text = documents.case_text(Report.objects.get(), personal=False, talk=False)
    assert "Techcombank, 19031234567890" in text
    assert "nop-phat[.]top" in text
    assert "đề nghị giữ 5 triệu; chưa trả lời" in text


def test_a_case_file_without_a_reason_is_not_given(report: Report, lead: Person) -> None:
    answer = lead.client.post(page_of(report, "case-file"), {"reason": ""})
    assert answer.status_code == 422
    assert "Ghi vì sao cần xuất" in answer.content.decode()


@pytest.mark.parametrize(
    "act", ["hold", "lift", "case-file", "destroy", "destroy/1/confirm", "destroy/1/withdraw"]
)
def test_each_act_is_a_post_alone(report: Report, lead: Person, act: str) -> None:
    assert lead.client.get(page_of(report, act)).status_code == 405
