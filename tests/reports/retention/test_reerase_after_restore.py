"""What was erased is noted beside the database, and goes again when an archive brings it back."""

import io
import json

import pytest
from django.core.management import call_command
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.audit import events
from reports.cases import deadlines, legal_holds
from reports.models import Deadline, ErasureRequest, EvidenceFile, Followup, Report
from reports.retention import destruction_requests, erasure, erasure_log, erasure_requests, purge
from reports.retention.destruction_requests import Target
from reports.retention.erasure import ErasureScope
from tests.support import report_factories
from tests.support.erasable_rows import add_followup, sent
from tests.support.officers import Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data_folder")]


def listed(what: str, key: object) -> None:
    """As an erasure did before the archive came back."""
    erasure_log._write([(what, key)])  # type: ignore[list-item]


def test_an_erasure_is_noted_by_a_name_that_tells_nothing(
    report: Report, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(report.pk, cause="asked")
    text = erasure_log.path().read_text()
    assert str(report.pk) not in text
    assert report.public_number not in text
    digest = erasure_log.row_digest(ErasureScope.WHOLE, report.pk)
    assert list(erasure_log.load_digests()) == [digest]
    assert erasure_log.path().stat().st_mode & 0o777 == 0o600


def test_what_was_not_committed_is_not_noted_but_by_the_night(report: Report) -> None:
    erasure.erase(report.pk, cause="asked")
    assert not erasure_log.path().exists()
    assert [purge.append_missing() for _ in range(2)] == [1, 0]


def test_what_came_back_goes_again(report: Report) -> None:
    other = report_factories.report("Họ gọi nữa.")
    listed(ErasureScope.WHOLE, report.pk)
    assert purge.reapply_erasures() == {"done": 1}
    report.refresh_from_db()
    other.refresh_from_db()
    assert (report.story, other.story) == ("", "Họ gọi nữa.")
    assert events.events_for("report", report.pk).get(kind="erased").detail == {"cause": "restored"}
    assert purge.reapply_erasures() == {}


def test_a_request_that_came_back_waits_for_nobody(report: Report) -> None:
    erasure_requests.request_erasure(report, "Xin xóa.")
    deadlines.start_for_new_reports()
    deadlines.start_for_requests()
    listed(ErasureScope.WHOLE, report.pk)
    purge.reapply_erasures()
    assert not ErasureRequest.objects.open().exists()
    assert not Deadline.objects.pending().filter(report=report).exists()
    assert deadlines.start_for_requests() == 0
    assert deadlines.start_for_new_reports() == 0


def test_a_part_goes_again_and_what_was_sent_later_stays(report: Report) -> None:
    old = sent(report)
    listed(ErasureScope.NAMES, report.pk)
    rows = [json.loads(line) for line in erasure_log.path().read_text().splitlines()]
    digest = erasure_log.row_digest(ErasureScope.FILES, report.pk)
    before = rows[0] | {"of": digest, "at": "2020-01-01T00:00:00+00:00"}
    with erasure_log.path().open("a") as file:
        file.write(json.dumps(before) + "\n")
    purge.reapply_erasures()
    report.refresh_from_db()
    old.refresh_from_db()
    assert (report.contact_sealed, report.story, old.erased_at) == (None, "Bà Tư kể.", None)


def test_what_two_people_destroyed_goes_again(report: Report) -> None:
    file, followup = sent(report), add_followup(report)
    listed(Target.FILE, file.pk)
    listed(Target.FOLLOWUP, followup.pk)
    assert purge.reapply_erasures() == {"done": 2}
    assert not EvidenceFile.objects.filter(erased_at=None).exists()
    assert Followup.objects.get().story == ""


def test_a_destruction_is_noted_too(
    report: Report,
    duty: Person,
    lead: Person,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    row = destruction_requests.propose(
        report.pk, Target.FILE, sent(report).pk, by=duty.user, reason="nhầm"
    )
    with django_capture_on_commit_callbacks(execute=True):
        destruction_requests.confirm(report.pk, row.pk, by=lead.user)
    assert erasure_log.row_digest(Target.FILE, row.target) in erasure_log.load_digests()


def test_a_hold_of_the_archive_is_told_and_kept(report: Report, lead: Person) -> None:
    legal_holds.place_hold(report.pk, by=lead.user, reason="Công văn 12")
    listed(ErasureScope.WHOLE, report.pk)
    listed(Target.FILE, sent(report).pk)
    results, left = io.StringIO(), io.StringIO()
    call_command("reapply_erasures", stdout=results, stderr=left)
    assert results.getvalue() == "Erased again: 0.\n"
    assert "2 held" in left.getvalue()
    assert Report.objects.get().story == "Bà Tư kể."


def test_a_broken_line_spoils_no_other(report: Report) -> None:
    erasure_log.path().write_text('{"of": 7}\nkhông phải json\n{"wh')
    listed(ErasureScope.WHOLE, report.pk)
    assert erasure_log.row_digest(ErasureScope.WHOLE, report.pk) in erasure_log.load_digests()
