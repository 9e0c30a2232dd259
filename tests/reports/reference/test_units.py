"""Units: whom the table knows, who works there, and which reports such an officer sees."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import IntegrityError
from django.db.models.functions import Now
from django.test import Client
from lxml import html

from core.audit import events
from core.models import AuditEvent, OutboxItem
from desk.reports import indicators
from desk.reports.decision_forms import assignable_officers
from desk.reports.queue_counts import load_counts
from portal.management import reference_data
from reports.cases import transitions, visibility, workflow
from reports.models import Case, Deadline, Indicator, Report, Unit, UnitMember
from reports.monitoring import queue_stats
from reports.reference import units
from tests.support import campaign_factories, report_factories
from tests.support.officers import Person, create_officer, log_in

pytestmark = pytest.mark.django_db
QUEUE = "/admin/reports/report/"


def at(unit: Unit, name: str = "xa", role: str = "unit") -> User:
    """An officer of that unit."""
    user = create_officer(name, role)
    UnitMember.objects.create(user=user, unit=unit)
    return User.objects.get(pk=user.pk)


def given_to(unit: Unit, lead: Person, story: str = "Họ xưng công an.") -> Case:
    case = report_factories.case(story)
    return workflow.assign_unit(case.pk, by=lead.user, version=case.version, unit=unit.name)


def page_of(case: Case) -> str:
    return f"{QUEUE}{case.pk}/change/"


@pytest.fixture
def seeded(db: None) -> None:
    reference_data.load_communes()
    reference_data.load_units()


def test_every_commune_has_its_police(seeded: None) -> None:
    police = Unit.objects.filter(kind="commune")
    assert police.count() == 166
    assert police.get(commune="xa_yen_dinh").name == "Công an xã Yên Định"
    assert police.get(commune="phuong_hac_thanh").name == "Công an phường Hạc Thành"


def test_seeding_again_leaves_what_officers_wrote(seeded: None) -> None:
    Unit.objects.filter(commune="xa_yen_dinh").update(contact="trực ban", is_active=False)
    reference_data.load_units()
    kept = Unit.objects.get(commune="xa_yen_dinh")
    assert (kept.contact, kept.is_active) == ("trực ban", False)


def test_setup_desk_loads_the_units(db: None) -> None:
    call_command("setup_desk", verbosity=0)
    assert Unit.objects.filter(codename="co-quan-canh-sat-dieu-tra", is_active=True).exists()


def test_no_body_is_offered_that_only_habit_names(seeded: None) -> None:
    unsure = set(Unit.objects.filter(is_active=False).values_list("codename", flat=True))
    assert unsure == {"pa05", "pc02"}


@pytest.mark.parametrize("typed", ["Công an xã Yên Định", "cong an xa yen dinh", " xã Yên Định "])
def test_a_unit_is_found_as_people_write_it(seeded: None, typed: str) -> None:
    found = units.match_unit(typed)
    assert found is not None
    assert found.commune_id == "xa_yen_dinh"


@pytest.mark.parametrize("typed", ["", "Yên", "Công an", "%", "Phòng Cảnh sát hình sự (PC02)"])
def test_half_a_name_and_one_that_is_switched_off_find_nothing(seeded: None, typed: str) -> None:
    assert units.match_unit(typed) is None


def test_a_police_without_its_commune_is_refused_by_the_database(db: None) -> None:
    with pytest.raises(IntegrityError):
        report_factories.unit(kind="commune")


def test_a_unit_that_is_given_a_report_has_no_officer_yet(lead: Person) -> None:
    case = report_factories.case()
    taken = workflow.take(case.pk, by=lead.user, version=1)
    after = workflow.assign_unit(
        case.pk, by=lead.user, version=taken.version, unit=report_factories.unit().name
    )
    assert (after.officer, after.assigned_unit, after.status) == (
        None,
        report_factories.unit(),
        "in_review",
    )


def test_a_unit_that_nobody_knows_is_given_nothing(lead: Person) -> None:
    case = report_factories.case()
    with pytest.raises(workflow.UnitUnknown):
        workflow.assign_unit(case.pk, by=lead.user, version=1, unit="Công an xã Không Có")
    assert Case.objects.get(pk=case.pk).version == 1


def test_a_hand_over_to_a_body_outside_the_table_keeps_its_name_alone(lead: Person) -> None:
    case = report_factories.case()
    after = workflow.hand_over(
        case.pk, by=lead.user, version=1, unit="Viện kiểm sát khu vực", reason="đúng nơi"
    )
    assert (after.unit, after.assigned_unit) == ("Viện kiểm sát khu vực", None)


def test_a_hand_over_by_an_unmarked_name_reaches_the_unit(lead: Person) -> None:
    unit, case = report_factories.unit(), report_factories.case()
    after = workflow.hand_over(
        case.pk, by=lead.user, version=1, unit="cong an xa yen dinh", reason="đúng nơi"
    )
    assert (after.unit, after.assigned_unit) == (unit.name, unit)


def test_a_report_lies_where_its_officer_works(lead: Person) -> None:
    unit = report_factories.unit()
    local, case = at(unit), report_factories.case()
    there = workflow.assign(case.pk, by=lead.user, version=1, officer=local)
    assert (there.unit, there.assigned_unit) == (unit.name, unit)
    back = workflow.take(case.pk, by=lead.user, version=there.version)
    assert (back.unit, back.assigned_unit) == ("", None)


def test_who_looks_in_from_pv01_does_not_become_the_officer_of_a_units_report(
    lead: Person,
) -> None:
    case = given_to(report_factories.unit(), lead)
    asked = workflow.ask_reporter(case.pk, by=lead.user, version=case.version, reason="Ở đâu?")
    assert (asked.officer, asked.assigned_unit) == (None, report_factories.unit())


def test_what_is_taken_back_lies_at_pv01_again(lead: Person) -> None:
    case = given_to(report_factories.unit(), lead)
    back = workflow.take_back_from_unit(
        case.pk, by=lead.user, version=case.version, reason="gửi nhầm"
    )
    assert (back.unit, back.assigned_unit, back.officer, back.status) == (
        "",
        None,
        None,
        "in_review",
    )
    assert events.events_for("report", case.pk)[0].kind == "unit_recalled"


def test_an_officer_of_a_unit_sees_its_reports_alone(lead: Person) -> None:
    unit, other = report_factories.unit(), report_factories.unit("Công an xã Kiên Thọ")
    own, foreign, nobodys = given_to(unit, lead), given_to(other, lead), report_factories.case()
    client = log_in(at(unit))
    queue = client.get(QUEUE, {"viec": "all"}).content.decode()
    assert own.report.public_number in queue
    assert foreign.report.public_number not in queue
    assert nobodys.report.public_number not in queue


def test_who_has_the_role_of_a_unit_and_no_unit_sees_no_report(lead: Person) -> None:
    user = create_officer("moi", "unit")
    cases = [given_to(report_factories.unit(), lead), report_factories.case()]
    report_factories.number(cases[1].report, "+84550000111")
    queue = log_in(user).get(QUEUE, {"viec": "all"}).content.decode()
    assert not [case for case in cases if case.report.public_number in queue]
    assert not visibility.visible_reports(Report.objects.all(), user).exists()
    assert not visibility.visible_via_report(Indicator.objects.all(), user).exists()
    assert not visibility.sees_every_report(user)
    with pytest.raises(workflow.NotAllowed):
        workflow.take(cases[1].pk, by=user, version=cases[1].version)


def test_figures_beside_the_queue_count_nothing_for_who_sees_nothing(lead: Person) -> None:
    given_to(report_factories.unit(), lead)
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
    nobody, local = create_officer("moi", "unit"), at(report_factories.unit())
    offered = set(assignable_officers())
    assert {local, lead.user} <= offered
    assert nobody not in offered


def test_another_units_report_by_its_id_is_refused_and_the_try_is_on_record(lead: Person) -> None:
    local = at(report_factories.unit())
    case = given_to(report_factories.unit("Công an xã Kiên Thọ"), lead)
    assert log_in(local).get(page_of(case)).status_code == 403
    refused = events.events_for("report", case.pk)[0]
    assert (refused.kind, refused.actor) == ("refused", local)
    assert refused.detail["page"] == "reports_report_change"


@pytest.mark.parametrize(
    "act",
    [*transitions.TABLE, "reveal-contact", "reveal-story", "text", "read-again", "release-code"],
)
def test_no_address_of_another_units_report_opens(lead: Person, act: str) -> None:
    case = report_factories.case("Tôi ở xóm Trên.", contact="0992 000 118")
    client = log_in(at(report_factories.unit(), role="lead"))
    address = f"{QUEUE}{case.pk}/{act}/"
    answer = client.get(address) if act == "text" else client.post(address, {"version": 1})
    assert answer.status_code == 403
    assert Case.objects.get(pk=case.pk).version == 1


def test_the_workflow_itself_refuses_another_units_case(lead: Person) -> None:
    with pytest.raises(workflow.NotAllowed):
        workflow.take(report_factories.case().pk, by=at(report_factories.unit()), version=1)


def test_similar_reports_of_others_are_not_named_to_a_unit(lead: Person) -> None:
    own = given_to(report_factories.unit(), lead)
    foreign = report_factories.report("Cũng số ấy gọi.")
    for report in (own.report, foreign):
        report_factories.number(report, "+84992000118")
    page = page_of(own)
    assert foreign.public_number in lead.client.get(page).content.decode()
    assert (
        foreign.public_number not in log_in(at(report_factories.unit())).get(page).content.decode()
    )


def test_who_gives_a_report_away_is_led_to_the_others(lead: Person) -> None:
    case = given_to(report_factories.unit(), lead)
    client = log_in(at(report_factories.unit()))
    given = {"version": case.version, "reason": "không thuộc địa bàn"}
    answer = client.post(f"{QUEUE}{case.pk}/recall/", given)
    assert (answer.status_code, answer.headers["Location"]) == (303, QUEUE)
    assert Case.objects.get(pk=case.pk).assigned_unit is None


def test_the_figures_of_a_unit_count_its_reports(lead: Person) -> None:
    from desk.reports.queue_counts import load_counts as figures_of

    given_to(report_factories.unit(), lead)
    report_factories.case()
    assert (
        figures_of(lead.user).work["open"],
        figures_of(at(report_factories.unit())).work["open"],
    ) == (2, 1)


def test_an_officer_of_a_unit_is_told_of_its_own_reports_alone(lead: Person) -> None:
    there, here = report_factories.case("ở xã"), given_to(report_factories.unit(), lead)
    Case.objects.update(due_at=Now() - timedelta(hours=1))
    OutboxItem.objects.update(failed_at=Now())
    for case in (there, here):
        looked = Deadline(report_id=case.pk, kind="look", started_at=Now(), due_at=Now())
        looked.save()
    client = log_in(at(report_factories.unit()))
    assert alarms(lead.client) == alarms(lead.client, "2 tin")
    assert alarms(client) == alarms(client, "1 tin")
    assert len(alarms(client)) == 3


def test_what_the_whole_province_counts_is_not_a_units(lead: Person) -> None:
    given_to(report_factories.unit(), lead)
    OutboxItem.objects.all().delete()
    queue_stats.store_queue_balance()
    queue_stats.update_daily_counts()
    shown = log_in(at(report_factories.unit())).get("/admin/").content.decode()
    for told in ("Số tin không khớp", "chờ máy đọc", "30 ngày qua"):
        assert told in lead.client.get("/admin/").content.decode()
        assert told not in shown


def test_who_has_no_unit_yet_is_told_whom_to_ask(lead: Person) -> None:
    blind = log_in(create_officer("moi", "unit"))
    assert "Bạn chưa được giao đơn vị" in blind.get("/admin/").content.decode()
    assert "Bạn chưa được giao đơn vị" not in lead.client.get("/admin/").content.decode()


def alarms(client: Client, begin: str = "") -> list[str]:
    """The lines above the start page, those that begin so."""
    page = html.document_fromstring(client.get("/admin/").content.decode())
    lines = [line for box in page.find_class("alarms") for line in box.findall("p")]
    return [text for line in lines if (text := line.text_content().strip()).startswith(begin)]


def test_pv01_sees_all(lead: Person) -> None:
    given_to(report_factories.unit(), lead)
    report_factories.case()
    assert visibility.visible_reports(Report.objects.all(), lead.user).count() == 2


def form(unit: Unit, **typed: str) -> dict[str, str]:
    rows = {f"members-{name}": value for name, value in
            {"TOTAL_FORMS": "1", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "9",
             "0-user": "", "0-unit": unit.pk}.items()}  # fmt: skip
    return {"name": unit.name, "contact": "", "is_active": "on", **rows, **typed}


def save(client: Client, unit: Unit, **typed: str) -> int:
    address = f"/admin/reports/unit/{unit.pk}/change/"
    return client.post(address, form(unit, **typed)).status_code


def test_a_lead_writes_a_contact_and_it_is_on_record(lead: Person) -> None:
    unit = report_factories.unit()
    assert save(lead.client, unit, contact="trực ban, 0550 000 111") == 302
    assert Unit.objects.get().contact == "trực ban, 0550 000 111"
    assert events.events_for("unit", unit.pk).get().kind == "unit_saved"


@pytest.mark.parametrize(
    "name", ["", "Gọi 0992 000 118 ngay", "<b>Công an</b>", "Công an https://x.vn"]
)
def test_a_name_that_no_resident_should_read_is_refused(lead: Person, name: str) -> None:
    unit = report_factories.unit()
    assert save(lead.client, unit, name=name) == 200
    assert Unit.objects.get().name == unit.name


def test_who_joins_a_unit_is_on_record_and_sees_less_from_then_on(lead: Person) -> None:
    unit, user = report_factories.unit(), create_officer("minh", "unit")
    assert save(lead.client, unit, **{"members-0-user": str(user.pk)}) == 302
    assert units.unit_code_of(User.objects.get(pk=user.pk)) == unit.pk
    joined = events.events_for("unit", unit.pk).get(kind="member_joined")
    assert (joined.actor, joined.detail) == (lead.user, {"officer": user.pk})


def test_nobody_is_put_into_two_units(lead: Person) -> None:
    user = at(report_factories.unit())
    other = report_factories.unit("Công an xã Kiên Thọ")
    assert save(lead.client, other, **{"members-0-user": str(user.pk)}) == 200
    assert UnitMember.objects.get().unit == report_factories.unit()


def test_nobody_takes_themselves_out_of_a_unit_to_see_more(lead: Person) -> None:
    unit = report_factories.unit()
    mine = UnitMember.objects.create(user=lead.user, unit=unit)
    row = {"members-INITIAL_FORMS": "1", "members-0-id": str(mine.pk), "members-0-DELETE": "on"}
    assert save(lead.client, unit, **row, **{"members-0-user": str(lead.user.pk)}) == 200
    assert UnitMember.objects.get().user == lead.user


def test_nobody_gives_their_own_row_to_a_colleague(lead: Person) -> None:
    unit, other = report_factories.unit(), create_officer("minh", "unit")
    mine = UnitMember.objects.create(user=lead.user, unit=unit)
    row = {"members-INITIAL_FORMS": "1", "members-0-id": str(mine.pk)}
    assert save(lead.client, unit, **row, **{"members-0-user": str(other.pk)}) == 200
    assert UnitMember.objects.get().user == lead.user
    assert save(lead.client, unit, **row, **{"members-0-user": str(lead.user.pk)}) == 302


def of_campaign(lead: Person) -> Case:
    """A report of the unit, in a campaign with one that lies elsewhere."""
    case = given_to(report_factories.unit(), lead)
    campaign_factories.add_to_campaign(case.report, campaign_factories.campaign("Đ-26-K4M", 1))
    return case


def test_a_duty_officer_of_a_unit_opens_no_campaign_and_moves_no_report(lead: Person) -> None:
    case = of_campaign(lead)
    page = f"/admin/reports/campaign/{case.report.campaign_link.campaign_id}/"
    local = log_in(at(report_factories.unit(), role="duty"))
    for address in ("/admin/reports/campaign/", f"{page}change/", f"{page}history/"):
        assert lead.client.get(address).status_code != 403
        assert local.get(address).status_code == 403
    given = {"reports": str(case.pk), "reason": "khác", "version": "1"}
    assert local.post(f"{page}detach/", given).status_code == 403


def test_campaigns_and_bursts_of_the_province_are_not_on_a_units_start_page(lead: Person) -> None:
    of_campaign(lead)
    local = log_in(at(report_factories.unit(), role="duty"))
    for told in ("Tăng bất thường", "Đ-26-K4M", "/admin/reports/campaign/"):
        assert told in lead.client.get("/admin/").content.decode()
        assert told not in local.get("/admin/").content.decode()


@pytest.mark.parametrize("role", ["unit", "duty"])
def test_a_campaigns_tag_leads_a_unit_to_its_own_reports(lead: Person, role: str) -> None:
    case, theirs = of_campaign(lead), Report.objects.get(case__assigned_unit=None)
    local = log_in(at(report_factories.unit(), role=role))
    for page in (QUEUE, page_of(case)):
        shown = local.get(page).content.decode()
        assert "q=%C4%90-26-K4M" in shown
        assert "/reports/campaign/" not in shown.partition('id="content"')[2]
    found = local.get(QUEUE, {"q": "Đ-26-K4M", "viec": "all"}).content.decode()
    assert case.report.public_number in found
    assert theirs.public_number not in found


def test_who_reads_no_report_draws_warnings_from_the_counts(lead: Person) -> None:
    of_campaign(lead)
    assert visibility.sees_campaigns(create_officer("bien.tap", "editor"))
    assert not visibility.sees_campaigns(create_officer("kiem.tra", "auditor"))
    assert not visibility.sees_campaigns(create_officer("moi", "unit"))


def test_a_duty_officer_of_a_unit_reads_no_reasons_of_other_units_in_the_record(
    lead: Person,
) -> None:
    case = given_to(report_factories.unit(), lead)
    workflow.add_note(case.pk, by=lead.user, version=case.version, reason="Chị Lan gọi lại")
    away = log_in(at(report_factories.unit("Công an xã Kiên Thọ"), "xa.kt", "duty"))
    assert "Chị Lan" in lead.client.get("/admin/core/auditevent/").content.decode()
    assert "Chị Lan" not in away.get("/admin/core/auditevent/").content.decode()


def test_a_number_leads_to_no_report_of_another_unit(lead: Person) -> None:
    """An officer of a unit with a role that reads numbers; the count is the province's."""
    own, foreign = report_factories.unit(), report_factories.unit("Công an xã Kiên Thọ")
    told = [given_to(own, lead), given_to(foreign, lead)]
    for case in told:
        report_factories.number(case.report, "+84550000123")
    here, there = told
    who = at(own, "xa.so", "duty")
    assert [each.pk for each in indicators.newest_naming("+84550000123", who)] == [here.pk]
    assert {each.pk for each in indicators.newest_naming("+84550000123", lead.user)} == {
        here.pk,
        there.pk,
    }
    assert indicators.count_reports_naming("+84550000123") == 2


@pytest.mark.parametrize("method", ["get", "post"])
def test_whether_another_unit_has_a_report_is_not_told(lead: Person, method: str) -> None:
    """Another unit's report, one that there is not, what is no key: one answer, each on record."""
    case = given_to(report_factories.unit("Công an xã Kiên Thọ"), lead)
    client = log_in(at(report_factories.unit()))
    addresses = [f"{QUEUE}{key}/change/" for key in (case.pk, UUID(int=1), "x")]
    if method == "post":
        addresses = [f"{QUEUE}{key}/take/" for key in (case.pk, UUID(int=1))]
    answers = [getattr(client, method)(address) for address in addresses]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content for answer in answers}) == 1
    assert AuditEvent.objects.filter(kind="refused").count() == len(addresses)
    assert lead.client.get(f"{QUEUE}{UUID(int=1)}/change/").status_code == 404
