"""Which reports an officer of a unit sees, and what is told of the others."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db.models.functions import Now
from django.test import Client
from lxml import html

from core.errors import NotAllowedError
from core.models import AuditEvent, OutboxItem
from desk.reports import indicators
from desk.reports.decision_forms import assignable_officers
from desk.reports.queue_counts import load_counts
from reports.campaigns import bursts
from reports.cases import visibility
from reports.models import Case, Deadline, Indicator, Report
from reports.monitoring import daily_counts, queue_stats
from tests.support import campaign_factories, report_factories
from tests.support.desk_pages import QUEUE, page_of, press
from tests.support.officers import Person, create_officer, log_in
from tests.support.report_factories import assign_to_unit, create_unit_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(lead: Person) -> Case:
    """A report of the unit."""
    return assign_to_unit(report_factories.unit(), lead)


@pytest.fixture
def foreign(lead: Person) -> Case:
    """A report of another unit."""
    return assign_to_unit(report_factories.unit("Công an xã Kiên Thọ"), lead)


@pytest.fixture
def unassigned(db: None) -> Case:
    return report_factories.case()


def log_in_local(role: str = "unit") -> Person:
    """An officer of the unit."""
    user = create_unit_officer(report_factories.unit(), role=role)
    return Person(user, log_in(user))


def test_an_officer_of_a_unit_sees_and_counts_its_reports_alone(
    own: Case, foreign: Case, unassigned: Case, lead: Person
) -> None:
    local = log_in_local()
    queue = local.read_page(QUEUE, viec="all")
    seen = [case.report.public_number in queue for case in (own, foreign, unassigned)]
    assert seen == [True, False, False]
    assert visibility.visible_reports(Report.objects.all(), lead.user).count() == 3
    assert [load_counts(each.user).work["open"] for each in (lead, local)] == [3, 1]


def test_who_has_the_role_of_a_unit_and_no_unit_sees_no_report(
    own: Case, unassigned: Case, lead: Person
) -> None:
    user = create_officer("moi", "unit")
    report_factories.number(unassigned.report, "+84550000111")
    queue = Person(user, log_in(user)).read_page(QUEUE, viec="all")
    assert not [case for case in (own, unassigned) if case.report.public_number in queue]
    assert [load_counts(each).work["open"] for each in (user, lead.user)] == [0, 2]
    start_pages = [each.read_page("/admin/") for each in (Person(user, log_in(user)), lead)]
    assert ["Bạn chưa được giao đơn vị" in page for page in start_pages] == [True, False]
    assert not visibility.visible_reports(Report.objects.all(), user).exists()
    assert not visibility.visible_via_report(Indicator.objects.all(), user).exists()
    assert not visibility.sees_every_report(user)
    with pytest.raises(NotAllowedError):
        report_factories.decide("take", unassigned, user)


def test_a_group_of_an_offices_own_opens_reports_only_with_the_right_to_see_all(
    unassigned: Case,
) -> None:
    user = create_officer("rieng", "unit")
    group = Group.objects.create(name="Nhóm của phòng")
    group.permissions.add(Permission.objects.get(codename="see_every_unit"))
    user.groups.add(group)
    seen = visibility.visible_reports(Report.objects.all(), User.objects.get(pk=user.pk))
    assert seen.get() == unassigned.report


def test_a_report_is_offered_to_nobody_who_would_not_see_it(lead: Person) -> None:
    nobody, local = create_officer("moi", "unit"), create_unit_officer(report_factories.unit())
    offered = set(assignable_officers())
    assert {local, lead.user} <= offered
    assert nobody not in offered


def test_the_workflow_itself_refuses_another_units_case(unassigned: Case) -> None:
    with pytest.raises(NotAllowedError):
        report_factories.decide("take", unassigned, create_unit_officer(report_factories.unit()))


def test_similar_reports_of_others_are_not_named_to_a_unit(
    own: Case, unassigned: Case, lead: Person
) -> None:
    for case in (own, unassigned):
        report_factories.number(case.report, "+84992000118")
    pages = [each.read_page(page_of(own.report)) for each in (lead, log_in_local())]
    assert [unassigned.report.public_number in page for page in pages] == [True, False]


def test_who_gives_a_report_away_is_led_to_the_others(own: Case) -> None:
    answer = press(log_in_local().client, own.report, "recall")
    assert (answer.status_code, answer.headers["Location"]) == (303, QUEUE)
    assert Case.objects.get(pk=own.pk).assigned_unit is None


def test_an_officer_of_a_unit_is_told_of_its_own_reports_alone(
    own: Case, unassigned: Case, lead: Person
) -> None:
    Case.objects.update(due_at=Now() - timedelta(hours=1))
    OutboxItem.objects.update(failed_at=Now())
    for case in (own, unassigned):
        Deadline(report_id=case.pk, kind="call", started_at=Now(), due_at=Now()).save()
    client = log_in_local().client
    assert list_alarms(lead.client) == list_alarms(lead.client, "2 ")
    assert list_alarms(client) == list_alarms(client, "1 ")
    assert len(list_alarms(client)) == 3


def list_alarms(client: Client, begin: str = "") -> list[str]:
    """The lines above the start page, those that begin so."""
    page = html.document_fromstring(client.get("/admin/").content.decode())
    lines = [line for box in page.find_class("alarms") for line in box.findall("p")]
    return [text for line in lines if (text := line.text_content().strip()).startswith(begin)]


@pytest.fixture
def in_campaign(own: Case) -> Case:
    """A report of the unit, in a campaign with one that lies elsewhere."""
    campaign_factories.add_to_campaign(own.report, campaign_factories.campaign("Đ-26-K4M", 1))
    return own


@pytest.mark.parametrize("role", ["unit", "duty"])
def test_what_the_whole_province_counts_is_not_on_a_units_start_page(
    in_campaign: Case, lead: Person, role: str
) -> None:
    OutboxItem.objects.all().delete()
    queue_stats.store_queue_balance()
    daily_counts.update_daily_counts()
    bursts.detect_and_store()
    words = ["Số tin không khớp", "chờ máy đọc", "30 ngày qua"]
    words += ["Tăng bất thường", "Đ-26-K4M", "/admin/reports/campaign/"]
    pages = [each.read_page("/admin/") for each in (lead, log_in_local(role))]
    assert [[text for text in words if text in page] for page in pages] == [words, []]


@pytest.mark.parametrize("role", ["unit", "duty"])
def test_a_campaigns_tag_leads_a_unit_to_its_own_reports(in_campaign: Case, role: str) -> None:
    theirs, local = Report.objects.get(case__assigned_unit=None), log_in_local(role)
    for address in (QUEUE, page_of(in_campaign.report)):
        page = local.read_page(address)
        assert "q=%C4%90-26-K4M" in page
        assert "/reports/campaign/" not in page.partition('id="content"')[2]
    results = local.read_page(QUEUE, q="Đ-26-K4M", viec="all")
    assert in_campaign.report.public_number in results
    assert theirs.public_number not in results


def test_who_reads_no_report_draws_warnings_from_the_counts(in_campaign: Case) -> None:
    assert visibility.sees_campaigns(create_officer("bien.tap", "editor"))
    assert not visibility.sees_campaigns(create_officer("kiem.tra", "auditor"))
    assert not visibility.sees_campaigns(create_officer("moi", "unit"))


def test_a_duty_officer_of_a_unit_reads_no_reasons_of_other_units_in_the_record(
    foreign: Case, lead: Person
) -> None:
    report_factories.decide("note", foreign, lead, reason="Chị Lan gọi lại")
    pages = [each.read_page("/admin/core/auditevent/") for each in (lead, log_in_local("duty"))]
    assert ["Chị Lan" in page for page in pages] == [True, False]


def test_a_number_leads_to_no_report_of_another_unit(
    own: Case, foreign: Case, lead: Person
) -> None:
    """An officer of a unit with a role that reads numbers; the count is the province's."""
    for case in (own, foreign):
        report_factories.number(case.report, "+84550000123")
    local = create_unit_officer(report_factories.unit(), role="duty")
    named = [
        {each.pk for each in indicators.newest_naming("+84550000123", who, "number")}
        for who in (local, lead.user)
    ]
    assert named == [{own.pk}, {own.pk, foreign.pk}]
    assert indicators.count_reports_naming("+84550000123", "number") == 2


@pytest.mark.parametrize("method", ["get", "post"])
def test_whether_another_unit_has_a_report_is_not_told(
    foreign: Case, lead: Person, method: str
) -> None:
    """Another unit's report, one that there is not, what is no key: one answer, each on record."""
    client = log_in_local().client
    addresses = [f"{QUEUE}{key}/change/" for key in (foreign.pk, UUID(int=1), "x")]
    if method == "post":
        addresses = [f"{QUEUE}{key}/take/" for key in (foreign.pk, UUID(int=1))]
    answers = [getattr(client, method)(address) for address in addresses]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content for answer in answers}) == 1
    assert AuditEvent.objects.filter(kind="refused").count() == len(addresses)
    assert lead.client.get(f"{QUEUE}{UUID(int=1)}/change/").status_code == 404
