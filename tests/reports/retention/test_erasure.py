"""What an erasure takes, what it leaves counted, and what stops it."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pytest_django import Settings

from core.audit import chain, chain_verification, events
from core.models import AuditEvent, OutboxItem
from core.outbox import queue
from desk.models import SavedSearch
from reports.cases import corrections, legal_holds
from reports.cases.corrections import CorrectedValue
from reports.facts import abuse_flags
from reports.models import (
    Campaign,
    CampaignAction,
    CampaignLink,
    ExtractedFacts,
    FingerprintKey,
    Followup,
    Indicator,
    Report,
    ReportFingerprint,
)
from reports.monitoring import queue_stats
from reports.retention import destruction_requests, erasure
from reports.retention.erasure import ErasureError, ErasureScope
from reports.submission.intake import TRIAGE_TASK
from reports.submission.sources import IntakeSource
from reports.triage import report_triage
from tests.support import report_factories
from tests.support.database_contents import refused_by_database, words_in_tables
from tests.support.desk_pages import page_of
from tests.support.erasable_rows import add_followup, sent
from tests.support.evidence_files import path_of
from tests.support.officers import Person
from tests.support.report_factories import load_reading

pytestmark = pytest.mark.django_db
STORY = "Hắn xưng thượng tá Kiều Vĩ Bịa, đòi chuyển 30 triệu vào stk 0992 000 456, xem http://bia.example/x"
NUMBER = "0992 000 777"


@pytest.fixture
def erasable(lead: Person) -> Report:
    """A report of which something stands in every table, its work ended."""
    report = report_factories.triaged(
        STORY, caller_number=NUMBER, channel="number", claimed_name="Kiều Vĩ Bịa",
        contact="0992 000 118", phrase="bến Sung", commune_raw="Xã Bịa", money_lost_raw="30 triệu",
        source=IntakeSource(external_id="YD-17"),
    )  # fmt: skip
    sent(report)
    add_followup(report)
    report_factories.decide("message", report, lead)
    words = {"outcome": "insufficient", "reason": "Bà Tư ở Bịa kể"}
    report_factories.decide("close", report, lead, **words)
    return report


@pytest.fixture
def erased(erasable: Report) -> Report:
    erasure.erase(erasable.pk, cause="asked")
    return erasable


WORDS = (
    "Vĩ Bịa", "vi bia", "bia.example", "0992000456", "Bà Tư", "0992 000 777", "Xã Bịa", "30 triệu",
)  # fmt: skip


def test_no_word_of_it_is_left_and_no_fingerprint(erasable: Report) -> None:
    assert words_in_tables(*WORDS)
    erasure.erase(erasable.pk, cause="asked")
    assert words_in_tables(*WORDS) == set()
    assert not FingerprintKey.objects.exists()
    assert not ReportFingerprint.objects.exists()


def test_its_files_leave_the_disk(erasable: Report) -> None:
    path = path_of(erasable.files.get().pk)
    erasure.erase(erasable.pk, cause="asked")
    item = OutboxItem.objects.get(task=erasure.REMOVE_TASK)
    destruction_requests.process_items([item.pk])
    assert not path.exists()


def test_what_was_counted_stays_counted_and_of_what_was_named_the_caller_stays(
    erasable: Report,
) -> None:
    assert Indicator.objects.count() > 1
    accepted = queue_stats.queue_balance().accepted
    counted = list(abuse_flags.publicly_countable().values_list("pk"))
    codes = ExtractedFacts.objects.values("scenario", "actions", "money_lost_vnd", "ongoing")
    facts = codes.get()
    erasure.erase(erasable.pk, cause="asked")
    after = queue_stats.queue_balance()
    assert after.balanced
    assert after.accepted == accepted
    assert list(abuse_flags.publicly_countable().values_list("pk")) == counted
    assert codes.get() == facts
    left = Indicator.objects.get()
    assert (left.source, left.key, left.raw) == ("caller", "+84992000777", "+84992000777")


def test_the_record_of_acts_holds(erasable: Report, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    chain.extend_chain()
    erasure.erase(erasable.pk, cause="asked")
    chain.extend_chain()
    assert chain_verification.verify().cursor.links
    closed = AuditEvent.objects.get(kind="closed")
    assert closed.detail == {}


@pytest.mark.parametrize("is_first", [True, False])
def test_who_read_it_before_comes_too_late(request: pytest.FixtureRequest, is_first: bool) -> None:
    """Also where nobody else had read it yet."""
    report = report_factories.report(STORY) if is_first else request.getfixturevalue("erasable")
    findings = report_triage.extract(*load_reading(report))
    CampaignLink.objects.all().delete()
    erasure.erase(report.pk, cause="asked")
    report_triage.write_and_link([findings])
    assert words_in_tables(*WORDS) == set()


def test_it_is_never_read_again(erased: Report) -> None:
    queue.enqueue(TRIAGE_TASK, erased.pk)
    items = OutboxItem.objects.filter(task=TRIAGE_TASK, done_at=None)
    report_triage.process_items(list(items.values_list("pk", flat=True)))
    assert not items.exists()
    assert ExtractedFacts.objects.get().reasons == []


def test_without_names_the_working_copy_stays(erasable: Report) -> None:
    erasure.erase(erasable.pk, ErasureScope.NAMES, cause="contact")
    erasable.refresh_from_db()
    sealed = (erasable.contact_sealed, erasable.story_sealed, erasable.erased_at)
    assert sealed == (None, None, None)
    assert ("Vĩ Bịa" in erasable.story, erasable.external_id) == (True, "")
    assert not erasure.reports_with_scope(ErasureScope.NAMES).exists()


def test_a_part_needs_its_own_act_on_record(erasable: Report) -> None:
    events.log_event("report", erasable.pk, "files_erased")
    assert "evidence" in refused_by_database("UPDATE reports_report SET contact_sealed = NULL")
    assert "evidence" in refused_by_database(
        "UPDATE reports_message SET text_sealed = NULL, erased_at = now()"
    )


def test_words_beside_a_report_go_with_it_alone(erasable: Report, lead: Person) -> None:
    report_factories.decide("reopen", erasable, lead)
    right = [CorrectedValue("ongoing", True)]
    judgement = corrections.Judgement(corrected=right, reason="Bà Tư nói")
    corrections.judge_facts(erasable.pk, by=lead.user, version=4, judgement=judgement)
    report_factories.decide("hand_over", erasable, lead, reason="Bà Tư ở đó")
    for table in ("correction", "transferslip"):
        assert refused_by_database(f"UPDATE reports_{table} SET reason = 'đã xóa'")  # noqa: S608
    erasure.erase(erasable.pk, cause="asked")
    assert words_in_tables(*WORDS) == set()


def written_of(contact: str, lead: Person) -> tuple[CampaignAction, SavedSearch]:
    """Where an officer wrote a contact, beside no report: why of an act, and a search that is kept."""
    campaign = Campaign.objects.create(code=f"Đ-26-{contact[-3:]}", title="x")
    text = {"kind": "attached", "reports": 1, "actor": lead.user}
    act = CampaignAction.objects.create(
        campaign=campaign, reason=f"Gọi lại {contact}: đúng", **text
    )
    query = urlencode({"q": contact})
    return act, SavedSearch.objects.create(owner=lead.user, name=contact[-3:], query=query)


@pytest.mark.parametrize("part", [ErasureScope.WHOLE, ErasureScope.NAMES])
@pytest.mark.parametrize("written", ["0992.000.118", "+84 992 000 118", "(0992) 000-118"])
def test_a_contact_that_officers_wrote_elsewhere_goes_with_it(
    erasable: Report, lead: Person, part: ErasureScope, written: str
) -> None:
    (act, _), (other, stored) = written_of(written, lead), written_of("0992 000 119", lead)
    erasure.erase(erasable.pk, part, cause="asked")
    act.refresh_from_db(), other.refresh_from_db()
    assert act.reason == "Gọi lại đã xóa: đúng".replace("lại đã", "lại (đã", written[0] == "(")
    assert "0992 000 119" in other.reason
    assert SavedSearch.objects.get() == stored


def test_a_mail_address_goes_too_and_one_told_later(lead: Person) -> None:
    report = report_factories.report(contact="Ba Tư ba.tu@mau.example")
    report_factories.add_followup(report, contact="0550 000 111")
    written_of("BA.TU@mau.example", lead), written_of("0550000111", lead)
    erasure.erase(report.pk, ErasureScope.NAMES, cause="contact")
    assert set(CampaignAction.objects.values_list("reason", flat=True)) == {"Gọi lại đã xóa: đúng"}
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    ("contact", "written"),
    [
        ("27/11/2026", "27.11.2026"), ("sinh 01.02.1960", "01021960"), ("1900 1234", "19001234"),
        (NUMBER, NUMBER), ("0992 000 118", "120992000118"), ("0992 000 118", "sau 099 ngày 2000 và 118"),
    ],
)  # fmt: skip
def test_what_a_contact_field_says_of_other_things_takes_no_officers_words(
    erasable: Report, lead: Person, contact: str, written: str
) -> None:
    """A date, a number of services, the caller's own, digits of a longer number, digits far apart."""
    report = report_factories.report(contact=contact)
    act, search = written_of(written, lead)
    erasure.erase(report.pk, cause="asked")
    assert CampaignAction.objects.get().reason == act.reason
    assert SavedSearch.objects.get() == search


