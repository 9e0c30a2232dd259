"""What was erased is noted beside the database, and goes again when an archive brings it back."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from core.audit import log as events
from reports.cases import deadlines as timekeeping
from reports.cases import legal_holds as holds
from reports.models import Addition, Clock, ErasureWish, EvidenceFile, Report
from reports.retention import destruction_requests as destruction
from reports.retention import erasure as erasing
from reports.retention import erasure_log as erased_list
from reports.retention import erasure_requests as rights
from reports.retention import reerase_after_restore as erasing_again
from reports.retention.destruction_requests import What
from reports.retention.erasure import Part
from tests.reports.retention.test_retention import added, sent
from tests.support import report_factories as evidence
from tests.support.officers import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _list_of_this_test(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def listed(what: str, key: object) -> None:
    """As an erasure did before the archive came back."""
    erased_list._write([(what, key)])  # type: ignore[list-item]


def test_an_erasure_is_noted_by_a_name_that_tells_nothing(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    report = evidence.report()
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(report.pk, why="asked")
    text = erased_list.path().read_text()
    assert str(report.pk) not in text
    assert report.public_number not in text
    assert list(erased_list.read()) == [erased_list.digest(Part.WHOLE, report.pk)]
    assert erased_list.path().stat().st_mode & 0o777 == 0o600


def test_what_was_not_committed_is_not_noted() -> None:
    erasing.erase(evidence.report().pk, why="asked")
    assert not erased_list.path().exists()


def test_what_came_back_goes_again() -> None:
    back, other = evidence.report("Họ gọi."), evidence.report("Họ gọi nữa.")
    listed(Part.WHOLE, back.pk)
    assert erasing_again.again() == {"done": 1}
    back.refresh_from_db()
    other.refresh_from_db()
    assert (back.story, other.story) == ("", "Họ gọi nữa.")
    assert erasing_again.again() == {}


def test_a_wish_that_came_back_waits_for_nobody() -> None:
    report = evidence.report()
    rights.ask(report, "Xin xóa.")
    timekeeping.start_those_of_new_reports()
    timekeeping.start_those_asked_for()
    listed(Part.WHOLE, report.pk)
    erasing_again.again()
    assert not ErasureWish.objects.open().exists()
    assert not Clock.objects.running().filter(report=report).exists()
    assert timekeeping.start_those_asked_for() == 0
    assert timekeeping.start_those_of_new_reports() == 0


def test_a_part_goes_again_and_what_was_sent_later_stays() -> None:
    report = evidence.report("Họ gọi.", contact="0992 000 118")
    old = sent(report)
    listed(Part.NAMES, report.pk)
    rows = [json.loads(line) for line in erased_list.path().read_text().splitlines()]
    before = rows[0] | {
        "of": erased_list.digest(Part.FILES, report.pk),
        "at": "2020-01-01T00:00:00+00:00",
    }
    with erased_list.path().open("a") as file:
        file.write(json.dumps(before) + "\n")
    erasing_again.again()
    report.refresh_from_db()
    old.refresh_from_db()
    assert (report.contact_sealed, report.story, old.erased_at) == (None, "Họ gọi.", None)


def test_what_two_people_destroyed_goes_again() -> None:
    report = evidence.report()
    file, addition = sent(report), added(report)
    listed(What.FILE, file.pk)
    listed(What.ADDITION, addition.pk)
    assert erasing_again.again() == {"done": 2}
    assert not EvidenceFile.objects.filter(erased_at=None).exists()
    assert Addition.objects.get().story == ""


def test_a_destruction_is_noted_too(
    duty: Person,
    lead: Person,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    report = evidence.report()
    row = destruction.propose(report.pk, What.FILE, sent(report).pk, by=duty.user, reason="nhầm")
    with django_capture_on_commit_callbacks(execute=True):
        destruction.confirm(report.pk, row.pk, by=lead.user)
    assert erased_list.digest(What.FILE, row.target) in erased_list.read()


def test_a_hold_of_the_archive_is_told_and_kept(lead: Person) -> None:
    report = evidence.report("Họ gọi.")
    holds.place(report.pk, by=lead.user, reason="Công văn 12")
    listed(Part.WHOLE, report.pk)
    listed(What.FILE, sent(report).pk)
    told, left = io.StringIO(), io.StringIO()
    call_command("erase_again", stdout=told, stderr=left)
    assert told.getvalue() == "Erased again: 0.\n"
    assert "2 held" in left.getvalue()
    assert Report.objects.get().story == "Họ gọi."


def test_a_line_that_nobody_wrote_is_written_by_the_night() -> None:
    report = evidence.report()
    erasing.erase(report.pk, why="asked")
    assert erasing_again.complete_list() == 1
    assert erasing_again.complete_list() == 0


def test_a_broken_line_spoils_no_other() -> None:
    report = evidence.report()
    erased_list.path().write_text('{"of": 7}\nkhông phải json\n{"wh')
    listed(Part.WHOLE, report.pk)
    assert erased_list.digest(Part.WHOLE, report.pk) in erased_list.read()


def test_the_list_is_no_ground_without_an_act_on_record() -> None:
    report = evidence.report()
    listed(Part.WHOLE, report.pk)
    erasing_again.again()
    assert events.about("report", report.pk).get(kind="erased").detail == {"why": "restored"}
