"""Which reports an officer of a unit sees, and what is told of the others."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models.functions import Now
from django.test import Client
from lxml import html

from core.audit import events
from core.models import AuditEvent, OutboxItem
from desk.reports import indicators
from desk.reports.decision_forms import assignable_officers
from desk.reports.queue_counts import load_counts
from reports.cases import transitions, visibility, workflow
from reports.models import Case, Deadline, Indicator, Report
from reports.monitoring import queue_stats
from tests.support import campaign_factories, report_factories
from tests.support.officers import Person, create_officer, log_in
from tests.support.report_factories import assign_to_unit, create_unit_officer

pytestmark = pytest.mark.django_db
QUEUE = "/admin/reports/report/"


def change_page(case: Case) -> str:
    return f"{QUEUE}{case.pk}/change/"


def test_an_officer_of_a_unit_sees_its_reports_alone(lead: Person) -> None:
    unit, other = report_factories.unit(), report_factories.unit("Công an xã Kiên Thọ")
    own, foreign, nobodys = (
        assign_to_unit(unit, lead),
        assign_to_unit(other, lead),
        report_factories.case(),
    )
    client = log_in(create_unit_officer(unit))
    queue = client.get(QUEUE, {"viec": "all"}).content.decode()
    assert own.report.public_number in queue
    assert foreign.report.public_number not in queue
    assert nobodys.report.public_number not in queue


def test_who_has_the_role_of_a_unit_and_no_unit_sees_no_report(lead: Person) -> None:
    user = create_officer("moi", "unit")
    cases = [assign_to_unit(report_factories.unit(), lead), report_factories.case()]
    report_factories.number(cases[1].report, "+84550000111")
    queue = log_in(user).get(QUEUE, {"viec": "all"}).content.decode()
    assert not [case for case in cases if case.report.public_number in queue]
    assert not visibility.visible_reports(Report.objects.all(), user).exists()
    assert not visibility.visible_via_report(Indicator.objects.all(), user).exists()
    assert not visibility.sees_every_report(user)
    with pytest.raises(workflow.NotAllowed):
        workflow.decide("take", cases[1].pk, by=user, version=cases[1].version)


def test_figures_beside_the_queue_count_nothing_for_who_sees_nothing(lead: Person) -> None:
    assign_to_unit(report_factories.unit(), lead)
    report_factories.case()
    assert load_counts(create_officer("moi", "unit")).work["open"] == 0
    assert load_counts(lead.user).work["open"] == 2


def test_a_group_of_an_offices_own_opens_reports_only_with_the_right_to_see_all(db: None) -> None:
    user = create_officer("rieng", "unit")
    user.user_permissions.add(Permission.objects.get(codename="see_every_unit"))
    report_factories.case()
    assert (
        visibility.visible_reports(Report.objects.all(), User.objects.get(pk=user.pk)).count() == 1
    )


def test_a_report_is_offered_to_nobody_who_would_not_see_it(lead: Person) -> None:
    nobody, local = create_officer("moi", "unit"), create_unit_officer(report_factories.unit())
    offered = set(assignable_officers())
    assert {local, lead.user} <= offered
    assert nobody not in offered


def test_another_units_report_by_its_id_is_refused_and_the_try_is_on_record(lead: Person) -> None:
    local = create_unit_officer(report_factories.unit())
    case = assign_to_unit(report_factories.unit("Công an xã Kiên Thọ"), lead)
    assert log_in(local).get(change_page(case)).status_code == 403
    refused = events.events_for("report", case.pk)[0]
    assert (refused.kind, refused.actor) == ("refused", local)
    assert refused.detail["page"] == "reports_report_change"


@pytest.mark.parametrize(
    "act",
    [*transitions.TABLE, "reveal-contact", "reveal-story", "text", "read-again", "release-code"],
)
def test_no_address_of_another_units_report_opens(lead: Person, act: str) -> None:
    case = report_factories.case("Tôi ở xóm Trên.", contact="0992 000 118")
    client = log_in(create_unit_officer(report_factories.unit(), role="lead"))
    address = f"{QUEUE}{case.pk}/{act}/"
    answer = client.get(address) if act == "text" else client.post(address, {"version": 1})
    assert answer.status_code == 403
    assert Case.objects.get(pk=case.pk).version == 1


def test_the_workflow_itself_refuses_another_units_case(lead: Person) -> None:
    with pytest.raises(workflow.NotAllowed):
        workflow.decide(
            "take",
            report_factories.case().pk,
            by=create_unit_officer(report_factories.unit()),
            version=1,
        )


def test_similar_reports_of_others_are_not_named_to_a_unit(lead: Person) -> None:
    own = assign_to_unit(report_factories.unit(), lead)
    foreign = report_factories.report("Cũng số ấy gọi.")
    for report in (own.report, foreign):
        report_factories.number(report, "+84992000118")
    page = change_page(own)
    assert foreign.public_number in lead.client.get(page).content.decode()
    assert (
        foreign.public_number
        not in log_in(create_unit_officer(report_factories.unit())).get(page).content.decode()
    )


def test_who_gives_a_report_away_is_led_to_the_others(lead: Person) -> None:
    case = assign_to_unit(report_factories.unit(), lead)
    client = log_in(create_unit_officer(report_factories.unit()))
    fields = {"version": case.version, "reason": "không thuộc địa bàn"}
    answer = client.post(f"{QUEUE}{case.pk}/recall/", fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, QUEUE)
    assert Case.objects.get(pk=case.pk).assigned_unit is None


def test_the_figures_of_a_unit_count_its_reports(lead: Person) -> None:

    assign_to_unit(report_factories.unit(), lead)
    report_factories.case()
    assert (
        load_counts(lead.user).work["open"],
        load_counts(create_unit_officer(report_factories.unit())).work["open"],
    ) == (2, 1)


def test_an_officer_of_a_unit_is_told_of_its_own_reports_alone(lead: Person) -> None:
    there, here = report_factories.case("ở xã"), assign_to_unit(report_factories.unit(), lead)
    Case.objects.update(due_at=Now() - timedelta(hours=1))
    OutboxItem.objects.update(failed_at=Now())
    for case in (there, here):
        looked = Deadline(report_id=case.pk, kind="look", started_at=Now(), due_at=Now())
        looked.save()
    client = log_in(create_unit_officer(report_factories.unit()))
    assert list_alarms(lead.client) == list_alarms(lead.client, "2 tin")
    assert list_alarms(client) == list_alarms(client, "1 tin")
    assert len(list_alarms(client)) == 3


def test_what_the_whole_province_counts_is_not_a_units(lead: Person) -> None:
    assign_to_unit(report_factories.unit(), lead)
    OutboxItem.objects.all().delete()
    queue_stats.store_queue_balance()
    queue_stats.update_daily_counts()
    start_page = (
        log_in(create_unit_officer(report_factories.unit())).get("/admin/").content.decode()
    )
    for words in ("Số tin không khớp", "chờ máy đọc", "30 ngày qua"):
        assert words in lead.client.get("/admin/").content.decode()
        assert words not in start_page


def test_who_has_no_unit_yet_is_told_whom_to_ask(lead: Person) -> None:
    blind = log_in(create_officer("moi", "unit"))
    assert "Bạn chưa được giao đơn vị" in blind.get("/admin/").content.decode()
    assert "Bạn chưa được giao đơn vị" not in lead.client.get("/admin/").content.decode()


def list_alarms(client: Client, begin: str = "") -> list[str]:
    """The lines above the start page, those that begin so."""
    page = html.document_fromstring(client.get("/admin/").content.decode())
    lines = [line for box in page.find_class("alarms") for line in box.findall("p")]
    return [text for line in lines if (text := line.text_content().strip()).startswith(begin)]


def test_pv01_sees_all(lead: Person) -> None:
    assign_to_unit(report_factories.unit(), lead)
    report_factories.case()
    assert visibility.visible_reports(Report.objects.all(), lead.user).count() == 2


def add_case_to_campaign(lead: Person) -> Case:
    """A report of the unit, in a campaign with one that lies elsewhere."""
    case = assign_to_unit(report_factories.unit(), lead)
    campaign_factories.add_to_campaign(case.report, campaign_factories.campaign("Đ-26-K4M", 1))
    return case


def test_a_duty_officer_of_a_unit_opens_no_campaign_and_moves_no_report(lead: Person) -> None:
    case = add_case_to_campaign(lead)
    page = f"/admin/reports/campaign/{case.report.campaign_link.campaign_id}/"
    local = log_in(create_unit_officer(report_factories.unit(), role="duty"))
    for address in ("/admin/reports/campaign/", f"{page}change/", f"{page}history/"):
        assert lead.client.get(address).status_code != 403
        assert local.get(address).status_code == 403
    fields = {"reports": str(case.pk), "reason": "khác", "version": "1"}
    assert local.post(f"{page}detach/", fields).status_code == 403


def test_campaigns_and_bursts_of_the_province_are_not_on_a_units_start_page(lead: Person) -> None:
    add_case_to_campaign(lead)
    local = log_in(create_unit_officer(report_factories.unit(), role="duty"))
    for words in ("Tăng bất thường", "Đ-26-K4M", "/admin/reports/campaign/"):
        assert words in lead.client.get("/admin/").content.decode()
        assert words not in local.get("/admin/").content.decode()


@pytest.mark.parametrize("role", ["unit", "duty"])
def test_a_campaigns_tag_leads_a_unit_to_its_own_reports(lead: Person, role: str) -> None:
    case, theirs = add_case_to_campaign(lead), Report.objects.get(case__assigned_unit=None)
    local = log_in(create_unit_officer(report_factories.unit(), role=role))
    for page in (QUEUE, change_page(case)):
        start_page = local.get(page).content.decode()
        assert "q=%C4%90-26-K4M" in start_page
        assert "/reports/campaign/" not in start_page.partition('id="content"')[2]
    results = local.get(QUEUE, {"q": "Đ-26-K4M", "viec": "all"}).content.decode()
    assert case.report.public_number in results
    assert theirs.public_number not in results


def test_who_reads_no_report_draws_warnings_from_the_counts(lead: Person) -> None:
    add_case_to_campaign(lead)
    assert visibility.sees_campaigns(create_officer("bien.tap", "editor"))
    assert not visibility.sees_campaigns(create_officer("kiem.tra", "auditor"))
    assert not visibility.sees_campaigns(create_officer("moi", "unit"))


def test_a_duty_officer_of_a_unit_reads_no_reasons_of_other_units_in_the_record(
    lead: Person,
) -> None:
    case = assign_to_unit(report_factories.unit(), lead)
    workflow.decide("note", case.pk, by=lead.user, version=case.version, reason="Chị Lan gọi lại")
    away = log_in(
        create_unit_officer(report_factories.unit("Công an xã Kiên Thọ"), "xa.kt", "duty")
    )
    assert "Chị Lan" in lead.client.get("/admin/core/auditevent/").content.decode()
    assert "Chị Lan" not in away.get("/admin/core/auditevent/").content.decode()


def test_a_number_leads_to_no_report_of_another_unit(lead: Person) -> None:
    """An officer of a unit with a role that reads numbers; the count is the province's."""
    own, foreign = report_factories.unit(), report_factories.unit("Công an xã Kiên Thọ")
    cases = [assign_to_unit(own, lead), assign_to_unit(foreign, lead)]
    for case in cases:
        report_factories.number(case.report, "+84550000123")
    here, there = cases
    who = create_unit_officer(own, "xa.so", "duty")
    assert [each.pk for each in indicators.newest_naming("+84550000123", who)] == [here.pk]
    assert {each.pk for each in indicators.newest_naming("+84550000123", lead.user)} == {
        here.pk,
        there.pk,
    }
    assert indicators.count_reports_naming("+84550000123") == 2


@pytest.mark.parametrize("method", ["get", "post"])
def test_whether_another_unit_has_a_report_is_not_told(lead: Person, method: str) -> None:
    """Another unit's report, one that there is not, what is no key: one answer, each on record."""
    case = assign_to_unit(report_factories.unit("Công an xã Kiên Thọ"), lead)
    client = log_in(create_unit_officer(report_factories.unit()))
    addresses = [f"{QUEUE}{key}/change/" for key in (case.pk, UUID(int=1), "x")]
    if method == "post":
        addresses = [f"{QUEUE}{key}/take/" for key in (case.pk, UUID(int=1))]
    answers = [getattr(client, method)(address) for address in addresses]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content for answer in answers}) == 1
    assert AuditEvent.objects.filter(kind="refused").count() == len(addresses)
    assert lead.client.get(f"{QUEUE}{UUID(int=1)}/change/").status_code == 404