def test_the_purge_of_names_looks_for_what_had_come_in_until_then(
    erasable: Report, lead: Person
) -> None:
    report_factories.add_followup(erasable, contact="0550 000 111")
    act, _ = written_of("0550000111", lead)
    until = Followup.objects.latest("received_at").received_at - timedelta(seconds=1)
    erasure.erase(erasable.pk, ErasureScope.NAMES, cause="contact", until=until)
    assert CampaignAction.objects.get().reason == act.reason


def test_why_of_an_act_on_a_campaign_changes_in_an_erasure_alone(lead: Person) -> None:
    written_of("0550 000 111", lead)
    blank = "UPDATE reports_campaignaction SET reason = replace(reason, '0550 000 111', 'đã xóa')"
    assert "append-only" in refused_by_database(blank)
    events.log_event("report", "x", "contact_erased")
    assert "append-only" in refused_by_database(
        "UPDATE reports_campaignaction SET reason = 'đã xóa khác'"
    )
    assert "append-only" in refused_by_database(f"{blank}, reports = 7")


@pytest.mark.parametrize("part", list(ErasureScope))
def test_a_hold_stops_every_part(erasable: Report, lead: Person, part: ErasureScope) -> None:
    legal_holds.place_hold(erasable.pk, by=lead.user, reason="Công văn 12")
    with pytest.raises(ErasureError, match=r"^held$"):
        erasure.erase(erasable.pk, part, cause="story")
    assert "Vĩ Bịa" in Report.objects.get().story


def test_a_case_stops_it_too(lead: Person) -> None:
    report = report_factories.report(STORY)
    report_factories.decide("act", report, lead)
    with pytest.raises(ErasureError, match=r"^crime_report$"):
        erasure.erase(report.pk, cause="asked")


def test_it_is_erased_once(erased: Report) -> None:
    with pytest.raises(ErasureError, match=r"^gone$"):
        erasure.erase(erased.pk, cause="asked")


def test_the_desk_still_shows_what_is_left(erased: Report, lead: Person) -> None:
    for page in ("change", "keeping"):
        assert lead.client.get(page_of(erased, page)).status_code == 200
    assert lead.client.get("/admin/core/auditevent/").status_code == 200
